"""Tells open pages that something has changed (server-sent events), by topic; the page then fetches itself again.

A page costs one entry in a set and no thread. What is not yet sent is a set of topics, so that a slow client costs no
more than the topics that it asked for, and a burst of events is told once. Topics: `runs`, `run:ID`, `output:ID`,
`alerts`, `leases`, `everything`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ...app.board import Grown
from ...app.hub import Hub
from ...errors import UsageError
from ...events import ALERTS, PREFIX
from ...model.people import Role
from ..requests import need, server

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that nobody in between takes the stream for dead."""
LOOK = 1.0
"""Seconds between two looks at whether the server is about to end."""
LONGEST = 900.0
"""Seconds after which a stream ends; the browser comes again, and is asked again who it is."""
GAP = 0.1
"""Seconds between two messages of a stream: what happens meanwhile is told together."""
AT_ONCE = 1_000
"""How many streams there may be."""
TOPICS = 16
"""How many topics a page may ask for."""
AGAIN = 2_000
"""Milliseconds after which a browser that was cut off comes again."""


class Reader:
    """One open page: what it asked for, and what it has not been told yet. Belongs to the event loop."""

    def __init__(self, topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self.news: set[str] = set()
        self.woken = asyncio.Event()

    def tell(self, topics: set[str]) -> None:
        """Something has changed, perhaps what this page shows."""
        news = self.topics & topics
        if news:
            self.news |= news
            self.woken.set()

    def take(self) -> list[str]:
        """What is to be told now."""
        news, self.news = sorted(self.news), set()
        self.woken.clear()
        return news


class Live:
    """All open pages of a server. The hub's threads note topics; the event loop hands them on, once for a burst."""

    def __init__(self, hub: Hub, counted: Callable[[int], None] = lambda _: None) -> None:
        self._counted = counted
        self._lock = threading.Lock()
        self._topics: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.readers: set[Reader] = set()
        self._ends: tuple[Callable[[], None], ...] = (
            hub.listen(self._grown),
            hub.listen_to_output(lambda run: self._note({f"output:{run}"})),
        )

    def _grown(self, grown: Grown) -> None:
        self._note(topics_of(grown.stream))

    def _note(self, topics: set[str]) -> None:
        with self._lock:
            loop, pending = self._loop, bool(self._topics)
            if loop is None:
                return
            self._topics |= topics
        if not pending:
            try:
                loop.call_soon_threadsafe(self._hand_on)
            except RuntimeError:
                self._loop = None  # the loop has ended, and with it all pages

    def _hand_on(self) -> None:
        with self._lock:
            topics, self._topics = self._topics, set()
        for reader in self.readers:
            reader.tell(topics)

    def enter(self, topics: Iterable[str]) -> Reader:
        """A page is open. Raises UsageError when there are too many."""
        if len(self.readers) >= AT_ONCE:
            raise UsageError("too many pages are open", "close some; a page without news can be loaded again")
        with self._lock:
            if self._loop is not asyncio.get_running_loop():
                self._loop, self._topics = asyncio.get_running_loop(), set()
        reader = Reader(topics)
        self.readers.add(reader)
        self._counted(1)
        return reader

    def leave(self, reader: Reader) -> None:
        """A page was closed."""
        if reader in self.readers:
            self.readers.remove(reader)
            self._counted(-1)


def topics_of(stream: str) -> set[str]:
    """What changes when a stream grows."""
    if stream.startswith(ALERTS):
        return {"alerts", "everything"}
    if stream.startswith(PREFIX):
        return {"leases", "everything"}
    return {"everything"} if ":" in stream else {"runs", f"run:{stream}", "everything"}


def live_of(request: Request) -> Live:
    """The open pages of this server."""
    found: Live | None = getattr(request.app.state, "live", None)
    if found is None:
        host = server(request)
        found = request.app.state.live = Live(host.hub, lambda by: host.meter.streams.add(by=by))
    return found


async def live(request: Request) -> Response:
    """The stream of one page: `/live?topics=runs,alerts`."""
    need(request, Role.VIEWER)
    topics = [topic for topic in request.query_params.get("topics", "").split(",") if topic][:TOPICS]
    pages = live_of(request)
    reader = pages.enter(topics)
    return StreamingResponse(
        _told(pages, reader, server(request).draining),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _told(pages: Live, reader: Reader, draining: threading.Event) -> AsyncIterator[str]:
    """What is sent, until the page is closed, the server ends, or it has been long enough."""
    loop = asyncio.get_running_loop()
    begun = spoken = loop.time()
    try:
        yield f"retry: {AGAIN}\n\n"
        while not draining.is_set() and loop.time() - begun < LONGEST:
            try:
                await asyncio.wait_for(reader.woken.wait(), LOOK)
            except TimeoutError:
                if loop.time() - spoken >= HEARTBEAT:
                    spoken = loop.time()
                    yield ": still here\n\n"
                continue
            spoken = loop.time()
            yield f"event: changed\ndata: {json.dumps(reader.take())}\n\n"
            await asyncio.sleep(GAP)
    finally:
        pages.leave(reader)
