"""A test as a script of its world: who is asked what comes of an attempt, and what people say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import events as e
from ..core.recording import Job
from .documents import Case
from .world import Came, Said


class CaseScript:
    """A case as a script. What it does not say is remembered as a problem, and never guessed."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._turn: dict[str, int] = {}
        self._crashes = 0
        self._dies = False
        self.silent: list[str] = []

    def _next(self, turns: Mapping[str, tuple[Any, ...]], what: str, key: str) -> Any:
        listed = turns.get(key)
        if not listed:
            return None
        turn = self._turn.get(f"{what}\0{key}", 0)
        self._turn[f"{what}\0{key}"] = turn + 1
        return listed[min(turn, len(listed) - 1)]

    def came(self, job: Job) -> Came | None:
        """What the case says comes of this attempt."""
        found: Came | None = self._next(self._case.steps, "came", job.path)
        if found is None:
            self.silent.append(f"the test does not say what comes of {job.path}")
        elif found.crash and not found.after:
            self._dies = True
            return None
        return found

    def said(self, gate: e.GateOpened) -> tuple[Said, ...]:
        """What the case says people answer: all that is listed where several must agree, else the next."""
        listed = self._case.answers.get(gate.gate, ())
        single = tuple(one for one in listed if isinstance(one, Said))
        if gate.quorum > 1 and len(single) == len(listed):
            return single
        turn = self._next(self._case.answers, "said", gate.gate)
        return () if turn is None else (turn,) if isinstance(turn, Said) else turn

    def crash(self, recorded: int) -> bool:
        """Whether the engine dies here: during an attempt, or once for each number that the case gives."""
        if self._dies:
            self._dies = False
            return True
        due = sum(number <= recorded for number in self._case.crash_after)
        if due <= self._crashes:
            return False
        self._crashes += 1
        return True
