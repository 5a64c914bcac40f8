"""Events that tests put into journals."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.model import Artifact


def started(**more):
    given = {
        "runbook": "x",
        "digest": "0" * 64,
        "mode": "guided",
        "requester": "somebody",
        "inputs": {},
        "texts": {},
        "digests": {},
        "driver": "d",
    }
    return e.RunStarted(**{**given, **more})


def note(text="hello"):
    return e.NoteAdded("somebody", text, "cli")


def settled(sha256="", size=0):
    artifact = Artifact("stdout", size, sha256, sha256, size, "head")
    return e.StepSettled("a", 1, 1, "pass", artifacts=(artifact,))


def concluded():
    return e.RunConcluded("healthy", "a", "pass")


WHO = {"actor": "test", "at": 1_000, "epoch": 1}
