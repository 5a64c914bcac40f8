"""How the structs of the API are described: kinds of texts that many of them share. For this folder alone."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

NAME = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
"""What a runbook may be called."""
RUN = r"^r[0-9a-z][0-9a-z-]{0,62}$"
"""What a run may be called."""
LONGEST = 4_000
"""Characters of a comment, a note or a reason."""


def say(description: str, *examples: Any, **bounds: Any) -> Meta:
    """What a field is, examples of it, and its bounds."""
    return Meta(description=description, examples=list(examples), **bounds)


RunId = Annotated[str, say("The id of a run. Ids sort by time.", "rgq0b7k2m4xw")]
RunbookName = Annotated[str, say("The name of a runbook.", "orders-db-connections")]
Time = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC.",
        examples=["2026-11-24T02:14:07.000000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Next = Annotated[
    str | None,
    say("Give this as `cursor` to get what follows; null when nothing does. A page may hold fewer than `limit`.", None),
]
