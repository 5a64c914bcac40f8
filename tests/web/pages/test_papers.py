"""Transcripts in three forms, and what steps printed as plain files."""

from __future__ import annotations

from steadyhand.events import StepSettled

from ...app.server import until
from ..browsing import pages
from ..demo import start

LONG = """\
steadyhand: 1
name: long
title: A long output
services: [orders]
steps:
  count: {title: Count, shell: seq 9000, effect: read, next: {pass: end.healthy}}
"""


def test_the_transcript_in_three_forms_and_its_artifacts(tmp_path):
    with pages(tmp_path) as place:
        (tmp_path / "library" / "long.yaml").write_text(LONG)
        run = start(place.server, "long")
        until(lambda: (row := place.server.board.run(run)) and row.conclusion)
        page = place.get(f"/runs/{run}/transcript")
        assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
        assert "script" not in page.headers["content-security-policy"]
        text = place.get(f"/runs/{run}/transcript.md")
        assert text.headers["content-type"].startswith("text/markdown")
        assert text.text.startswith("# A long output")
        assert place.get(f"/runs/{run}/transcript.json").json()["transcript"] == 1
        events = [one.event for one in place.server.services.journal.read(run)]
        kept = next(a for one in events if isinstance(one, StepSettled) for a in one.artifacts if a.sha256)
        file = place.get(f"/runs/{run}/artifacts/{kept.sha256}")
        assert (file.status_code, file.text) == (200, "".join(f"{n}\n" for n in range(1, 9001)))
        assert file.headers["content-type"] == "text/plain; charset=utf-8"
        assert "sandbox" in file.headers["content-security-policy"]
        assert place.get(f"/runs/{run}/artifacts/{'0' * 64}").status_code == 404
        assert place.get(f"/runs/{run}/transcript", "narrow").status_code == 200
        assert place.get(f"/runs/{run}/transcript", "?").status_code == 303
