"""Why an answer does not fit any more, as what happened since."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.projections.changed import changed

SECOND = 1_000_000


def asked(opening, digest, preview, **more):
    return e.GateOpened(
        "g", "g", "confirm", opening, "Really?", {"approve": "Approve"}, digest, preview=preview, **more
    )


def recorded(*events):
    return [e.Recorded("r1", n, n * SECOND, "x", 1, event) for n, event in enumerate(events, 1)]


def test_it_was_asked_again_about_something_else():
    found = changed(
        recorded(
            asked(1, "aa", "rm a", targets=("db",)),
            e.GateClosed("g", 1, "void", "the plan differs"),
            asked(2, "bb", "rm b", targets=("db",), notices=("ledger is leased",)),
        ),
        "g",
        1,
        "aa",
    )
    assert found.since == ("00:00:02 it was settled: void (the plan differs)", "00:00:03 it was asked again")
    assert "-rm a\n+rm b\n+note: ledger is leased" in found.diff
    assert found.now.opening == 2


def test_somebody_was_faster_or_the_run_ended():
    said = e.GateAnswered("g", 1, "kim", "approve", "aa")
    found = changed(recorded(asked(1, "aa", "x"), said, e.GateClosed("g", 1, "approved")), "g", 1, "aa")
    assert found.since == ("00:00:02 kim answered: Approve", "00:00:03 it was settled: approved")
    assert (found.diff, found.now) == ("", None)
    assert changed(recorded(asked(1, "aa", "x"), e.RunConcluded("stopped")), "g", 1, "aa").since == (
        "00:00:02 the run ended: stopped",
    )


def test_what_was_never_asked():
    assert changed(recorded(asked(1, "aa", "x")), "g", 1, "cc").since == ("this question was never asked in this way",)
