"""Runs, followed live: server-sent events that resume by sequence number. A stream holds no thread while it waits.

The hub tells what has grown; each event is encoded once, whoever follows. Who is too slow for what is kept in memory
reads on from the journal; who takes nothing at all for a while is dropped, and goes on later where it was.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import anyio
import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ...app.board import Grown
from ...app.server import Server
from ...errors import SteadyError
from ...events import Recorded, RunConcluded, name_of
from ...model.wire import Event
from ..problems import Refusal
from .operations import SAFE

BEAT = 15.0
"""Seconds of silence after which something is sent, so that a line that is cut is noticed on both ends."""
SLOW = 30.0
"""Seconds after which a client that takes nothing is dropped."""
AGAIN = 2_000
"""Milliseconds after which a client comes back."""
LOOK = 0.2
"""Seconds between two looks whether the server is stopping."""
HELD = 64 * 1024
"""Bytes of events that are kept in memory for one client; beyond that it reads from the journal."""
PIECE = 256 * 1024
EACH, ALL = 256, 4_096
"""How many streams one person, and all together, may have open."""

Encoded = tuple[int, bytes, str]
"""The number of an event, its bytes in a stream, and the conclusion if it is one."""


def event_of(one: Recorded) -> Event:
    """An event as JSON: what `steady watch --json` prints."""
    return Event(one.seq, one.at, one.actor, name_of(one.event), msgspec.to_builtins(one.event))


def encode(one: Recorded) -> Encoded:
    """An event as it stands in a stream."""
    end = one.event.conclusion if isinstance(one.event, RunConcluded) else ""
    return one.seq, b"id: %d\ndata: %s\n\n" % (one.seq, msgspec.json.encode(event_of(one))), end


class EventStream(Response):
    """The events of a run after one, as they come, until it concludes, the client leaves, or the server stops."""

    def __init__(self, server: Server, run: str, after: int) -> None:
        super().__init__(b"", 200, {**SAFE, "X-Accel-Buffering": "no"}, "text/event-stream")
        self.run = run
        self.after = after
        self.person = ""
        self._server = server
        self._all: Streams | None = None
        self._queue: deque[Encoded] = deque()
        self._bytes = 0
        self._behind = True
        self._woken = asyncio.Event()

    def join(self, all_: Streams) -> None:
        """Be told of what grows from now on."""
        self._all = all_

    def hand(self, events: Sequence[Encoded]) -> None:
        """These have been appended. In the loop."""
        if not self._behind:
            self._queue.extend(events)
            self._bytes += sum(len(data) for _, data, _ in events)
            if self._bytes > HELD:
                self._behind = True
        self._woken.set()

    def wake(self) -> None:
        """Look whether there is something to do. In the loop."""
        self._woken.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry the stream out."""
        del scope
        assert self._all is not None  # noqa: S101 it was opened
        try:
            async with anyio.create_task_group() as both:

                async def left() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    both.cancel_scope.cancel()

                both.start_soon(left)
                with suppress(TimeoutError, OSError):
                    await self._run(send)
                both.cancel_scope.cancel()
        finally:
            self._all.closed(self)

    async def _run(self, send: Any) -> None:
        head = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await self._send(send, b"retry: %d\n\n" % AGAIN)
        while True:
            ended = await self._catch_up(send) if self._behind else await self._hand_on(send)
            if ended:
                last = b"event: end\ndata: %s\n\n" % msgspec.json.encode({"conclusion": ended})
                await self._send(send, last, more=False)
                return
            if self._server.draining.is_set():
                await self._send(send, b"event: later\ndata: {}\n\n", more=False)
                return
            if self._behind or self._queue:
                continue
            self._woken.clear()
            try:
                async with asyncio.timeout(BEAT):
                    await self._woken.wait()
            except TimeoutError:
                await self._send(send, b": here\n\n")

    async def _send(self, send: Any, data: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(SLOW):
            await send({"type": "http.response.body", "body": data, "more_body": more})

    async def _catch_up(self, send: Any) -> str:
        """Read on from the journal; the conclusion if the run has come to it."""
        self._behind = False
        self._queue.clear()
        self._bytes = 0
        try:
            found = await run_in_threadpool(self._read)
        except SteadyError:
            raise TimeoutError from None  # the store cannot be read now: the client comes back
        return await self._pass_on(send, found)

    def _read(self) -> list[Encoded]:
        return [encode(one) for one in self._server.services.journal.read(self.run, self.after)]

    async def _hand_on(self, send: Any) -> str:
        """What was handed in meanwhile; the conclusion if the run has come to it."""
        found = list(self._queue)
        self._queue.clear()
        self._bytes = 0
        return await self._pass_on(send, found)

    async def _pass_on(self, send: Any, events: Sequence[Encoded]) -> str:
        piece = bytearray()
        for seq, data, conclusion in events:
            if seq <= self.after:
                continue
            if seq != self.after + 1:
                self._behind = True
                break
            piece += data
            self.after = seq
            if conclusion:
                await self._send(send, bytes(piece))
                return conclusion
            if len(piece) > PIECE:
                await self._send(send, bytes(piece))
                piece.clear()
        if piece:
            await self._send(send, bytes(piece))
        return ""


class Streams:
    """All streams of a server. Lives in the loop that the server answers in; the hub tells it from its own thread."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._by_run: dict[str, set[EventStream]] = {}
        self._of: Counter[str] = Counter()
        self._looking = False
        server.hub.listen(self._grown)

    @property
    def open(self) -> int:
        """How many there are."""
        return self._of.total()

    def opened(self, stream: EventStream, person: str) -> EventStream:
        """A stream of a person, which is told of everything from now on. Raises Refusal when there are too many."""
        if self._of[person] >= EACH or self.open >= ALL:
            raise Refusal(
                "too-many", f"{person} has {self._of[person]} streams open", "close some", headers={"Retry-After": "10"}
            )
        stream.person = person
        stream.join(self)
        self._of[person] += 1
        self._server.meter.streams.add()
        self._by_run.setdefault(stream.run, set()).add(stream)
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK, self._look)
        return stream

    def closed(self, stream: EventStream) -> None:
        """It has come to its end."""
        self._of[stream.person] -= 1
        self._server.meter.streams.add(by=-1)
        if not self._of[stream.person]:
            del self._of[stream.person]
        held = self._by_run[stream.run]
        held.discard(stream)
        if not held:
            del self._by_run[stream.run]

    def _look(self) -> None:
        """Whether the server is stopping: then all are told to come back later."""
        if not self._by_run:
            self._looking = False
            return
        if self._server.draining.is_set():
            for stream in [one for held in self._by_run.values() for one in held]:
                stream.wake()
        self._loop.call_later(LOOK, self._look)

    def _grown(self, grown: Grown) -> None:
        """In the hub's thread."""
        if grown.stream in self._by_run:
            events = [encode(one) for one in grown.events]
            with suppress(RuntimeError):  # the loop is closed: nobody follows any more
                self._loop.call_soon_threadsafe(self._hand, grown.stream, events)

    def _hand(self, run: str, events: Sequence[Encoded]) -> None:
        for stream in self._by_run.get(run, ()):
            stream.hand(events)


def streams(state: Any, server: Server) -> Streams:
    """The streams of a server, made when the first one is opened. In the loop."""
    found: Streams | None = getattr(state, "streams", None)
    if found is None:
        found = state.streams = Streams(server)
    return found
