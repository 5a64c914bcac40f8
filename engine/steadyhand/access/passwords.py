"""Passwords: what is kept of one (Argon2id), and which are refused because they are guessed first.

No list of other people's passwords is shipped: a password must be long, and more than the words, years and rows of keys
that every guesser begins with. Checking one costs memory, so only a few are checked at the same time.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 128
AT_ONCE = 2
"""Passwords that are checked at the same time, each in 64 MiB."""
WORDS = (
    "steadyhand", "steady", "runbook", "password", "passwort", "passw", "pass", "admin", "administrator",
    "root", "secret", "geheim", "welcome", "willkommen", "letmein", "login", "changeme", "change", "default",
    "master", "monkey", "dragon", "iloveyou", "love", "sunshine", "princess", "football", "baseball", "shadow",
    "superman", "batman", "trustno", "hello", "hallo", "whatever", "spring", "summer", "autumn", "winter",
    "monday", "friday", "january", "december", "qwerty", "qwertz", "azerty", "asdf", "zxcv", "yxcv", "test",
    "guest", "user", "oncall", "pager", "incident", "service", "server", "prod", "production", "database",
    "company", "example", "abc", "xyz", "please", "enter", "open", "sesame", "computer", "internet", "google",
    "github", "kubernetes", "postgres", "linux", "ubuntu", "debian", "orders", "shop",
)  # fmt: skip
"""What guessers begin with: words of this product and its surroundings, and of everybody's keyboard."""
ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "!@#$%^&*()", '!"§$%&/()=')  # fmt: skip
LEET = str.maketrans("013457@$!", "oieastasi")
FEW = 5
"""Letters that must be left when words and digits are taken out."""


def spelt(password: str) -> str:
    """A password as it is kept, however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *names: str) -> str:
    """Why a password is refused, in words; '' for one that is good enough. `names` are those of its person."""
    text = spelt(password)
    if len(text) < SHORTEST:
        return f"it has {len(text)} characters, and needs {SHORTEST}"
    if len(text) > LONGEST:
        return f"it has {len(text)} characters; {LONGEST} are enough"
    lower = text.casefold()
    if len(set(lower)) < FEW or _repeats(lower):
        return "it repeats itself"
    if _row(lower):
        return "it is a row of keys or letters"
    known = [*WORDS, *(part for name in names for part in re.split(r"[^a-z]+", name.casefold()) if len(part) > 2)]
    left = min((_without(form, known) for form in (lower, lower.translate(LEET))), key=len)
    return "" if len(left) >= FEW else "it is made of words and numbers that are guessed first"


def _repeats(text: str) -> bool:
    """Whether it is one short piece over and over, whatever is left of the last one."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _row(text: str) -> bool:
    """Whether nearly all of it walks along a row of keys, forwards or backwards."""
    steps = {pair for row in ROWS for way in (row, row[::-1]) for pair in pairwise(way)}
    walked = sum(pair in steps for pair in pairwise(text))
    return walked >= 0.75 * (len(text) - 1)


def _without(text: str, words: list[str]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    return re.sub(r"[^\w]|[\d_]", "", text)


class Hasher:
    """Argon2id with the parameters that RFC 9106 recommends where memory is scarce (64 MiB, 3 passes)."""

    def __init__(self) -> None:
        self._turn = threading.BoundedSemaphore(AT_ONCE)

    @cached_property
    def _argon(self) -> PasswordHasher:
        try:
            from argon2 import PasswordHasher  # noqa: PLC0415 only where a password is set or checked
        except ModuleNotFoundError:
            hint = "pip install 'steadyhand[server]'"
            raise UsageError("passwords need the package argon2-cffi", hint) from None
        return PasswordHasher()

    @cached_property
    def _nobodys(self) -> str:
        """The hash of a password that nobody has: to take as long for a name that does not exist."""
        return self._argon.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._turn:
            return self._argon.hash(spelt(password))

    def verify(self, kept: str, password: str) -> bool:
        """Whether it is the password; takes as long where there is none (`kept` is '')."""
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 as above

        with self._turn:
            try:
                self._argon.verify(kept or self._nobodys, spelt(password[: LONGEST + 1]))
            except (VerificationError, InvalidHashError):
                return False
        return bool(kept)

    def outdated(self, kept: str) -> bool:
        """Whether the hash was made with weaker parameters than those of today."""
        return self._argon.check_needs_rehash(kept)
