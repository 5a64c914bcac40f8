"""What must hold in every run, over random runbooks and random worlds that crash at any point."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.core import decide, fold, survey
from steadyhand.core.state import State
from steadyhand.core.tables import AFTER_THE_END, RUN_AGAIN
from steadyhand.model import Do, Mode

from .worlds import Dice, news, runbooks, started, world

few = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
MODES = st.sampled_from([m.value for m in Mode if m is not Mode.DRY_RUN])


def play(data, mode):
    runbook = data.draw(runbooks())
    script = Dice(data)
    run = world(runbook, script)
    run.run(started(mode), limit=3000, outside=news(data))
    return runbook, run


@few
@given(st.data(), MODES)
def test_every_run_ends_or_reaches_the_bound_of_its_loops(data, mode):
    _, run = play(data, mode)
    assert run.state.conclusion is not None or len(run.recorded) >= 3000
    assert not run.state.running


@few
@given(st.data(), MODES)
def test_no_change_before_its_gate_and_none_twice_without_a_word(data, mode):
    runbook, run = play(data, mode)
    state = State()
    unanswered = {}
    for one in run.recorded:
        event = one.event
        if isinstance(event, e.StepEntered):
            unanswered = {p: a for p, a in unanswered.items() if not under(event.path, p)}
        if isinstance(event, e.StepIntended) and event.effect != "read":
            gate = state.gates.get(event.gate)
            if event.gate and gate.undoes(event.path):
                pass  # part of what was approved when it began, whatever is asked about the rest by now
            elif event.gate:
                assert gate is not None
                assert gate.result in {"approved", RUN_AGAIN}
                yes = [a for a in gate.answers if a.answer in {"approve", "run_again"}]
                assert len({a.by for a in yes}) >= gate.opened.quorum
            else:
                assert may_run_unasked(runbook, event.path, mode)
            if not event.idempotent and event.path in unanswered:
                assert event.gate.endswith(":doubt"), "a change was attempted again without a person's word"
                assert gate.result == RUN_AGAIN
            unanswered[event.path] = event.attempt
        state = state.after(one)


QUIET = {"resolved", "silenced", "inhibited"}


@few
@given(st.data(), MODES)
def test_no_change_begins_after_its_alert_went_quiet_without_a_yes_that_was_given_later(data, mode):
    """Told from the events alone. An undo goes on: it takes back what had begun before."""
    _, run = play(data, mode)
    status, quiet, yes = "firing", 0, {}
    for one in run.recorded:
        match one.event:
            case e.AlertChanged(status=told):
                quiet = one.seq if told in QUIET and told != status else quiet
                status = told
            case e.GateOpened(gate=gate):
                yes[gate] = []
            case e.GateAnswered(gate=gate, answer=answer) if answer in {"approve", "run_again"}:
                yes[gate].append(one.seq)
            case e.StepIntended(path=path, effect=effect, gate=gate) if effect != "read" and not path.endswith(":undo"):
                if gate:
                    assert yes[gate]
                    assert min(yes[gate]) > quiet, f"{path} began by a yes from before the alert went quiet"
                else:
                    assert status not in QUIET, f"{path} began unasked"
            case _:
                pass


@few
@given(st.data(), MODES)
def test_what_has_begun_is_verified_and_undone_whatever_the_alert_does(data, mode):
    """A step is not left while a part of its change waits to be taken back."""
    runbook, run = play(data, mode)
    state = State()
    for one in run.recorded:
        if isinstance(one.event, e.StepEntered) and "/" not in one.event.path and one.event.came_from:
            assert not [p for p in state.running if under(one.event.came_from, p)], "left while a part of it runs"
            step = runbook.steps[one.event.came_from]
            if step.verify is not None and isinstance(step.body, Do) and step.undo is not None:
                for path, leaf in state.leaves.items():
                    if path.endswith(":verify") and under(one.event.came_from, path) and leaf.outcome != "pass":
                        assert f"{path.removesuffix(':verify')}:undo" in state.leaves, (
                            "what did not help was not undone"
                        )
        state = state.after(one)


def under(path, key):
    return key == path or (key.startswith(path) and key[len(path)] in ".[:/")


def may_run_unasked(runbook, path, mode):
    """Only where the step's own gate lets mode auto pass."""
    name = path.split(".")[0].split("[")[0].split(":")[0].split("/")[0]
    step = runbook.steps[name]
    branch = path.removeprefix(f"{name}.").split("/")[0].split(":")[0].split("[")[0] if "." in path else ""
    for one in getattr(step.body, "branches", ()):
        if one.id == branch and one.step is not None:
            step = one.step
    return mode == "auto" and step.gate is not None and step.gate.auto


@few
@given(st.data(), MODES)
def test_nothing_happens_after_the_conclusion(data, mode):
    _, run = play(data, mode)
    ends = [i for i, one in enumerate(run.recorded) if isinstance(one.event, e.RunConcluded)]
    assert len(ends) <= 1
    for end in ends:
        assert all(e.name_of(one.event) in AFTER_THE_END for one in run.recorded[end + 1 :])


@few
@given(st.data(), MODES)
def test_the_fold_splits_anywhere_and_deciding_is_deterministic(data, mode):
    runbook, run = play(data, mode)
    cut = data.draw(st.integers(0, len(run.recorded)))
    assert fold(run.recorded[cut:], fold(run.recorded[:cut])) == run.state
    assert decide(runbook, run.recorded[:cut]) == decide(runbook, run.recorded[:cut])


@few
@given(st.data(), MODES)
def test_after_its_intents_the_decider_is_quiet_and_something_is_awaited(data, mode):
    runbook, run = play(data, mode)
    state = run.state
    wanted = survey(runbook, state)
    if state.conclusion is None:
        return
    assert wanted.actions == ()
    assert wanted.timers == frozenset()


@few
@given(st.data(), MODES)
def test_a_yes_is_used_once(data, mode):
    _, run = play(data, mode)
    uses = {}
    opening = {}
    for one in run.recorded:
        match one.event:
            case e.GateOpened(gate=gate, opening=number):
                opening[gate] = number
            case e.StepIntended(gate=gate, path=path, idempotent=False, effect=effect) if gate and effect != "read":
                key = (gate, opening[gate], path)
                assert key not in uses
                uses[key] = one.seq
            case _:
                pass


@few
@given(st.data())
def test_a_dry_run_asks_nobody(data):
    runbook = data.draw(runbooks())
    run = world(runbook, Dice(data, crashes=0))
    run.run(started("dry-run"), limit=3000)
    assert not [one for one in run.recorded if isinstance(one.event, e.GateOpened)]
    waits = [one.event.key for one in run.recorded if isinstance(one.event, e.TimerSet)]
    assert all(key.startswith(("run:", "retry:")) for key in waits)


@few
@given(st.data(), MODES)
def test_events_survive_their_text_form(data, mode):
    _, run = play(data, mode)
    for one in run.recorded:
        assert e.decode(e.name_of(one.event), e.encode(one.event)) == one.event


@few
@given(st.data(), MODES)
def test_a_change_that_locks_runs_only_while_it_holds_its_locks_and_lets_go(data, mode):
    """No first byte before the locks are held, and nothing held when the run leaves the step."""
    runbook, run = play(data, mode)
    held: dict[str, bool] = {}
    for one in run.recorded:
        match one.event:
            case e.LocksTaken(path=path):
                held[path] = True
            case e.LocksReleased(path=path):
                held[path] = False
            case e.StepIntended(path=path, effect=effect) if effect != "read" and mode != "dry-run":
                top = re.split(r"[.:\[]", path, maxsplit=1)[0]
                if runbook.steps[top].lock and isinstance(runbook.steps[top].body, Do):
                    assert held.get(top), f"{path} began without its locks"
            case e.StepEntered(path=path):
                assert not any(held.values()), "control has moved, and locks are still held"
