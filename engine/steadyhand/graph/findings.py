"""The codes of what can be proved of a runbook, and the one way in which such a finding is made. Pure.

Called by every proof of this room. A proof is given the runbook and, as plain data, what lies around it; it knows no
file. Each finding stands at the step that it is about and shows the way that leads there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from ..errors import Diagnostic, Severity, Span
from ..model import HandlerSpec, Runbook

CODES: dict[str, tuple[str, str]] = {
    "SG001": ("unreachable step", "No path leads to the step: what it does will never happen."),
    "SG002": ("no end", "From here no path leads to an end: the run could only stop at its deadline."),
    "SG003": ("loop without a bound", "A loop is allowed only through a step that says `max_visits`."),
    "SG004": (
        "unguarded change",
        "The runbook does not say who is asked before the change; the engine will ask anybody.",
    ),
    "SG005": ("unverified end", "A run may call itself resolved although nothing has shown that the change worked."),
    "SG006": (
        "default after a change",
        "What follows when the change does not work was not decided, so the run escalates.",
    ),
    "SG007": ("change without undo", "Nobody has said how the change is taken back, or that it cannot be."),
    "SG008": ("healthy after a change", "A run that changed something ends as if it had found everything in order."),
    "SG009": ("edge never taken", "The step cannot be left by this outcome, so the edge plays no part."),
    "SG010": ("not set on every path", "On the path that is shown nothing sets the value: the step ends in error."),
    "SG011": ("no such value", "Nothing gives a value of that name, so rendering would fail in the middle of a run."),
    "SG012": ("wrong type", "A value of that type cannot be used so: the step ends in error."),
    "SG013": ("never holds", "Whatever comes, the expectation is not met: a step that can never pass tells nothing."),
    "SG014": ("always holds", "Whatever comes, the expectation is met: a check that cannot fail shows nothing."),
    "SG015": (
        "untrusted text as a program",
        "Whoever writes the alert, or what a step prints, decides what is run.",
    ),
    "SG016": ("call without its inputs", "The called runbook cannot start with what it is given: an error."),
    "SG017": ("nobody to ask", "The question cannot be answered as the gate wants it: the run stands still."),
    "SG018": ("longer than the run", "The run is over before the time that is given here, so it is a wish."),
    "SG019": ("unknown alert", "No rule raises an alert of that name: it will never start this runbook."),
    "SG020": ("not declared", "Neither the runbook nor the settings say what that is: the step ends in error."),
    "SG021": ("against the policy", "In mode `auto` the change runs unasked, and the settings do not allow that."),
}  # fmt: skip
"""Code to title and what it would cost."""

ERRORS = frozenset({"SG002", "SG003", "SG011", "SG012", "SG015", "SG016"})
"""What makes a runbook invalid: it would certainly fail, or do something that nobody wrote. All others are warnings."""


class Around(Struct, frozen=True):
    """What lies around a runbook, as plain data. What nobody has told is not held against it.

    `settings` says that there is a steady.yaml, so that what it does not name is not known. `policy` says of an effect
    whether a gate with `auto: true` may let it pass unasked; `policy_said` that the settings state it. `alerts` are
    the names that rules files raise, and None when no rules file is named; `channels` likewise.
    """

    specs: Mapping[str, HandlerSpec] = field(default_factory=dict)
    settings: bool = False
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    targets: frozenset[str] = frozenset()
    channels: frozenset[str] | None = None
    policy: Mapping[str, str] = field(default_factory=lambda: {"change": "unasked", "destructive": "asked"})
    policy_said: bool = False
    alerts: frozenset[str] | None = None


class Findings:
    """The findings of one runbook."""

    def __init__(self, runbook: Runbook) -> None:
        self._lines = runbook.text.split("\n")
        self._found: dict[tuple[object, ...], Diagnostic] = {}

    def say(self, code: str, span: Span, message: str, hint: str, severity: Severity | None = None) -> None:
        """One more finding; the same one twice is one."""
        weight = severity or (Severity.ERROR if code in ERRORS else Severity.WARNING)
        line = self._lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(self._lines) else ""
        found = Diagnostic(code, message, span, CODES[code][1], hint, line, weight)
        self._found.setdefault((span, code, message), found)

    def all(self) -> tuple[Diagnostic, ...]:
        """Everything found, sorted by place."""
        return tuple(sorted(self._found.values(), key=lambda d: (d.span, d.code, d.message)))


def near(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of the known words, or all of them."""
    from difflib import get_close_matches  # noqa: PLC0415 only for a message

    listed = sorted(known)
    close = get_close_matches(word, listed, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"there are {', '.join(listed[:30])}" if listed else ""
