"""Journals of every version that was ever out: they decode, hold, fold and are rendered as they always were."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import get_args

import pytest

from steadyhand import events as e
from steadyhand.core import State, decide
from steadyhand.events.codec import TYPES
from steadyhand.journal.protocol import Head
from steadyhand.journal.verify import check

from .make import HERE, load, play, read, rendered, rows

JOURNALS = sorted(HERE.glob("*.jsonl"), key=lambda path: path.name)


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.name)
def test_it_decodes_holds_and_folds(path):
    kept, recorded = load(path)
    last = kept[-1]
    head = Head("rgolden", last.seq, last.hash, last.epoch, kept[0].at)
    assert check("rgolden", kept, head, pytest.fail) is None
    state = reduce(lambda before, one: before.after(one), recorded, State())
    assert state.conclusion.conclusion == "stopped"
    assert decide(read(recorded[0].event.texts), recorded) == ()


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.name)
def test_people_read_what_they_always_read(path):
    for ending, text in rendered(path).items():
        assert Path(path.with_suffix(ending)).read_text("utf-8") == text, "see make.py for how to renew it"


def test_the_latest_has_every_kind_of_event():
    _, recorded = load(JOURNALS[-1])
    of_others = {
        *get_args(e.TargetEvent),
        *get_args(e.AlertEvent),
        *get_args(e.AccessEvent),
        *get_args(e.RouteEvent),
        e.DrillEnded,
    }  # with streams of their own
    of_runs = set(TYPES.values()) - of_others
    assert {type(one.event) for one in recorded} == of_runs


def test_this_version_still_writes_what_it_wrote():
    assert list(rows(play().recorded)) == JOURNALS[-1].read_text("utf-8").splitlines()
