"""A run as spans: each has its parent, its time and an id that never changes; wherever the weaving is split."""

from __future__ import annotations

from itertools import pairwise

import pytest

from steadyhand import events as e
from steadyhand.projections.spans import LONGEST, Loom, Parent, parent_of, spans, weave

from ..golden.make import HERE, load
from .test_rows import STARTED, recorded

JOURNALS = sorted(HERE.glob("*.jsonl"), key=lambda path: path.name)
INTENT = e.StepIntended("look", 1, 1, "shell", "read", False, "d", "df /", ("disk",))
SETTLED = e.StepSettled("look", 1, 1, "fail", reason="too full")
GATE = e.GateOpened("clean", "clean", "confirm", 1, "Clean?", {"approve": "yes"}, "abc")
TOLD = recorded(
    STARTED,
    e.StepEntered("look", 1),
    INTENT,
    SETTLED,
    e.StepEntered("fetch", 1, "look", "fail"),
    e.StepEntered("fetch/first", 1),
    e.StepIntended("fetch/first", 1, 1, "http", "read", True, "d", "GET /"),
    e.RunResumed("server@b/2", 2),
    e.StepIntended("fetch/first", 1, 2, "http", "read", True, "d", "GET /"),
    e.StepSettled("fetch/first", 1, 2, "pass"),
    e.ScopeEnded("fetch", "resolved", "first", "pass"),
    e.StepEntered("clean", 1, "fetch", "pass"),
    GATE,
    e.GateClosed("clean", 1, "approved"),
    e.StepIntended("clean", 1, 1, "shell", "change", False, "d", "rm x", gate="clean"),
    e.StepSettled("clean", 1, 1, "pass"),
    e.StepIntended("clean:verify", 1, 1, "shell", "read", False, "d", "df /"),
    e.StepSettled("clean:verify", 1, 1, "pass"),
    e.RunConcluded("resolved"),
)


def tree(found):
    """Each span by name, with the name of its parent, when it began and ended, and why it failed."""
    names = {span.id: span.name for span in found}
    return {span.name: (names.get(span.parent, ""), span.start, span.end, span.failed) for span in found}


def test_spans_lie_in_the_step_that_they_belong_to():
    assert tree(spans(TOLD)) == {
        "run disk-full": ("", 10, 190, ""),
        "step look": ("run disk-full", 20, 50, ""),
        "shell look": ("step look", 30, 40, "too full"),
        "step fetch": ("run disk-full", 50, 120, ""),
        "step fetch/first": ("step fetch", 60, 110, ""),
        "http fetch/first": ("step fetch/first", 90, 100, ""),
        "step clean": ("run disk-full", 120, 190, ""),
        "gate clean": ("step clean", 130, 140, ""),
        "shell clean": ("step clean", 150, 160, ""),
        "shell clean:verify": ("step clean", 170, 180, ""),
    }
    first, second = (span for span in spans(TOLD) if span.name == "http fetch/first")
    assert (first.failed, first.end, first.attributes["steady.outcome"]) == ("interrupted", 80, "interrupted")
    assert (second.failed, second.attributes["steady.attempt"]) == ("", 2)


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.name)
def test_every_kind_of_event_gives_whole_spans(path):
    _, events = load(path)
    found = spans(events)
    ids = {span.id for span in found}
    assert len(ids) == len(found), "no id twice"
    assert {span.trace for span in found} == {found[-1].trace}
    assert found[-1].name == "run x"
    assert all(span.parent in ids for span in found[:-1])
    assert all(events[0].at <= span.start <= span.end <= events[-1].at for span in found)
    assert all(len(span.id) == 16 and len(span.trace) == 32 for span in found)
    inner = {span.id: span for span in found}
    assert all(inner[s.parent].start <= s.start and s.end <= inner[s.parent].end for s in found[:-1])
    intents = [one for one in events if isinstance(one.event, e.StepIntended)]
    attempts = [
        span
        for span in found
        if span.attributes.get("steady.kind") in {"shell", "http"} and "steady.effect" in span.attributes
    ]
    assert len(attempts) == len(intents)
    assert spans(events) == found, "the same ids, whoever weaves"


@pytest.mark.parametrize("split", range(len(TOLD)))
def test_the_weaving_can_be_split_anywhere(split):
    loom, ended = Loom(), []
    for one in TOLD[:split]:
        loom, new = weave(loom, one)
        ended += new
    for one in TOLD[split:]:
        loom, new = weave(loom, one)
        ended += new
    assert tuple(ended) == spans(TOLD)
    assert loom.root is None
    assert not loom.steps
    assert not loom.attempts
    assert not loom.gates


def test_what_stands_open_at_the_end_ends_with_the_run():
    told = recorded(STARTED, e.StepEntered("look", 1), INTENT, GATE, e.RunConcluded("stopped", reason="by ana"))
    found = {span.name: span for span in spans(told)}
    assert {span.end for span in found.values()} == {50}
    assert found["gate clean"].attributes["steady.result"] == "withdrawn"
    assert found["run disk-full"].failed == "by ana"


def test_an_attempt_that_never_started_is_told():
    told = recorded(STARTED, e.StepEntered("look", 1), e.StepSettled("look", 1, 0, "error", "no such fact"))
    (span,) = spans(told)
    assert (span.name, span.start, span.end, span.failed) == ("attempt look", 30, 30, "no such fact")


def test_texts_are_bounded():
    long = e.StepSettled("look", 1, 1, "error", reason="x" * 5_000)
    span = spans(recorded(STARTED, e.StepEntered("look", 1), INTENT, long))[0]
    assert len(span.failed) == LONGEST


def test_another_visit_is_another_span():
    told = recorded(STARTED, *(e.StepEntered("look", n) for n in (1, 2, 3)), e.RunConcluded("healthy"))
    steps = [span for span in spans(told) if span.name == "step look"]
    assert len({span.id for span in steps}) == 3
    assert all(a.end == b.start for a, b in pairwise(steps))


def test_a_run_lies_under_the_span_that_asked_for_it():
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    started = e.RunStarted("x", "d", "guided", "ana", {}, {}, {}, "one", traceparent=parent)
    found = spans(recorded(started, e.StepEntered("look", 1), e.RunConcluded("healthy")))
    assert {span.trace for span in found} == {"0af7651916cd43dd8448eb211c80319c"}
    assert found[-1].parent == "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "parent"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", True),
        (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ", True),
        ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", True),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", False),
        ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", False),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", False),
        ("00-0af7-b7ad6b7169203331-01", False),
        ("", False),
    ],
)
def test_what_a_traceparent_is(header, parent):
    expected = Parent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331") if parent else None
    assert parent_of(header) == expected


def test_what_lies_in_another_visit_of_the_step_around_it_is_another_span():
    inner = (e.StepEntered("fetch/first", 1), e.ScopeEnded("fetch", "resolved", "first", "pass"))
    told = recorded(
        STARTED, e.StepEntered("fetch", 1), *inner, e.StepEntered("fetch", 2), *inner, e.RunConcluded("healthy")
    )
    found = spans(told)
    assert len({span.id for span in found}) == len(found) == 5
