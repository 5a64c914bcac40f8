"""A run's page shows exactly what is approved, and hides what one may not do."""

from __future__ import annotations

from ..browsing import pages


def test_the_question_with_exactly_what_is_approved(tmp_path):
    with pages(tmp_path, played=True) as place:
        page = place.get(f"/runs/{place.runs['waiting']}").text
        for words in ("Your yes is asked for", "echo starting 4 workers", "causes.pool: fail", "oncall", "Expires", 'value="approve"', "a number less than 80", "OrdersErrors: firing", "Stop the run", "<svg"):  # fmt: skip
            assert words in page, words
        quorum = place.get(f"/runs/{place.runs['quorum']}").text
        assert "0 of 2" in quorum
        assert "destructive" in quorum
        place.answer(place.runs["quorum"], "kim", answer="approve")
        assert "1 of 2" in place.get(f"/runs/{place.runs['quorum']}").text
        assert "kim has already answered" in place.get(f"/runs/{place.runs['quorum']}", "kim").text


def test_what_one_may_not_do_is_not_offered(tmp_path):
    with pages(tmp_path, played=True) as place:
        run = place.runs["waiting"]
        viewer, responder, approver = (
            place.get(f"/runs/{run}", who).text for who in ("viewer", "responder", "approver")
        )
        assert "<form" not in viewer
        assert "one must be approver" in viewer
        assert "Write it down" in responder
        assert 'value="approve"' not in responder
        assert 'value="approve"' in approver
        assert "Stop the run" not in approver
        assert place.get(f"/runs/{place.runs['quorum']}", "narrow").status_code == 403


def test_output_as_it_comes(tmp_path):
    with pages(tmp_path, played=True) as place:
        page = place.get(f"/runs/{place.runs['running']}").text
        assert "of 600 rebuilt" in page
        assert "style=" not in page
        place.post(f"/runs/{place.runs['running']}/stop")
