"""What burns comes first; what somebody may not see is not shown."""

from __future__ import annotations

from ..browsing import pages


def test_nothing_burns(tmp_path):
    with pages(tmp_path) as place:
        (tmp_path / "steady.yaml").write_text("store: journal.db\n")
        quiet = place.get("/").text
        assert "What burns now" in quiet
        assert "Freeze" in quiet  # the settings of the demo have one that is on


def test_everything_that_burns(tmp_path):
    with pages(tmp_path, played=True) as place:
        page = place.get("/").text
        order = ["Waiting for people", "Restart the workers of orders", "Promote the replica", "Running", "Firing, and no run is at it", "DiskSlow", "Held back", "leased by kim"]  # fmt: skip
        places = [page.index(words) for words in order]
        assert places == sorted(places)
        assert "OrdersErrors on" not in page  # a run is at it
        narrow = place.get("/", "narrow").text
        assert "Restart the workers of orders" in narrow
        assert "Promote the replica" not in narrow
