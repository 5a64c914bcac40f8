"""Secrets, values that are not known yet, and output that was cut."""

import operator

import pytest

from steadyhand.expressions import NotYetKnown, SecretRef, TemplateError, Truncated, Unknown
from steadyhand.expressions.values import Given, Raw, kind, transformed

SECRET = "`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole"
USES = {
    "text": str,
    "format": lambda v: f"{v}",
    "truth": bool,
    "length": len,
    "turns": list,
    "item": lambda v: v[0],
    "contains": lambda v: "a" in v,
    "call": lambda v: v(),
    "less": lambda v: v < 1,
    "add": lambda v: v + "a",
    "add to": lambda v: "a" + v,
    "times": lambda v: v * 2,
    "number": int,
    "equal": lambda v: v == "hunter2",
    "unequal": lambda v: v != "hunter2",
    "bytes": bytes,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_secret_cannot_be_used_as_a_value(use):
    with pytest.raises(TemplateError) as found:
        use(SecretRef("pw"))
    assert found.value.message == SECRET
    assert found.value.hint == "write `{{ secrets.pw }}` and nothing else inside the braces"


def test_two_references_to_a_secret_are_equal_by_name():
    assert SecretRef("pw") == SecretRef("pw")
    assert SecretRef("pw") != SecretRef("other")
    assert len({SecretRef("pw"), SecretRef("pw")}) == 1
    assert repr(SecretRef("pw")) == "SecretRef('pw')"
    assert transformed("pw").message == SECRET


@pytest.mark.parametrize("use", [str, bool, len, list, int, lambda v: v == 1, lambda v: v < 1, lambda v: 1 in v])
def test_what_is_not_known_yet_cannot_be_concluded_from(use):
    with pytest.raises(NotYetKnown) as found:
        use(Unknown("steps.a"))
    assert found.value.label == "steps.a"


def test_what_is_taken_from_an_unknown_value_is_unknown():
    assert Unknown("steps.a")["b"][0] == Unknown("steps.a.b[0]")
    assert Unknown("steps.a").mark == "⟨steps.a⟩"
    assert len({Unknown("a"), Unknown("a")}) == 1
    assert repr(Unknown("a")) == "Unknown('a')"


def test_cut_text_says_how_much_is_missing():
    assert Truncated("häh", 5_000_000).why == "only the first 4 of 5,000,000 bytes were kept"


def test_raw_text_becomes_ordinary_text_by_any_operation():
    assert type(Raw("a").upper()) is str
    assert type(operator.add(Raw("a"), "b")) is str


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"),
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("a", "a text"),
        (Truncated("a", 9), "a text"),
        ([], "a list"),
        ({}, "a map"),
        (SecretRef("a"), "a secret"),
        (Unknown("a"), "not known yet"),
        (Given(1, ""), "of a kind that cannot stand here (Given)"),
    ],
)
def test_kinds_are_named_in_the_words_of_the_document(value, word):
    assert kind(value) == word
