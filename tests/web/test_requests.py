"""Each error of ours has a status."""

from __future__ import annotations

import pytest

from steadyhand.errors import HeadMoved, JournalError, NotFound, SteadyError, UsageError
from steadyhand.web.requests import Denied, status_of


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (Denied("sign in", unknown=True), 401),
        (Denied("no"), 403),
        (NotFound("x"), 404),
        (HeadMoved("x"), 409),
        (UsageError("x"), 422),
        (JournalError("x"), 503),
        (SteadyError("x"), 400),
    ],
)
def test_the_status_of_an_error(problem, status):
    assert status_of(problem) == status
