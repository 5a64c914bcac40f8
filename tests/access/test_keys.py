"""Secrets that this server makes."""

from __future__ import annotations

from steadyhand.access import keys


def test_a_token_is_taken_apart_as_it_was_put_together():
    name, secret = keys.new_id(), keys.new_secret()
    assert keys.parts(keys.token(name, secret)) == (name, secret)
    assert keys.token(name, secret).startswith("steady_")


def test_anything_else_is_no_token():
    good = keys.token(keys.new_id(), keys.new_secret())
    for word in (
        "",
        "steady_",
        good[:-1],
        good + "A",
        good + "\n",
        good.upper(),
        " " + good,
        "steady_a_b",
        "x" * 100_000,
    ):
        assert keys.parts(word) is None


def test_no_two_are_alike_and_only_the_digest_is_kept():
    made = {keys.new_secret() for _ in range(100)}
    assert len(made) == 100
    secret = made.pop()
    assert secret not in keys.digest(secret)
    assert keys.same(secret, keys.digest(secret))
    assert not keys.same(secret + "x", keys.digest(secret))
    assert not keys.same("\ud800é", keys.digest(secret))


def test_what_is_derived_is_another_for_each_purpose():
    assert keys.derived("s", "csrf") == keys.derived("s", "csrf")
    assert len({keys.derived("s", "csrf"), keys.derived("s", "x"), keys.derived("t", "csrf"), "s"}) == 4
