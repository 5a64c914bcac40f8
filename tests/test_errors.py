"""The words with which every floor says that something is wrong."""

from __future__ import annotations

import pytest

from steadyhand import errors
from steadyhand.errors import Diagnostic, Exit, HandlerError, InvalidDocument, Severity, Span, SteadyError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SteadyError)]


def test_the_exit_codes_are_those_of_the_design():
    assert {code.name: int(code) for code in Exit} == {
        "GOOD": 0, "NO": 1, "USAGE": 2, "BROKEN": 3, "WAITING": 4, "INTERRUPTED": 130,
    }  # fmt: skip


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not InvalidDocument], ids=lambda k: k.__name__)
def test_every_error_has_a_message_a_hint_and_an_exit_code(kind):
    problem = kind("what is wrong", "what to do")
    assert (problem.message, problem.hint, str(problem)) == ("what is wrong", "what to do", "what is wrong")
    assert kind("what is wrong").hint == ""
    assert isinstance(problem.exit, Exit)
    assert problem.exit is not Exit.GOOD


def test_only_what_may_have_had_an_effect_is_unsure():
    assert not HandlerError("x").unsure
    assert errors.TimedOut("x", unsure=True).unsure


@pytest.mark.parametrize(("count", "said"), [(1, "1 finding makes"), (2, "2 findings make")])
def test_an_invalid_document_counts_its_errors(count, said):
    found = Diagnostic("SH101", "m", Span("f", 1, 1, 2))
    warning = Diagnostic("SH101", "m", Span("f", 1, 1, 2), severity=Severity.WARNING)
    problem = InvalidDocument((*[found] * count, warning))
    assert problem.message == f"{said} the document invalid"
    assert len(problem.diagnostics) == count + 1


def test_places_sort_by_file_line_and_column():
    spans = [Span("a", 2, 1, 2), Span("a", 10, 1, 2), Span("b", 1, 1, 2), Span("a", 2, 5, 6)]
    assert [str(s) for s in sorted(spans)] == ["a:2:1", "a:2:5", "a:10:1", "b:1:1"]
