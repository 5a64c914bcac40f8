"""The names that templates and expressions may use at a place in a run, from what has happened so far. Pure.

    inputs.X   facts.X   secrets.X   steps.ID.NAME   run.id, run.runbook, run.mode, run.requester, run.started_at
    item (or the name that `each.as` gives)   alert.labels.X   contacts.X   targets.X

Inside a called runbook, `inputs`, `facts` and `steps` are its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..expressions import SecretRef, Unknown
from .paths import Place
from .state import State


class Results(Mapping[str, Any]):
    """What the steps under a path have given, looked up when it is asked for: `steps.causes.idle.stdout`.

    The root has a prefix that ends in '/' or is empty. With `tolerate`, what has not happened gives unknown values.
    """

    def __init__(self, state: State, prefix: str, *, tolerate: bool = False) -> None:
        self._state = state
        self._prefix = prefix
        self._tolerate = tolerate

    @property
    def _root(self) -> bool:
        return not self._prefix or self._prefix.endswith("/")

    def _own(self) -> Mapping[str, Any]:
        leaf = self._state.leaves.get(self._prefix)
        return {**leaf.values, **leaf.facts, "outcome": leaf.outcome, "attempts": leaf.attempt} if leaf else {}

    def __getitem__(self, name: str) -> Any:
        """A value of this step, or the results of a part of it."""
        own = self._own()
        if name in own:
            return own[name]
        for mark in ("",) if self._root else (".", ":", "/"):
            path = f"{self._prefix}{mark}{name}"
            if any(_within(path, known) for known in self._known()):
                return Results(self._state, path, tolerate=self._tolerate)
        found = None if self._root else self._of_the_whole(name)
        if found is not None:
            return found
        if self._tolerate:
            return Unknown(f"steps.{self._prefix}.{name}" if self._prefix else f"steps.{name}")
        raise KeyError(name)

    def _of_the_whole(self, name: str) -> Any:
        """What a wave or a called runbook gives as a whole."""
        wave, scope = self._state.waves.get(self._prefix), self._state.scopes.get(self._prefix)
        if name == "items" and wave is not None:
            return {k: Results(self._state, f"{self._prefix}[{k}]", tolerate=self._tolerate) for k in wave.keys}
        if name == "facts" and self._prefix in self._state.calls:
            return self._state.facts.get(self._prefix, {})
        return scope.ended.conclusion if name == "conclusion" and scope and scope.ended else None

    def _known(self) -> Iterator[str]:
        yield from self._state.leaves
        yield from self._state.calls
        yield from self._state.waves

    def __iter__(self) -> Iterator[str]:
        """The names of this step's own values."""
        return iter(self._own())

    def __len__(self) -> int:
        """How many values of its own it has."""
        return len(self._own())


def _within(path: str, known: str) -> bool:
    return known == path or (known.startswith(path) and known[len(path)] in ".[:/")


def names(state: State, place: Place, *, tolerate: bool = False) -> dict[str, Any]:
    """The names at a place. With `tolerate`, steps that have not run give unknown values instead of nothing.

    A run without a name has not begun: then what it would be given, and what it would be, is not known either.
    """
    run = state.run
    assert run is not None  # noqa: S101 there are no places before the start
    call = state.calls.get(place.home)
    begun = bool(state.stream) or not tolerate
    known: dict[str, Any] = {
        "inputs": _given(call.inputs if call else run.inputs, "inputs", begun=begun),
        "facts": _facts(state, place, tolerate=tolerate),
        "steps": Results(state, f"{place.home}/" if place.home else "", tolerate=tolerate),
        "secrets": {name: SecretRef(name) for name in place.runbook.secrets},
        "run": {
            "runbook": run.runbook,
            "requester": run.requester,
            "id": state.stream if begun else Unknown("run.id"),
            "mode": run.mode if begun else Unknown("run.mode"),
            "started_at": state.started_at // 1_000_000 if begun else Unknown("run.started_at"),
        },
        "alert": _given(run.alert, "alert", begun=begun),
        "contacts": dict(run.contacts),
        "targets": dict(run.targets),
        **place.item,
    }
    return known


def _given(known: Mapping[str, Any], group: str, *, begun: bool) -> dict[str, Any]:
    return dict(known) if begun else Tolerant(known, group)


class Tolerant(dict[str, Any]):
    """Facts of a dry run: what no step has set, since none has really run, is an unknown value."""

    def __init__(self, known: Mapping[str, Any], group: str = "facts") -> None:
        super().__init__(known)
        self._group = group

    def __missing__(self, name: str) -> Any:
        """An unknown value."""
        return Unknown(f"{self._group}.{name}")

    def __contains__(self, name: object) -> bool:
        """Every name is there."""
        return isinstance(name, str)


def _facts(state: State, place: Place, *, tolerate: bool) -> dict[str, Any]:
    known = state.facts.get(place.home, {})
    return Tolerant(known) if tolerate else dict(known)
