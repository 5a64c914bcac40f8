"""Waves: batches, a check between, and an end when too many did not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.core.wave import batches
from steadyhand.projections.transcript import draw

from .playbook import ENDS, Play


def wave(more, items="[p, q, r, s]"):
    return Play(
        f"steps:\n  w:\n    title: W\n    shell: x\n    effect: read\n    each: {{in: {items}{more}}}\n    next: {{pass: end.healthy, fail: end.stopped, error: end.broken}}\n"
    )


def test_batch_after_batch_with_a_check_between():
    play = wave(", batch: [1, 2], between: {shell: b}")
    assert play.opening == ["enter w", "items p,q,r,s", "start w[p]#1"]
    assert play.came("w[p]") == ["start w:between.1#1"]
    assert play.came("w:between.1") == ["start w[q]#1", "start w[r]#1"]
    assert play.came("w[r]") == []
    assert play.came("w[q]") == ["start w:between.2#1"]
    assert play.came("w:between.2") == ["start w[s]#1"]
    assert play.came("w[s]") == ["end healthy"]


def test_the_worst_outcome_is_that_of_the_wave():
    play = wave(", batch: 4, max_failures: 4")
    for path, outcome in (("w[p]", "fail"), ("w[q]", "error"), ("w[r]", "pass")):
        assert play.came(path, outcome) == []
    assert play.came("w[s]") == ["end broken"]


def test_too_many_failures_end_it():
    play = wave(", batch: 1, max_failures: 1")
    assert play.came("w[p]", "fail") == ["start w[q]#1"]
    assert play.came("w[q]", "fail") == ["end stopped"]


def test_a_check_between_that_does_not_pass_ends_it():
    play = wave(", batch: 1, max_failures: 9, between: {shell: b}")
    play.came("w[p]")
    assert play.came("w:between.1", "fail") == ["end stopped"]


def test_no_items_is_a_pass():
    assert wave("", "[]").opening == ["enter w", "items ", "end healthy"]


def test_equal_items_have_names_of_their_own():
    assert wave("", "[a, a, 'b/c', 'b c']").opening[1] == "items a,a-2,b-c,b-c-4"


def test_what_is_no_list_is_an_error():
    assert wave("", "'{{ facts.none | default(3) }}'").opening == ["enter w", "settled w: error", "end broken"]


@pytest.mark.parametrize(
    ("sizes", "count", "found"),
    [
        ([1], 3, (1, 1, 1)),
        ([2], 3, (2, 1)),
        (["50%"], 4, (2, 2)),
        (["10%"], 4, (1, 1, 1, 1)),
        ([1, "10%", "50%"], 10, (1, 1, 5, 3)),
        (["100%"], 0, ()),
    ],
)
def test_sizes(sizes, count, found):
    assert batches(sizes, count) == found


@given(
    st.lists(st.integers(1, 9) | st.integers(1, 100).map(lambda n: f"{n}%"), min_size=1, max_size=3),
    st.integers(0, 200),
)
def test_every_item_is_in_exactly_one_batch(sizes, count):
    found = batches(sizes, count)
    assert sum(found) == count
    assert all(size > 0 for size in found)


def test_a_crash_in_a_wave_of_changes_asks_for_each_that_was_cut_off():
    play = Play(
        f"steps:\n  w: {{title: W, shell: x, gate: All?, undo: {{none: x}}, each: {{in: [p, q], batch: 2}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}\n"
    )
    assert play.opening == ["enter w", "items p,q", "ask w (confirm)"]
    assert play.says("w", "approve") == ["close w: approved", "start w[p]#1 by w", "start w[q]#1 by w"]
    play.came("w[p]")
    assert play.dies() == ["ask w[q]:doubt (doubt)"]


def test_a_wave_over_nothing_asks_nobody_and_is_over():
    play = Play(
        "inputs: {hosts: {type: array, default: []}}\n"
        f"steps: {{a: {{title: A, shell: b, gate: Sure?, each: {{in: '{{{{ inputs.hosts }}}}'}}, undo: {{none: x}},"
        f" next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}}}}}\n",
        inputs={"hosts": []},
    )
    assert play.opening == ["enter a", "items ", "end resolved"]
    assert not draw(play.recorded, play.runbook).changed
