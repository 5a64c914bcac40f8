"""A run line by line, for a terminal and for a pipe: short, aligned, without noise. Pure.

What comes from outside (output, prompts, notes) is escaped and indented: none of it can look like a line of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import events as e
from ..graph.build import kind_of
from ..model import BACK, FAIL, Call, Diagnose, Finding, Runbook, Step
from .undelivered import NOTIFY, lost, of_notify
from .words import brief, clock, confinement, door, ending, lines_of, took

WIDTH = 16
MOST = 140
"""Characters of a reason or of a line of a command."""
FIRST = 3
"""Lines of a command that are shown while it runs; the transcript has all of them."""
MESSAGE = 40
"""Lines of a notification that are shown: whoever watches is among those who are told."""
PAD = f"{'':{WIDTH}}  "


def narrate(one: e.Recorded, runbook: Runbook, mode: str = "") -> tuple[str, ...]:
    """The lines of one event; none for what nobody needs to read at night. `mode` is the mode of the run."""
    said = _said(one.event, runbook, mode)
    lines = [line for text in said for line in lines_of(text)[:1] or [""]]
    return tuple(f"{clock(one.at) if number == 0 else '':8}  {line}" for number, line in enumerate(lines))


def _step(runbook: Runbook, path: str) -> Step | None:
    """The step at a path, also in a called runbook; None inside a branch."""
    above, _, name = path.rpartition("/")
    for part in filter(None, above.split("/")):
        step = runbook.steps.get(part)
        if step is None or not isinstance(step.body, Call):
            return None
        runbook = runbook.calls[step.body.runbook]
    return runbook.steps.get(name)


def _at(path: str, text: str) -> str:
    return f"{path:<{WIDTH}}  {text}"


def _said(event: e.Event, runbook: Runbook, mode: str) -> tuple[str, ...]:
    match event:
        case e.RunStarted(runbook=name, mode=how, requester=requester):
            through = brief(door("" if event.via == "cli" else event.via, event.origin))
            who = f"{brief(requester)}{f' ({through})' if through else ''}"
            return (f"run of {name} ({brief(runbook.title)}), mode {how}, started by {who}",)
        case e.StepEntered(path=path):
            step = _step(runbook, path)
            return (_at(path, f"{brief(step.title)} ({kind_of(step)})"),) if step else (_at(path, "begins"),)
        case e.StepIntended():
            return _intended(event)
        case e.StepSettled():
            return (*_settled(event, _told(runbook, event)), *_found(event, runbook))
        case e.StepInterrupted(path=path, reason=reason):
            return (_at(path, f"interrupted: {brief(reason)}"),)
        case e.FactsSet(path=path, facts=facts, outcome=outcome):
            return (_at(path, f"{outcome}: " + ", ".join(f"{k} = {brief(v, 60)}" for k, v in facts.items())),)
        case e.GateOpened():
            return _asked(event)
        case e.GateAnswered(gate=gate, answer=answer, comment=comment, value=value):
            by = _whose(event.by, event.origin)
            typed = ", ".join(f"{k} = {brief(v, 60)}" for k, v in value.items()) if isinstance(value, Mapping) else ""
            return (_at(gate, f"{by}: {typed or brief(answer)}{f' ({brief(comment)})' if comment else ''}"),)
        case e.AnswerRefused(gate=gate, answer=answer, reason=reason):
            return (_at(gate, f"answer {brief(answer)} of {_whose(event.by, event.origin)} refused: {brief(reason)}"),)
        case e.GateClosed(gate=gate, result=result, reason=reason):
            return (_at(gate, f"{result}{f': {brief(reason)}' if reason else ''}"),)
        case e.RunConcluded():
            return _concluded(event, mode)
        case _:
            return _rest(event)


def _whose(by: str, origin: str) -> str:
    return f"{brief(by)} from {brief(origin)}" if origin else brief(by)


def _rest(event: e.Event) -> tuple[str, ...]:
    match event:
        case e.RunResumed(driver=driver, before=before):
            return (f"resumed by {brief(driver)} (before: {brief(before) or 'unknown'})",)
        case e.RunPaused(reason=reason):
            return (f"paused: {brief(reason)}",)
        case e.ChildFound(path=path, pid=pid, command=command):
            return (_at(path, f"process {pid} outlived its engine and still runs: {brief(command, 100)}"),)
        case e.ChildStopped(path=path, pid=pid, how=how):
            return (_at(path, f"process {pid} was ended ({how})"),)
        case e.StopRequested(by=by, reason=reason, origin=origin):
            return (f"{_whose(by, origin)} asked for a stop{f': {brief(reason)}' if reason else ''}",)
        case e.AlertChanged(status=status, by=by):
            return (f"the alert is {brief(status)}{f' (says {brief(by)})' if by else ''}",)
        case e.NoteAdded(by=by, text=text, origin=origin):
            first, *more = lines_of(text) or [""]
            return (f"note by {_whose(by, origin)}: {first}", *(f"  {line}" for line in more))
        case e.EscalationRaised(to=to, contact=contact, after=after):
            who = brief(f"{to or 'whoever is next'} {contact}")
            return (f"ESCALATE to {who} (the run takes longer than {took(after)})",)
        case e.CautionRaised(path=path, notices=notices):
            return (_at(path, "asked for, since:"), *(f"{PAD}! {brief(notice, MOST)}" for notice in notices))
        case e.LocksRefused(path=path, reason=reason):
            return (_at(path, f"waits: {brief(reason, MOST)}"),)
        case e.LocksTaken(path=path):
            return (_at(path, "its targets are locked for it"),)
        case e.EachExpanded(path=path, keys=keys):
            return (_at(path, f"{len(keys)} items"),)
        case e.CallStarted(path=path, runbook=name):
            return (_at(path, f"runbook {name} begins"),)
        case e.ScopeEnded(path=path, conclusion=conclusion):
            return (_at(path, f"ended {conclusion}"),)
        case e.PreflightChecked(rows=rows):
            return tuple(f"preflight: {brief(what)}: {brief(detail)}" for what, holds, detail in rows if not holds)
        case _:
            return ()  # timers, children and cancellations: nobody needs to read them at night


def _intended(event: e.StepIntended) -> tuple[str, ...]:
    again = f" (attempt {event.attempt})" if event.attempt > 1 else ""
    first, *more = map(_cut, lines_of(event.preview) or [""])
    most = MESSAGE if event.kind == NOTIFY else FIRST
    shown = [f"{PAD}  {line}" for line in more[: most - 1]]
    if len(more) >= most:
        shown.append(f"{PAD}  … ({len(more) - most + 1} more lines)")
    if event.confinement:
        shown.append(f"{PAD}({confinement(event.kind, event.effect, event.confined, event.confinement)})")
    return (_at(event.path, f"$ {first}{again}"), *shown)


def _cut(line: str) -> str:
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"


def _told(runbook: Runbook, event: e.StepSettled) -> bool:
    """Whether it is a notification that has settled."""
    step = _step(runbook, event.path.partition("[")[0])
    return of_notify(event.values) or (step is not None and kind_of(step) == NOTIFY)


def _settled(event: e.StepSettled, told: bool) -> tuple[str, ...]:
    time = f" in {took(event.duration)}" if event.duration else ""
    reason = f": {brief(event.reason, MOST)}" if event.reason else ""
    lines = [_at(event.path, f"{event.outcome}{time}{reason}"), *_failing(event)]
    if event.unsure:
        lines.append(f"{PAD}it may have had its effect all the same")
    if event.hint:
        lines.append(f"{PAD}{brief(event.hint, 2 * MOST)}")
    if told and not event.simulated:
        lines += [
            f"{PAD}NOT DELIVERED: {brief(what, 3 * MOST)}" for what in lost(event.outcome, event.reason, event.values)
        ]
    return tuple(lines)


def _found(event: e.StepSettled, runbook: Runbook) -> Iterator[str]:
    """The cause that a check of a diagnosis has found."""
    head, dot, name = event.path.rpartition(".")
    step = _step(runbook, head) if dot and event.outcome == FAIL else None
    if step is not None and isinstance(step.body, Diagnose):
        yield from (f"{PAD}found: {brief(check.cause)}" for check in step.body.checks if check.id == name)


def _failing(event: e.StepSettled) -> list[str]:
    """The findings that do not hold, as far as the reason has not told them."""
    failing = [finding for finding in event.findings if finding.holds is not True]
    told = len(failing) == 1 and len(event.reason) <= MOST
    return [line for finding in failing for line in _finding(finding, told=told)]


def _finding(finding: Finding, *, told: bool) -> list[str]:
    expected, actual = brief(finding.expected, 80), brief(finding.actual, 80)
    lines = [] if told else [f"{PAD}{brief(finding.subject)}: expected {expected}, actual {actual}"]
    return lines + [f"{PAD}  {brief(name)} = {brief(value, 100)}" for name, value in finding.names.items()]


def _asked(event: e.GateOpened) -> tuple[str, ...]:
    first, *more = lines_of(event.prompt) or [""]
    lines = [_at(event.gate, f"? {first}"), *(f"{PAD}  {line}" for line in more)]
    lines += [f"{PAD}! {brief(notice, MOST)}" for notice in event.notices]
    lines += [f"{PAD}  {line}" for line in lines_of(event.preview)]
    return (*lines, *(f"{PAD}{line}" for line in _answers(event)))


def answers_of(event: e.GateOpened) -> str:
    """What may be answered, on one line: the options, or what a typed value must satisfy."""
    if event.kind != "ask":
        return ", ".join(event.options)
    return f"a value: {brief(', '.join(f'{k} {brief(v)}' for k, v in event.schema.items()) or 'any')}"


def _answers(event: e.GateOpened) -> Iterator[str]:
    """What may be answered, by whom, and what a yes would be a yes to."""
    who = f", from {' or '.join(event.roles)}" if event.roles else ""
    if event.kind == "confirm":
        many = f"{event.quorum} approvals needed, " if event.quorum > 1 else ""
        yield f"{many}answers: {', '.join(event.options)}{who}; a yes is to {event.digest[:12]}"
        for option, label in event.options.items():
            if option.startswith(BACK):
                yield f"  {option:<{WIDTH}}{brief(label)}, and say why"
    elif event.kind == "ask":
        yield f"{answers_of(event)}{who}"
    else:
        yield f"answers{who}:"
        yield from (f"  {option:<{WIDTH}}{brief(label)}" for option, label in event.options.items())


def _concluded(event: e.RunConcluded, mode: str) -> tuple[str, ...]:
    reason = f" ({brief(event.reason, 2 * MOST)})" if event.reason else ""
    lines = [f"{ending(event.conclusion, mode)}{reason}"]
    lines += [f"IN DOUBT: nobody knows whether the change {path} happened" for path in event.in_doubt]
    return tuple(lines)
