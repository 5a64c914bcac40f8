"""What a dry run says of itself at its end."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.projections.dry import ACCEPTED, summary


def story(*events, mode="dry-run", probe=False):
    started = e.RunStarted("x", "d", mode, "sam", {}, {}, {}, "one", probe=probe)
    return [e.Recorded("r", n, 0, "", 1, event) for n, event in enumerate((started, *events), 1)]


def did(path, effect, preview="echo 1", **settled):
    kind = e.StepIntended(path, 1, 1, "shell", effect, False, "d", preview)
    return kind, e.StepSettled(path, 1, 1, **{"outcome": "pass", **settled})


def test_a_run_that_is_none_says_nothing():
    assert summary(story(mode="guided")) == ()
    assert summary([]) == ()


def test_what_was_only_rendered_and_what_stays_unknown():
    events = did("act", "change", "rm ⟨facts.a⟩ ⟨facts.a⟩ ⟨run.x⟩", simulated=True, reason="not carried out: dry run")
    assert summary(story(*events)) == (
        "dry run: nothing was changed",
        "  nothing was contacted for reads: with --probe they are carried out",
        "  only rendered: act",
        "  known only once a real run has come to it: act needs facts.a, run.x",
    )


def test_what_was_probed_accepted_and_refused():
    events = (
        *did("look", "read"),
        *did("restart", "change", simulated=True, reason=f"{ACCEPTED}, not carried out: dry run"),
        *did("scale", "change", outcome="error", reason="forbidden"),
    )
    assert summary(story(*events, probe=True)) == (
        "dry run: nothing was changed",
        "  carried out, since they only read: look",
        "  accepted by the other side, and not carried out: restart",
        "  would not work: scale: forbidden",
    )
