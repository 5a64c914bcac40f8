"""Dotted names: found, or explained."""

import pytest

from steadyhand.expressions import SecretRef, TemplateError, Truncated, Unknown
from steadyhand.expressions.lookup import Absent, dotted, follow, member, resolve, spelled

NAMES = {
    "inputs": {"host": "db1", "port": 5432, "none": None, "items": [1, 2]},
    "contacts": {"team-data": {"phone": "1"}},
    "facts": {},
    "secrets": {"pw": SecretRef("pw")},
    "steps": Unknown("steps"),
    "stdout": Truncated("abc", 100),
}


@pytest.mark.parametrize(
    ("root", "keys", "value"),
    [
        ("inputs", ("host",), "db1"),
        ("inputs", ("none",), None),
        ("inputs", ("items", 0), 1),
        ("inputs", ("items", -1), 2),
        ("inputs", ("host", 0), "d"),
        ("contacts", ("team-data", "phone"), "1"),
        ("secrets", ("pw",), SecretRef("pw")),
        ("steps", ("a", "stdout"), Unknown("steps.a.stdout")),
    ],
)
def test_a_name_leads_to_its_value(root, keys, value):
    assert resolve(NAMES, root, keys) == value


@pytest.mark.parametrize(
    ("root", "keys", "message", "hint"),
    [
        (
            "inputs",
            ("hots",),
            "`inputs.hots` does not exist; `inputs` has host, items, none, port",
            "did you mean `inputs.host`?",
        ),
        ("facts", ("a",), "`facts.a` does not exist; `facts` has nothing", ""),
        (
            "inpust",
            (),
            "`inpust` does not exist here; there are contacts, facts, inputs, secrets, stdout, steps",
            "did you mean `inputs`?",
        ),
        ("inputs", ("port", "x"), "`inputs.port.x` does not exist; `inputs.port` is a number", ""),
        ("inputs", ("none", "x"), "`inputs.none.x` does not exist; `inputs.none` is null", ""),
        ("inputs", ("items", 5), "`inputs.items[5]` does not exist; `inputs.items` has 2 items", ""),
        ("inputs", ("host", 9), "`inputs.host[9]` does not exist; `inputs.host` has 3 characters", ""),
        (
            "inputs",
            ("items", "first"),
            "`inputs.items.first` does not exist; `inputs.items` is a list",
            "write `inputs.items[0]` for its first item",
        ),
        (
            "contacts",
            ("team-date",),
            "`contacts['team-date']` does not exist; `contacts` has team-data",
            "did you mean `contacts['team-data']`?",
        ),
        ("inputs", ("host", "__class__"), "`inputs.host.__class__` does not exist; `inputs.host` is a text", ""),
    ],
)
def test_a_name_that_leads_nowhere_says_what_is_there(root, keys, message, hint):
    assert resolve(NAMES, root, keys) == Absent(message, hint)
    assert Absent(message, hint).error().message == message


def test_without_any_names_that_is_said():
    assert resolve({}, "a", ()).message == "`a` does not exist here; there are no names at all"


def test_a_secret_is_not_looked_into():
    with pytest.raises(TemplateError, match="a secret cannot be transformed"):
        resolve(NAMES, "secrets", ("pw", "length"))


def test_nothing_is_taken_from_text_that_was_cut():
    with pytest.raises(TemplateError) as found:
        resolve(NAMES, "stdout", ())
    assert found.value.message == "`stdout` is not whole: only the first 3 of 100 bytes were kept"


def test_items_only_and_never_attributes():
    assert isinstance(member({"a": 1}, "keys", "m"), Absent)
    assert isinstance(follow("text", "t", ("upper",)), Absent)
    assert member({"keys": 1}, "keys", "m") == 1
    assert isinstance(member({}, [], "m"), Absent)
    assert isinstance(member([1], True, "m"), Absent)


def test_names_are_spelled_as_written_and_dotted():
    assert spelled("a", ("b", "c-d", 0)) == "a.b['c-d'][0]"
    assert dotted("a", ("b", "c-d", 0)) == "a.b.c-d.0"
