"""Passwords: which are good enough, and what is kept of one."""

from __future__ import annotations

import sys
import threading

import pytest

from steadyhand.access.passwords import SHORTEST, Hasher, weakness
from steadyhand.errors import UsageError

GOOD = (
    "correct horse battery staple",
    "Tz8#kd!20vPqw",
    "vier Apfel unter Schnee",
    "plinth-gannet-orbit",
    "пароль для дежурства",
)


@pytest.mark.parametrize("password", GOOD)
def test_these_are_good_enough(password):
    assert weakness(password, "ana", "ana@shop.example") == ""


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "it has 5 characters, and needs 12"),
        ("x" * 129, "it has 129 characters; 128 are enough"),
        ("aaaaaaaaaaaaaa", "it repeats itself"),
        ("abcdeabcdeabcde", "it repeats itself"),
        ("Tango7Tango7Tan", "it repeats itself"),
        ("1234567890123456", "it is a row of keys or letters"),
        ("qwertyuiopasdf", "it is a row of keys or letters"),
        ("zyxwvutsrqponm", "it is a row of keys or letters"),
        ("Steadyhand2026!", "it is made of words and numbers that are guessed first"),
        ("P4ssw0rd!2026!!", "it is made of words and numbers that are guessed first"),
        ("Welcome-Admin-123", "it is made of words and numbers that are guessed first"),
        ("ana-2026-shop-1", "it is made of words and numbers that are guessed first"),
        ("84736291047583", "it is made of words and numbers that are guessed first"),
    ],
)
def test_these_are_refused(password, why):
    assert weakness(password, "ana", "ana@shop.example") == why


def test_what_is_kept_is_argon2id_and_never_the_same_twice():
    hasher = Hasher()
    first, second = hasher.hash(GOOD[0]), hasher.hash(GOOD[0])
    assert first != second
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hasher.verify(first, GOOD[0])
    assert not hasher.verify(first, GOOD[1])
    assert not hasher.verify("", GOOD[0])
    assert not hasher.verify("", "nobody has this password")
    assert not hasher.verify("rubbish", GOOD[0])
    assert not hasher.outdated(first)
    assert hasher.outdated(first.replace("t=3", "t=1"))


def test_a_password_is_the_same_however_its_letters_were_composed():
    hasher = Hasher()
    assert hasher.verify(hasher.hash("caf\u00e9 am Abend um sieben"), "cafe\u0301 am Abend um sieben")


def test_only_some_are_checked_at_the_same_time():
    hasher = Hasher()
    kept = hasher.hash(GOOD[0])
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(hasher.verify(kept, GOOD[0]))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [True] * 5
    assert SHORTEST == 12


def test_without_the_package_it_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(UsageError, match="passwords need the package argon2-cffi") as told:
        Hasher().hash(GOOD[0])
    assert told.value.hint == "pip install 'steadyhand[server]'"
