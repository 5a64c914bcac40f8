"""Puts who asks on each request, and ends a stream whose reader may read no longer. Plain ASGI, so that it streams.

A page that is open for hours has asked once. So while an answer goes on, whoever gets it is looked up again and again:
with the session, the token or the right, the stream ends too. Looking on is no act: it does not prolong a session.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection

from ..errors import SteadyError
from ..model.people import Identity
from . import cookies

Identify = Callable[[HTTPConnection], Awaitable[Identity | None]]
"""Who asks, from the headers of a request; None for somebody who is not known."""
AGAIN = 30.0
"""Seconds after which whoever reads a stream is looked up again."""


class WhoAsks:
    """Puts the identity on each request, and the word that the forms of its answer must carry."""

    def __init__(self, app: Any, identify: Identify, again: float = AGAIN) -> None:
        self._app = app
        self._identify = identify
        self._again = again

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        connection = HTTPConnection(scope)
        who = state["identity"] = await self._identify(connection)
        state["csrf"] = cookies.word(connection) if who is not None else ""
        state["looks_on"] = True  # from here on
        watched = self._watched(scope, who, send) if who is not None else send
        await self._app(scope, receive, watched)

    def _watched(self, scope: Any, who: Identity, send: Any) -> Any:
        """Send on, as long as the reader is who they were."""
        looked, over = time.monotonic(), False

        async def sending(message: Any) -> None:
            nonlocal looked, over
            if over:
                return
            if message["type"] == "http.response.body" and message.get("more_body"):
                now = time.monotonic()
                if now - looked >= self._again:
                    looked = now
                    over = not await self._still(scope, who)
                    if over:
                        message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return sending

    async def _still(self, scope: Any, who: Identity) -> bool:
        try:
            now = await self._identify(HTTPConnection(scope))
        except SteadyError:
            return True  # the store is away for a moment: that is no reason to close what is open
        scope["state"]["identity"] = now
        return now is not None and now.person == who.person and now.rights == who.rights
