"""Connections that are not waited for without end: a request must come whole, and in time. Called by `serve`.

Uvicorn waits as long as a client likes for the head of a request and for its body, so a few hundred clients that send a
byte now and then, or nothing at all, would hold a few hundred connections for ever. Here each request has a time in
which its head must be there, another for its body, and a bound for the length of the head.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 15.0
"""Seconds in which the head of a request must be there, from the connection or from its first byte on."""
BODY = 30.0
"""Seconds in which its body must be there."""
LONGEST = 64 * 1024
"""Bytes that the head of a request may have."""

UNFINISHED = 512 * 1024
"""Bytes of a head that has not ended. More, because what comes in one piece may be the end of a body as well."""


class Line(HttpToolsProtocol):
    """One connection."""

    _deadline: asyncio.TimerHandle | None = None
    _size = 0
    _unfinished = 0

    def connection_made(self, transport: Any) -> None:
        """A client is there: it is to say something."""
        super().connection_made(transport)
        self._must_come_within(HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes: of a line of the head that does not end, so many are taken and no more."""
        super().data_received(data)
        self._unfinished += len(data)
        if self._unfinished > UNFINISHED and not self.transport.is_closing():
            self.send_400_response("the head of the request is too long")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._size = self._unfinished = 0
        self._must_come_within(HEAD)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._counted(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head."""
        self._counted(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._unfinished = -(1 << 62)  # what comes now is the body, whose length is bounded by whoever reads it
        self._must_come_within(BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is there."""
        self._came()
        super().on_message_complete()

    def _counted(self, size: int) -> None:
        self._size += size
        if self._size > LONGEST:
            raise ValueError("the head of the request is too long")  # what the parser makes a 400 of

    def _must_come_within(self, seconds: float) -> None:
        self._came()
        self._deadline = self.loop.call_later(seconds, self._let_go)

    def _came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _let_go(self) -> None:
        """Too late. What was begun hears that the client has gone."""
        self.transport.abort()
