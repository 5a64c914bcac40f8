"""What people do to a run: only who may, only to what they were shown, and every word is kept."""

from __future__ import annotations

from steadyhand import events as e

from ...app.server import until
from ..browsing import pages
from ..demo import asked, start


def last(place, run, kind):
    return [one.event for one in place.server.services.journal.read(run) if isinstance(one.event, kind)][-1]


def test_an_answer_is_to_what_was_shown(tmp_path):
    with pages(tmp_path) as place:
        run = start(place.server, "orders-errors", {"host": "h"})
        opened = asked(place.server, run)
        wrong = place.post(f"/runs/{run}/answer", gate="restart", opening=1, digest="0" * 64, answer="approve")
        assert wrong.status_code == 409
        assert "Your answer did not count" in wrong.text
        assert "this question was never asked in this way" in wrong.text
        assert last(place, run, e.AnswerRefused).by == "admin"
        assert place.post(f"/runs/{run}/answer", gate="restart", answer="approve").status_code == 422
        right = place.answer(run, answer="approve", comment="seen\r\nthe pool")
        assert (right.status_code, right.headers["location"]) == (303, f"/runs/{run}")
        said = last(place, run, e.GateAnswered)
        assert (said.by, said.via, said.origin, said.comment) == ("admin", "web", "192.0.2.7", "seen\nthe pool")
        assert until(lambda: place.server.board.run(run).conclusion) == "resolved"
        late = place.post(
            f"/runs/{run}/answer", "ana", gate="restart", opening=1, digest=opened.digest, answer="reject"
        )
        assert late.status_code == 409
        assert "admin answered: Approve" in late.text
        assert "it was settled: approved" in late.text


def test_an_option_that_does_not_fit_keeps_what_was_typed(tmp_path):
    with pages(tmp_path) as place:
        run = start(place.server, "handover")
        asked(place.server, run)
        told = place.answer(run, words="many", comment="about a dozen")
        assert told.status_code == 422
        assert "the answer does not fit" in told.text
        assert ">about a dozen</textarea>" in told.text
        assert place.answer(run, words="12").status_code == 303
        until(lambda: (g := place.server.board.run(run).gates) and g[0].gate == "where")
        assert place.answer(run, answer="day").status_code == 303
        until(lambda: (g := place.server.board.run(run).gates) and g[0].gate == "page")
        assert "wants evidence" in place.answer(run, answer="done").text
        assert place.answer(run, answer="done", comment="The light is off").status_code == 303
        assert until(lambda: place.server.board.run(run).conclusion) == "resolved"


def test_who_may_do_what(tmp_path):
    with pages(tmp_path) as place:
        run = start(place.server, "orders-errors", {"host": "h"})
        asked(place.server, run)
        allowed = {"note": "responder", "stop": "commander", "take": "commander"}
        order = ["viewer", "responder", "approver", "commander", "admin"]
        for act, lowest in allowed.items():
            for person in order[: order.index(lowest)]:
                assert place.post(f"/runs/{run}/{act}", person, text="x").status_code == 403, (act, person)
        for person in ("viewer", "responder", "narrow"):
            assert place.answer(run, person, answer="approve").status_code == 403
        assert place.post(f"/runs/{run}/note", "?", text="x").status_code == 401
        assert place.post(f"/runs/{run}/note", "responder", text=" ").status_code == 422
        assert place.post(f"/runs/{run}/note", "responder", text="x" * 10_001).status_code == 422
        assert place.post(f"/runs/{run}/note", "responder", text="called the owner").status_code == 303
        assert last(place, run, e.NoteAdded).text == "called the owner"
        assert place.post(f"/runs/{run}/stop", "commander", reason="wrong host").status_code == 303
        assert last(place, run, e.StopRequested).reason == "wrong host"
        assert until(lambda: place.server.board.run(run).conclusion) == "stopped"
        assert place.post(f"/runs/{run}/take", "commander").status_code == 422


def test_the_server_takes_over_what_a_terminal_left(tmp_path):
    with pages(tmp_path) as place:
        from steadyhand.app import library, runs
        from steadyhand.model import Mode

        from ...app.server import services_in

        other = services_in(tmp_path, "engine")
        driver = runs.start(other, library.load(other, "handover"), {}, Mode.GUIDED)
        run = driver.stream
        row = until(lambda: place.server.board.run(run))
        assert row.driver.startswith("engine@")
        assert "Take over" in place.get(f"/runs/{run}").text
        assert place.post(f"/runs/{run}/take", "commander").status_code == 303
        assert asked(place.server, run).gate == "count"
        assert place.server.board.run(run).driver.startswith("server@")
        other.journal.close()
