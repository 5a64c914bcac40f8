"""Open pages are told what has changed, cheaply, and no longer than the server lives."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.web.pages.live import Reader, topics_of

from ..browsing import pages
from ..demo import start, told


@pytest.mark.parametrize(
    ("stream", "topics"),
    [
        ("r1", {"runs", "run:r1", "everything"}),
        ("alert:am:1", {"alerts", "everything"}),
        ("target:db", {"leases", "everything"}),
        ("access:2026-11", {"everything"}),
    ],
)
def test_what_changes_when_a_stream_grows(stream, topics):
    assert topics_of(stream) == topics


def test_a_reader_is_told_once_of_many_changes():
    reader = Reader(["runs", "alerts"])
    reader.tell({"leases"})
    assert not reader.woken.is_set()
    for _ in range(100):
        reader.tell({"runs", "run:r1"})
    assert reader.take() == ["runs"]
    assert (reader.take(), reader.woken.is_set()) == ([], False)


def lines(place, topics, heard, ready):
    with place.client.stream("GET", f"/live?topics={topics}") as stream:
        for line in stream.iter_lines():
            ready.set()
            heard.append((time.monotonic(), line))


def test_a_page_hears_of_its_topics_at_once_and_the_stream_ends_with_the_server(tmp_path):
    heard: list = []
    ready = threading.Event()
    with pages(tmp_path) as place:
        thread = threading.Thread(target=lines, args=(place, "alerts", heard, ready))
        thread.start()
        assert ready.wait(5)
        start(place.server, "handover")
        told(place.server, "Burning", {"instance": "h"}, mark="77")
        over = time.monotonic() + 5
        while not any(line == 'data: ["alerts"]' for _, line in heard):
            assert time.monotonic() < over
            time.sleep(0.01)
        assert not any("runs" in line for _, line in heard)
        assert heard[0][1] == "retry: 2000"
        place.server.draining.set()
        thread.join(5)
        assert not thread.is_alive()
