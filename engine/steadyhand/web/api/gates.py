"""What the operations around questions do: which stand open, and what people answer."""

from __future__ import annotations

from ... import events as e
from ...app import answering, runs, watching
from ...core import State
from ...core.answers import Answer
from ...errors import NotFound, UsageError
from ...events import GateOpened
from ...model import Runbook
from ...model.people import Role
from ...model.wire import Answered, AnswerGate, Gates, OpenGate
from ...projections.rows import RunRow
from ...projections.words import rfc3339
from ..problems import Refusal
from .calling import Call
from .runs import done_before
from .seeing import must, recorded_of, run_of, services_of

HARMLESS = frozenset({"choose", "ask", "manual"})
"""The kinds of gates that a responder may answer: no change hangs on them alone. Any other needs an approver."""


def open_ones(call: Call) -> Gates:
    """All questions that stand open where whoever asks may see them."""
    server = call.server
    rows = [row for row in server.board.runs() if row.gates and call.who.may(Role.VIEWER, services_of(server, row.id))]
    return Gates([_drawn(row, gate) for row in reversed(rows) for gate in row.gates])


def _drawn(row: RunRow, gate: GateOpened) -> OpenGate:
    return OpenGate(
        id=gate.gate,
        kind=gate.kind,
        prompt=gate.prompt,
        options=dict(gate.options),
        digest=gate.digest,
        preview=gate.preview,
        roles=list(gate.roles),
        quorum=gate.quorum,
        due=rfc3339(gate.due) if gate.due else None,
        run=row.id,
        runbook=row.runbook,
        opening=gate.opening,
        notices=list(gate.notices),
    )


def answered(call: Call) -> Answered:
    """Record what a person says to a gate. Raises Refusal when it does not count (that is recorded, too)."""
    asked: AnswerGate = call.body
    run = run_of(call, Role.RESPONDER)
    services = call.server.services
    recorded = recorded_of(call, run)
    state = runs.state_of(services, run)
    known = state.gates.get(call.given["gate"])
    if known is None:
        names = ", ".join(gate.opened.gate for gate in state.open_gates) or "none is open"
        raise NotFound(f"run {run} has no gate {call.given['gate']}", f"gates: {names}")
    if known.opened.kind not in HARMLESS:
        must(call.who, Role.APPROVER, services_of(call.server, run))
    answer = _meant(call, asked, watching.runbook_of(services, recorded), state, known.opened)
    if not done_before(call, run, lambda event: _same(event, answer)):
        _record(call, run, answer)
    return Answered(run, answer.gate, answer.answer, answer.by)


def _same(event: e.Event, answer: Answer) -> bool:
    return isinstance(event, e.GateAnswered) and (event.gate, event.opening, event.by, event.answer) == (
        answer.gate, answer.opening, answer.by, answer.answer,
    )  # fmt: skip


def _record(call: Call, run: str, answer: Answer) -> None:
    try:
        event = runs.answer(call.server.services, run, answer)
    except UsageError as problem:
        if call.server.services.journal.head(run) and runs.state_of(call.server.services, run).conclusion is not None:
            raise Refusal("conflict", problem.message, problem.hint) from None
        raise
    call.wrote()
    if isinstance(event, e.AnswerRefused):
        raise Refusal("answer-refused", event.reason, "look at the gate again; the refusal stands in the transcript")


def _meant(call: Call, asked: AnswerGate, runbook: Runbook, state: State, opened: GateOpened) -> Answer:
    """The answer that a request stands for: in full words, and to what was shown. Raises Refusal."""
    if opened.digest and asked.digest != opened.digest:
        why = "has another digest" if asked.digest else "has a digest, and the answer names none"
        raise Refusal(
            "unfit" if not asked.digest else "conflict",
            f"gate {opened.gate} {why}",
            "look at what it asks now, and give the digest that it shows: a yes is a yes to that alone",
        )
    who = call.who
    if opened.kind == "ask":
        if asked.answer != "answer":
            raise Refusal(
                "unfit", f"gate {opened.gate} wants a typed answer", "write answer: answer, and the value in `value`"
            )
        value = answering.typed(runbook, state, opened, asked.value)
        return Answer(
            opened.gate, who.person, "answer", opened.digest, who.how, value, asked.comment, opened.opening,
            who.origin, who.groups,
        )  # fmt: skip
    if asked.value is not None:
        raise Refusal("unfit", f"gate {opened.gate} takes no value", f"answers: {', '.join(opened.options)}")
    found = answering.interpret(
        runbook, state, opened, asked.answer, by=who.person, via=who.how, comment=asked.comment, origin=who.origin,
        groups=who.groups,
    )  # fmt: skip
    if found.answer != asked.answer:
        raise Refusal(
            "unfit", f"{asked.answer!r} is no answer to {opened.gate}", f"answers: {', '.join(opened.options)}"
        )
    return found
