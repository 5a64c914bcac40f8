"""Who did what, for those who may see it; and the journal is walked on request."""

from __future__ import annotations

from steadyhand import events as e

from ...app.server import until
from ..browsing import pages


def test_acts_are_listed_and_filtered(tmp_path):
    with pages(tmp_path, played=True) as place:
        journal, now = place.server.services.journal, place.server.services.clock.now()
        came = e.SignInRefused("", "web", "203.0.113.9", "password", "wrong")
        journal.append("access:2026-11", 0, [came], actor="door", at=now, epoch=1)
        page = place.get("/audit").text
        for words in ("started orders-errors (mode guided)", "took ledger-db", "led the alert nowhere", "203.0.113.9"):
            assert words in page, words
        assert "203.0.113.9" not in place.get("/audit", "commander").text
        assert "failover" not in place.get("/audit", "narrow").text
        assert place.get("/audit?kind=lease").text.count("data-row") == 1
        assert place.get("/audit?who=kim").text.count("data-row") == 1
        assert place.get("/audit?after=made-up").text.count("data-row") == page.count("data-row")


def test_the_journal_is_walked(tmp_path):
    with pages(tmp_path) as place:
        assert place.post("/audit/verify", "approver").status_code == 403
        assert place.post("/audit/verify", "commander").headers["location"] == "/audit#verify"
        page = until(lambda: (text := place.get("/audit").text) and "being walked" not in text and text)
        assert "every chain holds" in page
