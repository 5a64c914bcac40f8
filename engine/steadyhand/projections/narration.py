"""A run line by line, for a terminal and for a pipe: short, aligned, without noise. Pure."""

from __future__ import annotations

from .. import events as e
from ..graph.build import kind_of
from ..model import Runbook
from .words import CONCLUSIONS, brief, clock, took

WIDTH = 16


def narrate(one: e.Recorded, runbook: Runbook) -> tuple[str, ...]:
    """The lines of one event; none for what nobody needs to read at night."""
    words = _words(one.event, runbook)
    return tuple(f"{clock(one.at)}  {line}" if number == 0 else f"{'':10}{line}" for number, line in enumerate(words))


def _at(path: str, text: str) -> str:
    return f"{path:<{WIDTH}}  {text}"


def _words(event: e.Event, runbook: Runbook) -> tuple[str, ...]:
    match event:
        case e.RunStarted(runbook=name, mode=mode, requester=requester):
            return (f"run of {name} ({runbook.title}), mode {mode}, started by {requester}",)
        case e.StepEntered(path=path):
            step = runbook.steps.get(path)
            return (_at(path, f"{step.title} ({kind_of(step)})"),) if step else (_at(path, "begins"),)
        case e.StepIntended(path=path, attempt=attempt, preview=preview):
            again = f" (attempt {attempt})" if attempt > 1 else ""
            return (_at(path, f"$ {brief(preview, 140)}{again}"),)
        case e.StepSettled():
            return _settled(event)
        case e.StepInterrupted(path=path, reason=reason):
            return (_at(path, f"interrupted: {reason}"),)
        case e.FactsSet(path=path, facts=facts, outcome=outcome):
            return (_at(path, f"{outcome}: " + ", ".join(f"{k} = {brief(v, 60)}" for k, v in facts.items())),)
        case e.GateOpened():
            return _asked(event)
        case e.GateAnswered(gate=gate, by=by, answer=answer, comment=comment):
            return (_at(gate, f"{by}: {answer}{f' ({comment})' if comment else ''}"),)
        case e.AnswerRefused(gate=gate, by=by, answer=answer, reason=reason):
            return (_at(gate, f"answer {answer} of {by} refused: {reason}"),)
        case e.GateClosed(gate=gate, result=result, reason=reason):
            return (_at(gate, f"{result}{f': {reason}' if reason else ''}"),)
        case e.RunConcluded():
            return _concluded(event)
        case _:
            return _rest(event)


def _rest(event: e.Event) -> tuple[str, ...]:
    match event:
        case e.RunResumed(driver=driver, before=before):
            return (f"resumed by {driver} (before: {before or 'unknown'})",)
        case e.RunPaused(reason=reason):
            return (f"paused: {reason}",)
        case e.ChildFound(path=path, pid=pid, command=command):
            return (_at(path, f"process {pid} outlived its engine and still runs: {brief(command, 100)}"),)
        case e.ChildStopped(path=path, pid=pid, how=how):
            return (_at(path, f"process {pid} was ended ({how})"),)
        case e.StopRequested(by=by, reason=reason):
            return (f"{by} asked for a stop{f': {reason}' if reason else ''}",)
        case e.NoteAdded(by=by, text=text):
            return (f"note by {by}: {text}",)
        case e.EscalationRaised(to=to, contact=contact, after=after):
            return (f"ESCALATE to {to or 'whoever is next'} {contact} (the run has taken {took(after)})",)
        case e.EachExpanded(path=path, keys=keys):
            return (_at(path, f"{len(keys)} items"),)
        case e.CallStarted(path=path, runbook=name):
            return (_at(path, f"runbook {name} begins"),)
        case e.ScopeEnded(path=path, conclusion=conclusion):
            return (_at(path, f"ended {conclusion}"),)
        case e.PreflightChecked(rows=rows):
            return tuple(f"preflight: {what}: {detail}" for what, holds, detail in rows if not holds)
        case _:
            return ()  # timers, children and cancellations: nobody needs to read them at night


def _settled(event: e.StepSettled) -> tuple[str, ...]:
    time = f" in {took(event.duration)}" if event.duration else ""
    lines = [
        _at(
            event.path,
            f"{event.outcome}{time}: {brief(event.reason, 140)}" if event.reason else f"{event.outcome}{time}",
        )
    ]
    pad = f"{'':{WIDTH}}  "
    for finding in event.findings:
        if finding.holds is not True:
            lines.append(
                f"{pad}{finding.subject}: expected {brief(finding.expected, 80)}, actual {brief(finding.actual, 80)}"
            )
            lines += [f"{pad}  {name} = {brief(value, 100)}" for name, value in finding.names.items()]
    if event.unsure:
        lines.append(f"{pad}it may have had its effect all the same")
    if event.hint:
        lines.append(f"{pad}{event.hint}")
    return tuple(lines)


def _asked(event: e.GateOpened) -> tuple[str, ...]:
    pad = f"{'':{WIDTH}}  "
    lines = [_at(event.gate, f"? {event.prompt}")]
    lines += [f"{pad}  {line}" for line in event.preview.splitlines()]
    who = f", from {' or '.join(event.roles)}" if event.roles else ""
    many = f"{event.quorum} approvals needed, " if event.quorum > 1 else ""
    lines.append(f"{pad}{many}answers: {', '.join(event.options)}{who}; a yes is to {event.digest[:12]}")
    return tuple(lines)


def _concluded(event: e.RunConcluded) -> tuple[str, ...]:
    lines = [f"{CONCLUSIONS.get(event.conclusion, event.conclusion)}{f' ({event.reason})' if event.reason else ''}"]
    lines += [f"IN DOUBT: nobody knows whether the change {path} happened" for path in event.in_doubt]
    return tuple(lines)
