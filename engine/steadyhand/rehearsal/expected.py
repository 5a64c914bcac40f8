"""What came of a rehearsal beside what a test expects of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .. import events as e
from ..core import State
from ..expressions import judge
from ..expressions.shown import shown
from ..model import PASS, Text

UNDO = ":undo"
SAME = {"text": ("message", "body", "preview"), "channel": ("to", "target")}
"""Parts of a message that one handler calls so and another one otherwise."""


class Observed(Struct, frozen=True):
    """What a test may look at."""

    conclusion: str
    path: tuple[str, ...]
    waits_for: tuple[str, ...]
    facts: Mapping[str, Any]
    attempts: Mapping[str, int]
    asked: tuple[e.GateOpened, ...]
    sent: tuple[Mapping[str, Any], ...]
    refused: Mapping[str, tuple[str, ...]]
    undone: tuple[str, ...]
    in_doubt: tuple[str, ...]
    unrendered: Mapping[str, str]
    """Why something could not even begin, by path."""


def observed(
    state: State, recorded: Iterable[e.Recorded], path: tuple[str, ...], messages: Mapping[str, Mapping[str, Any]]
) -> Observed:
    """What happened, in the words of a test. `messages` are those of `notify` attempts, by the digest of the plan."""
    asked: list[e.GateOpened] = []
    sent: list[Mapping[str, Any]] = []
    undone: list[str] = []
    refused: dict[str, list[str]] = {}
    intents: dict[str, str] = {}
    unrendered: dict[str, str] = {}
    for one in recorded:
        match one.event:
            case e.GateOpened():
                asked.append(one.event)
            case e.AnswerRefused(gate=gate, by=by):
                refused.setdefault(gate, []).append(by)
            case e.StepSettled(path=at, attempt=0, reason=reason):
                unrendered[at] = reason
            case e.StepIntended(path=at, digest=digest):
                intents[at] = digest
            case e.StepSettled(path=at, outcome=outcome) if outcome == PASS:
                if at.endswith(UNDO):
                    undone.append(at.removesuffix(UNDO))
                if intents.get(at) in messages:
                    sent.append({"step": at, **messages[intents[at]]})
            case _:
                pass
    end = state.conclusion
    return Observed(
        conclusion=end.conclusion if end else "none",
        path=path,
        waits_for=tuple(g.opened.gate for g in state.open_gates),
        facts=state.facts.get("", {}),
        attempts={at: leaf.attempt for at, leaf in state.leaves.items()},
        asked=tuple(asked),
        sent=tuple(sent),
        refused={gate: tuple(people) for gate, people in refused.items()},
        undone=tuple(undone),
        in_doubt=end.in_doubt if end else (),
        unrendered=unrendered,
    )


def message(params: Mapping[str, Any], preview: str, target: str) -> dict[str, Any]:
    """A message as a test sees it: its parameters, and under `channel` and `text` whatever the handler calls so."""
    found = {"preview": preview, **({"target": target} if target else {}), **_plain(params)}
    for name, others in SAME.items():
        called = next((other for other in others if other in found), None)
        if name not in found and called:
            value = found[called]
            found[name] = ", ".join(map(str, value)) if isinstance(value, list) else value
    return found


def _plain(value: Any) -> Any:
    """Rendered text as people may see it."""
    if isinstance(value, Text):
        return value.masked()
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def differences(expect: Mapping[str, Any], actual: Observed) -> Iterator[str]:
    """Where what came differs from what is expected, a sentence each."""
    for name, wanted in expect.items():
        match name:
            case "facts" | "attempts":
                known: Mapping[str, Any] = getattr(actual, name)
                for key, value in wanted.items():
                    if known.get(key) != value or isinstance(known.get(key), bool) != isinstance(value, bool):
                        yield f"{name}.{key}: expected {value!r}, actual {known.get(key)!r}"
            case "asks":
                yield from _asked(wanted, actual.asked)
            case "sends":
                yield from _sent(wanted, actual.sent)
            case "refused":
                for gate in dict.fromkeys((*wanted, *actual.refused)):
                    people, came = list(wanted.get(gate, ())), list(actual.refused.get(gate, ()))
                    if people != came:
                        yield f"refused.{gate}: expected {people}, actual {came}"
            case "conclusion":
                if wanted != actual.conclusion:
                    yield f"conclusion: expected {wanted}, actual {actual.conclusion}"
            case _:
                came = list(getattr(actual, name))
                if came != wanted:
                    yield f"{name}: expected {wanted}, actual {came}"


def _asked(wanted: Sequence[Mapping[str, Any]], actual: Sequence[e.GateOpened]) -> Iterator[str]:
    gates = [one.gate for one in actual]
    if [one["gate"] for one in wanted] != gates:
        yield f"asks: expected {[one['gate'] for one in wanted]}, actual {gates}"
        return
    for one, gate in zip(wanted, actual, strict=True):
        for name in ("kind", "quorum", "effect", "roles"):
            value = getattr(gate, name)
            came = list(value) if isinstance(value, tuple) else value
            if name in one and came != one[name]:
                yield f"asks.{gate.gate}.{name}: expected {one[name]}, actual {came}"
        texts = {name: one[name] for name in ("prompt", "preview") if name in one}
        yield from _matched(texts, {"prompt": gate.prompt, "preview": gate.preview}, f"asks.{gate.gate}")


def _sent(wanted: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if len(wanted) != len(actual):
        texts = ", ".join(shown(one.get("text", "")) for one in actual)
        yield f"sends: expected {len(wanted)}, actual {len(actual)}{f': {texts}' if texts else ''}"
        return
    for number, (one, came) in enumerate(zip(wanted, actual, strict=True), 1):
        yield from _matched(one, came, f"sends {number}")


def _matched(expect: Mapping[str, Any], values: Mapping[str, Any], where: str) -> Iterator[str]:
    """What does not hold of texts; the matchers are those of a step's own expectation."""
    if not expect:
        return
    verdict = judge(expect, values, {})
    if verdict.outcome != PASS:
        wrong = [f for f in verdict.findings if f.holds is not True]
        for finding in wrong:
            yield f"{where}.{finding.subject}: expected {finding.expected}, actual {finding.actual}"
        if not wrong:
            yield f"{where}: {verdict.reason}"
