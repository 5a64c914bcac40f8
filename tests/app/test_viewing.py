"""A run is drawn once for each event that it has."""

from __future__ import annotations

import pytest

from steadyhand.app import library, runs
from steadyhand.app.viewing import MOST, Views
from steadyhand.errors import NotFound
from steadyhand.model import Mode

from .server import ANA, asking, serving, until


def test_drawn_once_for_each_event(tmp_path):
    asking(tmp_path)
    with serving(tmp_path) as server:
        run = server.run(ANA, library.load(server.services, "asking"), {}, Mode.GUIDED)
        until(lambda: (row := server.board.run(run)) and row.gates and not server.conductor.driven)
        views = Views()
        first = views.of(server.services, run)
        assert views.of(server.services, run) is first
        assert (first.run, first.transcript.title) == (run, "Ask before it is changed")
        runs.note(server.services, run, "ana", "seen")
        second = views.of(server.services, run)
        assert second.seq == first.seq + 1
        assert second.runbook is first.runbook
        assert second.state.seq == second.seq
        for name in ("r9", "alert:x:y"):
            with pytest.raises(NotFound):
                views.of(server.services, name)


def test_few_are_kept(tmp_path):
    asking(tmp_path)
    with serving(tmp_path) as server:
        book = library.load(server.services, "asking")
        views = Views()
        made = [runs.start(server.services, book, {}, Mode.GUIDED, driver="nobody").stream for _ in range(MOST + 3)]
        for run in made:
            views.of(server.services, run)
        assert len(views._kept) == len(views._drawing) == MOST
