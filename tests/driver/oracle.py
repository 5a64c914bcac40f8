"""The promises as questions to a journal: written from what they say, not from how the engine keeps them.

`held(...)` is asked of each attempt that has reached the world, with everything that was in the store at that moment in
the order in which it came; `told(...)` of the whole story of a run.
"""

from __future__ import annotations

import re

from steadyhand import events as e
from steadyhand.core import State, fold
from steadyhand.core.estate import fold_target, stream_of
from steadyhand.core.locks import key_of, locked
from steadyhand.core.paths import entry, locate
from steadyhand.driver.freezes import in_force
from steadyhand.model import Do

QUIET = ("resolved", "silenced", "inhibited")


def owner(path):
    """The path of the step that a path belongs to: without its items and its phases, with its branch."""
    head, slash, last = path.rpartition("/")
    return f"{head}{slash}{re.split(r'[:[]', last, maxsplit=1)[0]}"


def events_of(log, stream):
    return [one for one in log if one.stream == stream]


def held(runbook, log, effect, changes):
    """What must be true of an attempt at the moment in which it reaches the world. Returns the number of its intent."""
    story = events_of(log, effect.run)
    state = fold(story)
    intents = [one for one in story if isinstance(one.event, e.StepIntended) and one.event.path == effect.path]
    assert intents, "an attempt without an intent in the store"
    intent = intents[-1]
    assert intent.event.attempt == effect.attempt
    assert effect.path in state.running, "an attempt that was given up before it began"
    assert state.conclusion is None, "an attempt after the conclusion"
    assert effect.fence == f"{effect.run}:{state.epoch}", "an attempt of an engine that was replaced"
    stops = [one.seq for one in story if isinstance(one.event, e.StopRequested)]
    assert all(intent.seq < stop for stop in stops), "an attempt that began after the stop"
    assert state.run.mode != "dry-run", "a dry run did something"
    if intent.event.effect != "read":
        before = story[: intent.seq - 1]
        _yes(runbook, before, intent, changes)
        if not effect.path.endswith(":undo"):
            _knows_of_the_alert(before, intent)
        _locks(runbook, log, state, effect)
    return intent.seq


def _yes(runbook, before, intent, changes):
    """The right people have said yes to this plan, or the runbook and the mode let it pass unasked."""
    state, event = fold(before), intent.event
    step = locate(runbook, state, event.path).step
    if not event.gate:
        assert state.run.mode == "auto", "nobody was asked"
        assert step.gate is not None, "nobody was asked"
        assert step.gate.auto, "nobody was asked"
        assert key_of(owner(event.path), entry(state, event.path)) not in state.cautions, (
            "unasked in spite of a caution"
        )
        approvers = []
    else:
        approvers = _approvers(before, intent, state)
    if not event.path.endswith(":undo"):
        freeze = in_force(changes.freezes, locked(step), intent.at)
        if freeze is not None:
            have = {role for by in approvers for role in state.run.roles if by in state.run.roles[role]}
            assert have & set(freeze.roles), "a change in a freeze, without those who may make one"


def _knows_of_the_alert(before, intent):
    """Each yes was given when it was known how the alert stood; unasked nothing begins while it is quiet."""
    status, quiet = "", 0
    for one in before:
        if isinstance(one.event, e.AlertChanged) and one.event.status != status:
            status = one.event.status
            quiet = one.seq if status in QUIET else quiet
    said = [one for one in before if isinstance(one.event, e.GateAnswered) and one.event.gate == intent.event.gate]
    opened = [one.seq for one in before if isinstance(one.event, e.GateOpened) and one.event.gate == intent.event.gate]
    if not intent.event.gate:
        assert status not in QUIET, "unasked although the alert is quiet"
    for one in said:
        assert one.seq > quiet or one.seq < opened[-1], "a yes from before the alert went quiet"


def _approvers(before, intent, state):
    event = intent.event
    if event.path.endswith(":undo") and not event.gate.endswith(":doubt"):
        before = _when_it_began(before, event)  # an undo is part of what was approved for what it takes back
    opened = [one for one in before if isinstance(one.event, e.GateOpened) and one.event.gate == event.gate][-1]
    gate, since = opened.event, before[opened.seq :]
    said = [one for one in since if isinstance(one.event, e.GateAnswered) and one.event.gate == event.gate]
    closed = [one for one in since if isinstance(one.event, e.GateClosed) and one.event.gate == event.gate]
    assert [one.event.result for one in closed] in (["approved"], ["run_again"])
    yes = [one for one in said if one.event.answer in {"approve", "run_again"}]
    assert len({one.event.by for one in yes}) >= gate.quorum, "the quorum was not met"
    assert gate.plans.get(event.path, event.digest) == event.digest, "a yes to another plan"
    used = [
        one for one in since
        if isinstance(one.event, e.StepIntended) and one.event.gate == event.gate and one.event.path == event.path
    ]  # fmt: skip
    assert not used or event.idempotent, "a yes was used twice"
    for one in yes:
        assert one.seq < closed[0].seq
        assert not gate.due or one.at <= gate.due, "a yes after the time for it"
        assert one.event.digest == gate.digest, "a yes to something else"
        assert not (gate.other_than_requester and one.event.by == state.run.requester), "a yes to oneself"
        known = [role for role in gate.roles if role in state.run.roles]
        if len(known) == len(gate.roles) and known:
            assert any(one.event.by in state.run.roles[role] for role in known), "a yes without the role"
    return [one.event.by for one in yes]


def _when_it_began(before, event):
    """The story up to the intent of what an undo takes back, where that began by a yes of the same gate."""
    path = event.path.removesuffix(":undo")
    begun = [one for one in before if isinstance(one.event, e.StepIntended) and one.event.path == path]
    return before[: begun[-1].seq - 1] if begun and begun[-1].event.gate == event.gate else before


def _locks(runbook, log, state, effect):
    """Each target of the step is locked for this visit, and was free when it was taken."""
    step = locate(runbook, state, effect.path).step
    path, number = owner(effect.path), entry(state, effect.path)
    for target in locked(step):
        lock = state.locks.get(key_of(path, number))
        assert lock is not None, "a change without its locks"
        assert lock.held, "a change without its locks"
        story = [(at, one) for at, one in enumerate(log) if one.stream == stream_of(target)]
        takes = [(at, one) for at, one in story if isinstance(one.event, e.LockTaken)]
        at, last = takes[-1]
        assert (last.event.run, last.event.path) == (effect.run, path), "the target is somebody else's by now"
        lease = fold_target([one for when, one in story if when < at]).leased(last.at)
        assert lease is None or lease.by == state.run.requester, "locked although it was leased"
        for other in {one.event.run for when, one in takes if when < at} - {effect.run}:
            there = fold(events_of(log[:at], other))
            theirs = [one.event for when, one in takes if when < at and one.event.run == other][-1]
            known = there.locks[key_of(theirs.path, theirs.visit)]
            assert there.conclusion or known.released, "two runs had the target"


def told(runbook, story):
    """What must be true of a run as a whole: no second attempt in doubt without a word, no pass without an attempt."""
    doubted = {}
    tried = {}
    unasked = {}  # changes that run, and those in doubt with their step, until somebody is asked about them
    dry = story[0].event.mode == "dry-run"  # nothing is carried out
    for one in story:
        match one.event:
            case e.StepEntered(path=path) as entered:
                doubted = {p: at for p, at in doubted.items() if not _under(path, p)}
                _left_by(runbook, one.event, tried)
                assert not entered.came_from or entered.came_from not in unasked.values(), (
                    "nobody was asked about a doubt"
                )
                tried = {p: outcome for p, outcome in tried.items() if not _under(entered.path, p)}
            case e.ScopeEnded() | e.RunConcluded():
                _left_by(runbook, one.event, tried)
            case e.StepIntended(path=path, effect=effect, idempotent=idempotent, gate=gate) if effect != "read":
                if not idempotent and path in doubted and not dry:
                    words = [o.event for o in story[doubted[path] : one.seq - 1] if isinstance(o.event, e.GateClosed)]
                    assert gate == f"{path}:doubt", "attempted again on a guess"
                    assert [w.result for w in words if w.gate == gate][-1] == "run_again"
                doubted[path] = one.seq
                if not idempotent and not dry:
                    unasked[path] = ""
            case e.StepSettled(path=path, attempt=attempt, outcome=outcome, unsure=unsure):
                if attempt:
                    tried[path] = outcome
                if unasked.pop(path, None) is not None and unsure:
                    unasked[path] = owner(path)
            case e.StepInterrupted(path=path) if path in unasked:
                unasked[path] = owner(path)
            case e.RunResumed():
                unasked = {running: owner(running) for running in unasked}
            case e.GateOpened(path=path, kind="doubt"):
                unasked.pop(path, None)
            case e.GateClosed(gate=gate, result="happened"):
                tried[gate.removesuffix(":doubt")] = "pass"
            case _:
                pass


def _left_by(runbook, event, tried):
    """A step is left by `pass` only when an attempt in this very visit has passed."""
    if event.outcome != "pass" or not event.came_from:
        return
    step = locate(runbook, State(), event.came_from).step
    if isinstance(step.body, Do) and step.each is None:
        assert tried.get(event.came_from) == "pass", f"{event.came_from} is left by pass, and nothing was done"


def _under(path, key):
    return key == path or (key.startswith(path) and key[len(path)] in ".[:/")
