"""The library is searched; a runbook is a document with everything that is known of it."""

from __future__ import annotations

from ...app.server import until
from ..browsing import pages


def test_the_library_is_searched(tmp_path):
    with pages(tmp_path) as place:
        for asked in ("q=try+again", "service=search", "owner=team-orders"):
            assert "1 of " in place.get(f"/runbooks?{asked}").text, asked
        grave = place.get("/runbooks?severity=SEV2").text
        assert 'href="/runbooks/failover"' in grave
        assert 'href="/runbooks/reindex"' not in grave
        narrow = place.get("/runbooks", "narrow").text
        assert "Orders answer" in narrow
        assert "Fail the ledger" not in narrow


def test_a_runbook_as_a_document(tmp_path):
    with pages(tmp_path) as place:
        page = place.get("/runbooks/orders-errors").text
        for words in ("Symptoms", "About 400 orders", "alert.labels.instance", "OrdersErrors", "team-orders", "<svg", "asks oncall", "none lies beside it", 'href="/r/orders-errors"'):  # fmt: skip
            assert words in page, words
        assert "style=" not in page
        assert 'href="/r/orders-errors"' not in place.get("/runbooks/orders-errors", "viewer").text
        assert place.get("/runbooks/failover", "narrow").status_code == 403
        assert place.get("/runbooks/none").status_code == 404


def test_tests_are_counted_aside(tmp_path):
    with pages(tmp_path) as place:
        page = until(lambda: (text := place.get("/runbooks/handover").text) and "being counted" not in text and text)
        assert "1 case" in page
        assert "edges 3 of" in page
        assert "Never walked" in page


def test_a_document_that_does_not_hold_says_where(tmp_path):
    with pages(tmp_path) as place:
        (tmp_path / "library" / "broken.yaml").write_text("steadyhand: 1\nname: broken\nsteps: 3\n")
        page = place.get("/runbooks/broken").text
        assert "cannot be run" in page
        assert "line 3" in page
        assert "not valid" in place.get("/runbooks").text
        assert place.get("/r/broken").status_code == 422
