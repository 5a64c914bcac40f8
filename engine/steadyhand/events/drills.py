"""What came of drills, where that is to be remembered. Each runbook has a stream of its own for them."""

from __future__ import annotations

from msgspec import Struct

DRILLS = "drill:"
"""How the name of the stream of a runbook's drills begins."""


class DrillEnded(Struct, frozen=True, tag="drill.ended"):
    """A drill was carried out: `expected` and `cause` are ids of causes ('' for none), `took` is microseconds.

    `digest` is that of the runbook's text, so that a drill of an older text is known for one. `problems` are what did
    not come as it should, a sentence each; none means that it passed. `repaired` is None where nothing was asked.
    """

    runbook: str
    digest: str
    drill: str
    by: str
    expected: str = ""
    cause: str = ""
    conclusion: str = ""
    repaired: bool | None = None
    took: int = 0
    problems: tuple[str, ...] = ()


DrillEvent = DrillEnded
