"""A run as people read it, as values: the transcript (transcript.py) makes them, every renderer shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from ..model import Artifact, Finding
from .undelivered import Undelivered
from .words import door, spelled


class Answered(Struct, frozen=True):
    """What a person said to a question. `refused` says why it did not count."""

    at: int
    by: str
    answer: str
    via: str = ""
    comment: str = ""
    value: Any = None
    refused: str = ""
    origin: str = ""


class Question(Struct):
    """A gate: what was asked, and exactly what a yes was a yes to."""

    gate: str
    kind: str
    prompt: str
    preview: str
    digest: str
    effect: str
    targets: tuple[str, ...]
    evidence: tuple[str, ...]
    roles: tuple[str, ...]
    quorum: int
    options: Mapping[str, str]
    opened: int
    closed: int = 0
    result: str = ""
    reason: str = ""
    answers: list[Answered] = field(default_factory=list)
    notices: tuple[str, ...] = ()

    def said(self, answer: Answered) -> str:
        """An answer in the words of the question: the option with its label, or the value that was typed."""
        if isinstance(answer.value, Mapping):
            return ", ".join(f"{name} = {spelled(value)}" for name, value in answer.value.items())
        label = self.options.get(answer.answer, "")
        return answer.answer if label.lower() in {"", answer.answer} else f"{answer.answer} ({label})"


class Attempt(Struct):
    """One attempt at one path: what was to run, and what came of it."""

    path: str
    label: str
    number: int
    kind: str
    effect: str
    preview: str
    started: int
    gate: str = ""
    targets: tuple[str, ...] = ()
    outcome: str = ""
    reason: str = ""
    hint: str = ""
    error: str = ""
    unsure: bool = False
    duration: int = 0
    findings: tuple[Finding, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    confined: bool = False
    confinement: str = ""


class Section(Struct):
    """One visit of a step."""

    path: str
    title: str
    kind: str
    visit: int
    entered: int
    outcome: str = ""
    left: int = 0
    to: str = ""
    decided: str = ""
    gates: list[Question] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    remarks: list[tuple[int, str]] = field(default_factory=list)


class Transcript(Struct):
    """A run as people read it. Times are microseconds (UTC)."""

    run: str
    runbook: str
    title: str
    digest: str
    mode: str
    requester: str
    via: str = ""
    origin: str = ""
    severity: str = ""
    services: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    started: int = 0
    ended: int = 0
    last: int = 0
    conclusion: str = ""
    reason: str = ""
    in_doubt: tuple[str, ...] = ()
    alert: Mapping[str, Any] = field(default_factory=dict)
    alert_status: str = ""
    undelivered: list[Undelivered] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    preflight: tuple[tuple[str, bool, str], ...] = ()
    walked: dict[tuple[str, str, str], int] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    events: int = 0
    head: str = ""

    @property
    def starter(self) -> str:
        """Who started it; how and from where too, unless it was by a command of this machine."""
        through = door("" if self.via == "cli" else self.via, self.origin)
        return f"{self.requester} ({through})" if through else self.requester

    @property
    def cause(self) -> str:
        """The alert that started it, with how that stands; '' where none did."""
        return f"{self.alert.get('name', '')}: {self.alert_status}".removeprefix(": ") if self.alert_status else ""

    @property
    def changed(self) -> bool:
        """Whether anything was changed, or may have been: by an attempt, or by a person's hand."""
        attempts = (attempt for section in self.sections for attempt in section.attempts)
        by_hand = any(section.kind == "manual" and section.outcome == "pass" for section in self.sections)
        return by_hand or any(a.effect in {"change", "destructive"} and not a.simulated for a in attempts)
