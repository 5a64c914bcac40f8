"""What a call may end in, instead of an answer."""

from __future__ import annotations

import httpx
import msgspec

from ..errors import SteadyError
from ..model.wire import Problem


class ApiProblem(SteadyError):
    """The server said no. `problem` is what it said; `kind` the last word of its type, such as not-found.

    `after` is after how many seconds it may be tried again, None where that was not told.
    """

    def __init__(self, problem: Problem, after: float | None = None) -> None:
        super().__init__(problem.detail or problem.title, problem.hint)
        self.problem = problem
        self.status = problem.status
        self.kind = problem.type.rpartition(":")[2]
        self.after = after


class Lost(SteadyError):
    """There was no answer: nobody knows whether the server did it. Under a key it may be asked again."""


def problem_of(response: httpx.Response) -> ApiProblem:
    """The problem that an answer tells of, whoever gave it: a proxy in between speaks no JSON."""
    after = response.headers.get("retry-after", "")
    seconds = float(after) if after.isascii() and after.isdigit() else None
    try:
        found = msgspec.json.decode(response.content, type=Problem)
    except msgspec.MsgspecError:
        said = response.text.strip()[:200]
        found = Problem("about:blank", f"{response.status_code} {response.reason_phrase}", response.status_code, said)
    return ApiProblem(found, seconds)
