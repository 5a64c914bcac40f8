"""A step that acts: capture, do, settle, verify, capture again, undo. The parts belong together, and so do their paths.

    restart               the operation itself
    restart:before.NAME   reads taken just before it, and
    restart:after.NAME    the same reads afterwards, so that the transcript shows what changed
    restart:verify        the check that proves it, after it has settled
    restart:undo          what takes it back, when the check does not pass

A plain read is the same without the extra parts.
"""

from __future__ import annotations

from ..model import ERROR, FAIL, PASS, Do, Mode, Operation, Step, Verify
from . import actions as a
from .operation import attempt, elapsed
from .situation import Done, Progress, Situation
from .state import Leaf
from .tables import Phase


def change(here: Situation, step: Step, path: str, gate: str) -> Progress:
    """The step (or one item of a wave) at `path`, under the yes of `gate`."""
    assert isinstance(step.body, Do)  # noqa: S101 the caller has looked
    before = _captures(here, step, f"{path}:before")
    if before is not None:
        return before
    did = attempt(here, step.body.operation, path, gate)
    if not isinstance(did, Done):
        return did
    return _proved(here, step, path, gate, did)


def _captures(here: Situation, step: Step, prefix: str) -> tuple[a.Action, ...] | None:
    """None once all captures under `prefix` were tried; one that could not be taken holds nothing up."""
    parts = [attempt(here, operation, f"{prefix}.{name}") for name, operation in step.capture.items()]
    if all(isinstance(part, Done) for part in parts):
        return None
    return tuple(action for part in parts if not isinstance(part, Done) for action in part)


def _proved(here: Situation, step: Step, path: str, gate: str, did: Done) -> Progress:
    """After the change: verify it, take the second captures, undo it where it did not prove itself."""
    verified = _verify(here, step.verify, path) if step.verify is not None and did.outcome == PASS else did
    if not isinstance(verified, Done):
        return verified
    after = _captures(here, step, f"{path}:after")
    if after is not None:
        return after
    if step.verify is None or did.outcome != PASS or verified.outcome == PASS:
        return verified
    undo = step.undo.operation if step.undo is not None else None
    return _undone(here, undo, path, gate, verified) if undo is not None else verified


def _undone(here: Situation, undo: Operation, path: str, gate: str, verified: Done) -> Progress:
    """The undo is part of what was approved. It never turns a failed change into a good one."""
    undone = attempt(here, undo, f"{path}:undo", gate)
    if not isinstance(undone, Done):
        return undone
    return Done(ERROR) if undone.outcome == ERROR else Done(FAIL if verified.outcome == PASS else verified.outcome)


def _verify(here: Situation, verify: Verify, path: str) -> Progress:
    """Let the change settle, then check until it passes or the time for it is over."""
    did = here.state.leaves[path]
    if verify.settle and here.mode is not Mode.DRY_RUN:
        waiting = elapsed(here, f"settle:{path}#{did.seq}", did.at + verify.settle)
        if waiting is not None:
            return waiting
    name = f"{path}:verify"
    if not verify.within or here.mode is Mode.DRY_RUN:
        return attempt(here, verify.operation, name)
    return _verify_within(here, verify, name, did)


def _verify_within(here: Situation, verify: Verify, name: str, did: Leaf) -> Progress:
    over = elapsed(here, f"within:{name}#{did.seq}", did.at + verify.settle + verify.within)
    wanted = over or ()
    checked = here.state.leaves.get(name)
    if checked is None:
        return (*wanted, a.StartStep(name, 1))
    if checked.phase is Phase.RUNNING:
        return wanted
    if checked.phase is Phase.SETTLED and (checked.outcome == PASS or over is None or checked.unstarted):
        return Done(checked.outcome)
    if checked.phase is Phase.INTERRUPTED:
        return (*wanted, a.StartStep(name, checked.attempt + 1))
    waiting = elapsed(here, f"retry:{name}#{checked.seq}", checked.at + verify.every)
    return (*wanted, a.StartStep(name, checked.attempt + 1)) if waiting is None else (*wanted, *waiting)
