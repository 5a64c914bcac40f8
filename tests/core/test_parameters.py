"""Parameters are rendered for the place they stand in."""

from __future__ import annotations

from steadyhand.core.parameters import rendered
from steadyhand.expressions import SecretRef, Unknown
from steadyhand.model import Param, Secret, Syntax, Text, unknown_in

KNOWN = {
    "inputs": {"x": "a b", "n": 3, "l": [1, 2]},
    "secrets": {"k": SecretRef("k")},
    "facts": {"u": Unknown("facts.u")},
}
SHELL = Param("text", "text", "", "x", syntax=Syntax.SHELL)
PLAIN = Param("user", "text", "", "x")
LIST = Param("argv", "list", "", ["x"])
MAP = Param("env", "map", "", {"a": "b"})
INNER = Param("auth", "map", "", {}, fields=(PLAIN, Param("on", "boolean", "", True)))


def masked(value):
    if isinstance(value, Text):
        return value.masked()
    if isinstance(value, dict):
        return {k: masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, list) else value


def test_each_text_is_quoted_for_its_place():
    given = {"text": "echo {{ inputs.x }}", "user": "{{ inputs.x }}", "argv": ["{{ inputs.x }}", 3, True],
             "env": {"A": "{{ inputs.n }}"}, "auth": {"user": "u-{{ inputs.n }}", "on": True}}  # fmt: skip
    found = rendered((SHELL, PLAIN, LIST, MAP, INNER), given, KNOWN, False, False)
    assert masked(found) == {
        "text": "echo 'a b'", "user": "a b", "argv": ["a b", "3", "true"], "env": {"A": "3"},
        "auth": {"user": "u-3", "on": True},
    }  # fmt: skip


def test_a_secret_stays_a_name():
    assert rendered((PLAIN,), {"user": "{{ secrets.k }}"}, KNOWN, False, False) == {"user": Text((Secret("k"),))}


def test_what_is_not_known_yet_is_marked():
    found = rendered((PLAIN,), {"user": "x {{ facts.u }}"}, KNOWN, True, False)
    assert unknown_in(found)
    assert "facts.u" in found["user"].masked()


def test_only_open_parameters_let_others_through():
    given = {"user": "a", "more": ["{{ inputs.l }}"]}
    assert set(rendered((PLAIN,), given, KNOWN, False, False)) == {"user"}
    assert rendered((PLAIN,), given, KNOWN, False, True)["more"] == [[1, 2]]
