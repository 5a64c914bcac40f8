"""What comes to a run from outside: what people say to it, and news of the alert that started it.

`via` is the door that somebody came through (terminal, cli, web, api, email, slack). `origin` is the address of the
client as the server saw it; '' on this machine.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class GateAnswered(Struct, frozen=True, tag="gate.answered"):
    """A person has answered, and the answer counts. `by` is who, `via` how (terminal, cli, web, ...).

    `roles` are those that the person has; `origin` is the address of the client.
    """

    gate: str
    opening: int
    by: str
    answer: str
    digest: str
    via: str = ""
    value: Any = None
    comment: str = ""
    roles: tuple[str, ...] = ()
    origin: str = ""


class AnswerRefused(Struct, frozen=True, tag="gate.refused"):
    """An answer came that does not count; nothing follows from it, and it is not forgotten."""

    gate: str
    by: str
    answer: str
    reason: str
    digest: str = ""
    via: str = ""
    comment: str = ""
    origin: str = ""


class StopRequested(Struct, frozen=True, tag="run.stop_requested"):
    """A person wants the run to stop: nothing more is started, what runs is told to stop."""

    by: str
    reason: str = ""
    via: str = ""
    origin: str = ""


class NoteAdded(Struct, frozen=True, tag="note.added"):
    """A person has written something down."""

    by: str
    text: str
    via: str = ""
    origin: str = ""


class AlertChanged(Struct, frozen=True, tag="alert.changed"):
    """The alert that started the run has changed. `status` is firing, acknowledged, resolved, silenced or inhibited.

    `by` is who or what has told so, or keeps it quiet; `at` when it changed (microseconds, UTC), 0 where nobody tells.
    While it is resolved, silenced or inhibited, no change begins without a yes that was given since.
    """

    status: str
    by: str = ""
    at: int = 0


OutsideEvent = GateAnswered | AnswerRefused | StopRequested | NoteAdded | AlertChanged
