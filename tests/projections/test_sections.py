"""A run as people read it, as values."""

from __future__ import annotations

import pytest

from steadyhand.projections.sections import Answered, Question


@pytest.mark.parametrize(
    ("options", "answer", "value", "said"),
    [
        ({"a": "Restart it"}, "a", None, "a (Restart it)"),
        ({"approve": "Approve"}, "approve", None, "approve"),
        ({"answer": "Answer"}, "answer", {"many": 4, "x": "y"}, "many = 4, x = y"),
        ({}, "gone", None, "gone"),
    ],
)
def test_an_answer_in_the_words_of_the_question(options, answer, value, said):
    question = Question("g", "choose", "?", "", "", "", (), (), (), 1, options, 0)
    assert question.said(Answered(0, "anna", answer, value=value)) == said
