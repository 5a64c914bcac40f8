"""Transcripts in three forms, and what steps printed as plain files."""

from __future__ import annotations

from steadyhand.events import StepSettled

from ...app.server import until
from ..browsing import pages
from ..demo import start


def test_the_transcript_in_three_forms_and_its_artifacts(tmp_path):
    with pages(tmp_path) as place:
        run = start(place.server, "orders-errors", {"host": "h", "most": 100})
        until(lambda: place.server.board.run(run).conclusion)
        page = place.get(f"/runs/{run}/transcript")
        assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
        assert "script" not in page.headers["content-security-policy"]
        text = place.get(f"/runs/{run}/transcript.md")
        assert text.headers["content-type"].startswith("text/markdown")
        assert text.text.startswith("# Orders answer with errors")
        assert place.get(f"/runs/{run}/transcript.json").json()["transcript"] == 1
        events = [one.event for one in place.server.services.journal.read(run)]
        kept = next(a for one in events if isinstance(one, StepSettled) for a in one.artifacts if a.sha256)
        file = place.get(f"/runs/{run}/artifacts/{kept.sha256}")
        assert (file.status_code, file.text) == (200, "97\n")
        assert file.headers["content-type"] == "text/plain; charset=utf-8"
        assert "sandbox" in file.headers["content-security-policy"]
        assert place.get(f"/runs/{run}/artifacts/{'0' * 64}").status_code == 404
        assert place.get(f"/runs/{run}/transcript", "narrow").status_code == 200
        assert place.get(f"/runs/{run}/transcript", "?").status_code == 401
