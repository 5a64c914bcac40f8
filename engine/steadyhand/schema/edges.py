"""Where a step leads: the edges that are written, held against the outcomes that it can have, and the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from .. import model as m
from ..source import Node, Scalar
from .reader import Reader, near

CONCLUSIONS = tuple(c.value for c in m.Conclusion)
POSITIVE = {"gate": m.APPROVED, "choose": ""}
"""The outcome that falls through to the next step, by kind; `pass` for all others, none for a choice."""

Ids = AbstractSet[str]
"""The ids of the steps beside each other, in the order of the document."""


class Edges:
    """Reads the edges of one document's steps."""

    def __init__(self, reader: Reader, specs: Mapping[str, m.HandlerSpec]) -> None:
        self._reader = reader
        self._specs = specs

    def edge(self, node: Node, ids: Ids) -> str:
        """A step id or an end; '' with a finding when it is neither."""
        to = self._reader.text(node, "an edge")
        if to is None:
            return ""
        if to.startswith(m.END):
            if to.removeprefix(m.END) not in CONCLUSIONS:
                hint = near(to, [f"{m.END}{c}" for c in CONCLUSIONS], "ends")
                self._reader.say("SH302", node.span, f"there is no end `{to}`", hint)
                return ""
            return to
        if to not in ids:
            known = [*ids, *(f"{m.END}{c}" for c in CONCLUSIONS)]
            self._reader.say("SH301", node.span, f"there is no step `{to}`", self._reader.near(to, known, "steps"))
            return ""
        return to

    def complete(self, step: m.Step, kind: str, node: Node | None, ids: Ids, following: str) -> m.Step:
        """The step with an edge for each outcome, written or by default."""
        possible = outcomes(step)
        positive = POSITIVE.get(kind, m.PASS)
        written = self._written(step, node, possible, positive, ids)
        edges = dict(written)
        lenient = kind in self._specs and self._specs[kind].lenient
        for outcome in possible:
            if outcome in edges or self._leads_on(step, outcome):
                continue
            if outcome == positive and following:
                edges[outcome] = following
            elif outcome == positive or (isinstance(step.body, m.Choose) and outcome != m.EXPIRED):
                self._missing(step, outcome)
            elif lenient and outcome in {m.FAIL, m.ERROR} and positive in edges:
                edges[outcome] = edges[positive]
            else:
                edges[outcome] = f"{m.END}escalated"
        back = {f"{m.BACK}{to}": to for to in back_of(step)}
        edges |= back
        if isinstance(step.body, m.Ask) and not step.body.fact:
            step = replace(step, body=replace(step.body, fact=step.id.replace("-", "_")))
        return replace(step, next=edges, defaulted=frozenset(edges) - {*written, *back})

    def _leads_on(self, step: m.Step, outcome: str) -> bool:
        """Whether a diagnosis names the next step itself."""
        body = step.body
        if not isinstance(body, m.Diagnose):
            return False
        return bool(body.otherwise) if outcome == m.PASS else outcome == m.FAIL and all(c.fix for c in body.checks)

    def _missing(self, step: m.Step, outcome: str) -> None:
        what = "no step follows" if outcome == m.PASS else f"`{outcome}` leads nowhere"
        hint = f"add `next: {{{outcome}: ...}}` with a step or an end such as end.resolved"
        self._reader.say("SH306", step.span, f"step `{step.id}` needs an edge for `{outcome}`: {what}", hint)

    def _written(
        self, step: m.Step, node: Node | None, possible: tuple[str, ...], positive: str, ids: Ids
    ) -> dict[str, str]:
        if node is None:
            return {}
        if isinstance(node, Scalar) and node.value is not None:
            if not positive:
                hint = f"write `next: {{{', '.join(possible)}: ...}}`"
                self._reader.say("SH306", node.span, f"step `{step.id}` needs an edge for each option", hint)
                return {}
            to = self.edge(node, ids)
            return {positive: to} if to else {}
        mapping = self._reader.mapping(node, "`next`")
        edges: dict[str, str] = {}
        for key, value in mapping.entries if mapping else ():
            if key.text not in possible:
                message = f"step `{step.id}` cannot end in `{key.text}`"
                self._reader.unknown(key, possible, message, "SH303", "outcomes")
            to = self.edge(value, ids)
            if key.text not in possible:
                continue
            edges[key.text] = to or f"{m.END}broken"
        return edges


def back_of(step: m.Step) -> tuple[str, ...]:
    """The steps that a person may send the run back to instead of a yes."""
    gate = step.body.gate if isinstance(step.body, m.Confirm) else step.gate
    return gate.back if gate is not None else ()


def outcomes(step: m.Step) -> tuple[str, ...]:
    """The outcomes that an author may write an edge for, the positive one first."""
    body = step.body
    asked = step.gate is not None
    match body:
        case m.Confirm(gate=gate):
            return (m.APPROVED, m.REJECTED, *((m.EXPIRED,) if gate.within else ()))
        case m.Choose(options=options, gate=gate):
            return (*options, *((m.EXPIRED,) if gate.within else ()))
        case m.Ask(gate=gate):
            return (m.PASS, m.ERROR, *((m.EXPIRED,) if gate.within else ()))
        case m.Manual(gate=gate):
            return (m.PASS, m.FAIL, m.ERROR, *((m.EXPIRED,) if gate.within else ()))
        case m.Wait():
            return (m.PASS,)
        case m.Do(operation=operation):
            asked = asked or operation.effect is not m.Effect.READ
        case m.Call() | m.Diagnose() | m.Parallel() | m.SetFacts():
            pass
    within = step.gate is not None and step.gate.within
    answers = ((m.REJECTED, m.EXPIRED) if within else (m.REJECTED,)) if asked else ()
    return (m.PASS, m.FAIL, m.ERROR, *answers)
