"""From an action to the event that records it, as far as that follows from what is known. Pure.

The driver and the rehearsal call this: rendering parameters, planning through the pure half of a handler, the text of
a question and the digest that a yes is bound to, the items of a wave, the inputs of a call, the facts of a `set`.
What cannot be rendered raises `TemplateError` (or another SteadyError); the caller settles the step with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import events as e
from ..errors import BadInput, SteadyError, UsageError
from ..expressions import judge, render_native, render_text
from ..model import (
    BACK,
    Ask,
    Body,
    Choose,
    Confirm,
    Gate,
    HandlerSpec,
    Manual,
    Plan,
    SetFacts,
    Step,
    Target,
    Verdict,
    digest,
)
from ..schema import inputs_of
from . import actions as a
from .names import names
from .parameters import rendered
from .paths import Place, locate, visit
from .places import hosts, place_of
from .state import State
from .tables import OPTIONS, Phase

Planner = Callable[[str, Mapping[str, Any], Target | None], Plan]
"""The pure half of a handler: (kind, rendered parameters, target) to plan."""

SHOWN = 20
"""How many items of a wave a question lists; the digest covers all of them."""


class Renderer:
    """What rendering needs beside the run: specifications and planners of the handlers. Holds nothing of a run."""

    def __init__(self, specs: Mapping[str, HandlerSpec], planner: Planner) -> None:
        self._specs = specs
        self._planner = planner

    def spec(self, kind: str) -> HandlerSpec:
        """The specification of a step kind."""
        return self._specs[kind]

    def plan(self, state: State, place: Place) -> Plan:
        """What the operation at a place would do now. Raises SteadyError when it cannot be rendered."""
        operation = place.operation
        if operation is None:
            raise BadInput(f"there is nothing to carry out at {place.path}")
        spec = self._specs[operation.kind]
        dry = state.run is not None and state.run.mode == "dry-run"
        known = names(state, place, tolerate=dry)
        params = rendered(spec.params, operation.params, known, dry, spec.open_params)
        target = place_of(state, place, operation, spec, params, dry=dry)
        return self._planner(operation.kind, params, target)

    def gate(self, state: State, place: Place, action: a.OpenGate, children: Sequence[int] = ()) -> e.GateOpened:
        """The question to put, and the digest of what a yes would be a yes to."""
        gate = _asked(place.step)
        known = names(state, place)
        plans = self.covered(state, place, action.path)
        options = _labels(place.step.body, known) if action.kind == "choose" else OPTIONS[action.kind]
        if action.kind == "confirm":
            options = {**options, **{f"{BACK}{to}": f"Go back to {to}" for to in gate.back}}
        schema = place.step.body.schema if isinstance(place.step.body, Ask) else {}
        evidence = _evidence(state)
        notices = state.alarm.notices(state.started_at)
        prompt = _doubtful(state, place, children) if action.kind == "doubt" else _prompt(place, gate, known)
        targets = tuple(dict.fromkeys(t for plan in plans.values() for t in plan.targets))
        digests = {path: plan.digest for path, plan in plans.items()}
        return e.GateOpened(
            gate=action.gate,
            path=action.path,
            kind=action.kind,
            opening=state.openings.get(action.gate, 0) + 1,
            prompt=prompt,
            options=options,
            digest=digest([place.runbook.digest, action.gate, prompt, options, digests, targets, evidence, *notices]),
            plans=digests,
            preview=_preview(plans).rstrip("\n") + (self._undo(state, place, next(iter(plans))) if plans else ""),
            effect=place.operation.effect.value if place.operation else "",
            targets=targets,
            evidence=evidence,
            roles=gate.roles,
            quorum=gate.quorum if action.kind == "confirm" else 1,
            other_than_requester=gate.other_than_requester,
            due=state.at + gate.within if gate.within and action.kind != "doubt" else 0,
            schema=schema,
            evidence_required=isinstance(place.step.body, Manual) and place.step.body.evidence,
            children=tuple(children),
            notices=notices,
            order=tuple(schema if action.kind == "ask" else options),
        )

    def covered(self, state: State, place: Place, path: str) -> dict[str, Plan]:
        """The plans that one yes is for: the step's own, or one for each item of a wave."""
        if place.operation is None:
            return {}
        wave = state.waves.get(path)
        paths = [path] if wave is None else [f"{path}[{key}]" for key in wave.keys]
        return {one: self.plan(state, locate(place.root, state, one)) for one in paths}

    def _undo(self, state: State, place: Place, path: str) -> str:
        """What would take the change back, as far as that can be told before the change has happened.

        It is shown and not bound: the text of the runbook is, and an undo must not be held up by what the change did.
        """
        undo = place.step.undo
        if undo is None or undo.operation is None or place.operation is None:
            return ""
        try:
            preview = self.plan(state, locate(place.root, state, f"{path}:undo")).preview
        except SteadyError:
            preview = "(known once the change has happened)"
        return f"\nif it does not prove itself, undone by:\n{preview}" if place.step.verify is not None else ""

    def facts(self, state: State, place: Place) -> e.FactsSet:
        """The facts that a `set` step computes, in order, each seeing those before it."""
        body = place.step.body
        assert isinstance(body, SetFacts)  # noqa: S101 only such a step asks for it
        known = names(state, place)
        facts: dict[str, Any] = {}
        for name, value in body.facts.items():
            facts[name] = render_native(value, {**known, "facts": {**known["facts"], **facts}})
        verdict = Verdict("pass", "")
        if body.expect is not None:
            verdict = judge(body.expect, facts, {**known, "facts": {**known["facts"], **facts}})
        return e.FactsSet(
            place.path, visit(state, place.path), facts, verdict.outcome, verdict.reason, verdict.findings
        )

    def items(self, state: State, place: Place) -> e.EachExpanded:
        """The items of a wave and the names they have in paths."""
        each = place.step.each
        assert each is not None  # noqa: S101 only such a step asks for it
        if each.target:
            found: Any = hosts(state, place, each.target)
            if found is None:
                raise BadInput(f"target {each.target} has no list of hosts", "give it `hosts: [...]`")
        else:
            found = render_native(each.items, names(state, place))
        if not isinstance(found, (list, tuple)):
            raise BadInput(f"`each.in` is not a list: {type(found).__name__}", "give a list, or a placeholder for one")
        return e.EachExpanded(place.path, tuple(found), _keys(found))

    def call(self, state: State, place: Place, runbook: str, inputs: Mapping[str, Any]) -> e.CallStarted:
        """The inputs that a called runbook is given, held to what it declares; its defaults fill what is left out."""
        given = {k: render_native(v, names(state, place)) for k, v in inputs.items()}
        try:
            values = inputs_of(place.runbook.calls[runbook], given, texts=False)
        except UsageError as problem:
            hint = f"{problem.hint.partition(';')[0]}; correct the `inputs:` of the call"
            raise BadInput(f"runbook {runbook}: {problem.message}", hint) from None
        return e.CallStarted(place.path, runbook, values)


def _asked(step: Step) -> Gate:
    if isinstance(step.body, (Confirm, Choose, Ask, Manual)):
        return step.body.gate
    return step.gate or Gate()


def _prompt(place: Place, gate: Gate, known: Mapping[str, Any]) -> str:
    if gate.prompt:
        return render_text(gate.prompt, known).masked()
    body = place.step.body
    if isinstance(body, Manual):
        return render_text(body.instructions, known).masked()
    return f"Run “{place.step.title}”?"


def _labels(body: Body, known: Mapping[str, Any]) -> dict[str, str]:
    """The options of a choice, in the words that people read."""
    assert isinstance(body, Choose)  # noqa: S101 only such a step asks for it
    return {option: render_text(label, known).masked() for option, label in body.options.items()}


def _doubtful(state: State, place: Place, children: Sequence[int]) -> str:
    leaf = state.leaves[place.path]
    why = "was cut off" if leaf.phase is Phase.INTERRUPTED else f"ended without a clear answer ({leaf.reason})"
    alive = f" It still runs (process {', '.join(map(str, children))})." if children else ""
    return f"Attempt {leaf.attempt} of “{place.step.title}” {why}: did it happen?{alive}"


def _evidence(state: State) -> tuple[str, ...]:
    """What the person who answers has been shown: the outcomes so far, newest last."""
    done = [(leaf.seq, path, leaf) for path, leaf in state.leaves.items() if leaf.phase is not Phase.RUNNING]
    rows = [f"{path}: {leaf.outcome or leaf.phase.value}" for _, path, leaf in sorted(done, key=lambda d: d[0])]
    return tuple(rows[-SHOWN:])


def _preview(plans: Mapping[str, Plan]) -> str:
    lines = [plan.preview for plan in plans.values()]
    more = [f"... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])


def _keys(items: Sequence[Any]) -> tuple[str, ...]:
    """A short unique name for each item, safe in a path."""
    keys: list[str] = []
    taken: set[str] = set()
    for number, item in enumerate(items):
        text = item if isinstance(item, (str, int)) and not isinstance(item, bool) else number + 1
        key = re.sub(r"[^A-Za-z0-9_.-]+", "-", str(text))[:60] or str(number + 1)
        while key in taken:
            key = f"{key}-{number + 1}"
        taken.add(key)
        keys.append(key)
    return tuple(keys)
