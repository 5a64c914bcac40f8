"""`Accept`, as RFC 9110 has it."""

from __future__ import annotations

import pytest

from steadyhand.web.api.negotiating import chosen
from steadyhand.web.problems import Refusal

FORMS = ("application/json", "text/markdown", "text/html")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ([], "application/json"),
        ([""], "application/json"),
        (["*/*"], "application/json"),
        (["text/html"], "text/html"),
        (["text/*"], "text/markdown"),
        (["text/*, text/markdown;q=0.1"], "text/html"),
        (["application/json;q=0.5, text/html"], "text/html"),
        (["text/html;q=0.2", "application/json;q=0.1"], "text/html"),
        (["*/*;q=0.1, text/markdown;q=0"], "application/json"),
        (["TEXT/HTML; charset=utf-8"], "text/html"),
        (["text/html;q=much"], "text/html"),
    ],
)
def test_the_form_that_is_liked_best(accept, form):
    assert chosen(accept, FORMS) == form


@pytest.mark.parametrize("accept", [["image/png"], ["*/*;q=0"], [";"], ["text/html;q=0"]])
def test_what_cannot_be_given_is_refused(accept):
    with pytest.raises(Refusal) as told:
        chosen(accept, FORMS)
    assert told.value.kind == "not-acceptable"
    assert "application/json" in told.value.hint
