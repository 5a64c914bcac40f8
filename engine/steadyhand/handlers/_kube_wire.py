"""Requests to a cluster, for one attempt: what leaves, what comes, and what is known of a change when nothing comes.

Used by the verbs. A request for a change is sent once. It is sent again only when the answer says that nothing was done
(429, too many requests). What reads is sent again when its connection was lost. `changed` is true from the moment at
which a request for a change leaves until an answer says that it was refused: so it tells exactly whether an attempt
that ends badly may have done something. What was told to stop sends nothing any more: that and the moment of leaving
are decided under one lock.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from ..errors import BadResponse, HandlerError, TimedOut, Unreachable
from ._kube_failures import Answered, lost, status_of
from ._kube_login import Cluster
from .protocol import Hands

CONNECT = 10.0
"""Seconds that connecting may take."""
ANSWER = 60.0
"""Seconds that an answer may take."""
MOST = 64 * 1024 * 1024
"""Bytes of one answer that are read."""
PIECE = 64 * 1024
TYPES: Mapping[str, str] = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}
"""How a patch is meant, to its media type."""
Query = Sequence[tuple[str, str]]


class Abandoned(Exception):
    """Ends the thread of an attempt that nobody waits for any more."""


class Wire:
    """The requests of one attempt. With `dry`, no request for a change leaves that does not say `dryRun=All`."""

    def __init__(self, cluster: Cluster, hands: Hands, *, dry: bool = False) -> None:
        self.cluster = cluster
        self.hands = hands
        self.dry = dry
        self.changed = False
        self.lock = threading.Lock()
        self._abandoned = False
        self._socket: socket.socket | None = None
        self._changing = False
        self._left = False

    # --- the attempt's thread

    def abandon(self) -> None:
        """Cut the connection; nothing leaves after this."""
        with self.lock:
            self._abandoned = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    # --- the worker's thread

    def leaving(self, connected: Any) -> None:
        """Called by a connection when bytes are about to leave on it. Raises Abandoned."""
        with self.lock:
            if self._abandoned:
                raise Abandoned
            self._left = True
            self.changed = self.changed or self._changing
            if self._socket is None and connected is not None:
                # A second handle, so that it can be cut whatever becomes of the first.
                self._socket = socket.socket(fileno=os.dup(connected.fileno()))

    def check(self) -> None:
        """Raises Abandoned when nobody waits any more."""
        if self._abandoned:
            raise Abandoned

    def pause(self, seconds: float) -> None:
        """Let time pass. Raises Abandoned when the attempt is over meanwhile."""
        if self.hands.wait(seconds) or self.hands.remaining() <= 0:
            raise Abandoned
        self.check()

    def get(self, path: str, query: Query = ()) -> dict[str, Any]:
        """Read. Raises Answered, or a named failure."""
        return self._json(self._ask("GET", path, query))

    def create(self, path: str, body: Any, *, change: bool = True, patient: bool = True) -> dict[str, Any]:
        """Create what the body says; with `change` false, only a question is created, and its answer comes back."""
        return self._json(self._ask("POST", path, (), body, change=change, patient=patient))

    def patch(self, path: str, body: Any, how: str, query: Query = ()) -> dict[str, Any]:
        """Patch an object; `how` is one of TYPES."""
        return self._json(self._ask("PATCH", path, query, body, TYPES[how], change=True))

    def delete(self, path: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Delete an object. A server that gets options as a body does not look for them in the query as well."""
        body = {**options, "dryRun": ["All"]} if self.dry else options
        return self._json(self._ask("DELETE", path, (), body, change=True))

    def pieces(self, path: str, query: Query = (), silence: float = ANSWER) -> Generator[bytes, None, None]:
        """Read what comes as it comes, until the other side ends it. `silence` is how long nothing may come."""
        response = self._opened(path, query, silence)
        try:
            for piece in response.stream(PIECE):
                self.check()
                yield piece
        except (HandlerError, Answered, Abandoned, GeneratorExit):
            raise
        except Exception as problem:
            self.check()
            raise lost(problem, self.cluster.address(), sent=True, unsure=self.changed) from problem
        finally:
            self.let_go()
            response.close()

    def lines(self, path: str, query: Query = (), silence: float = ANSWER) -> Iterator[bytes]:
        """Read lines as they come."""
        rest = b""
        for piece in self.pieces(path, query, silence):
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > MOST:
                raise BadResponse("the cluster sent a line without an end", "ask for less")
            yield from whole

    def _opened(self, path: str, query: Query, silence: float) -> Any:
        """An answer that has begun."""
        while True:
            self.begin(change=False)
            response = self._send("GET", path, query, None, {}, silence)
            if response.status < 300:
                return response
            answered = _refusal(response, response.read(MOST))
            response.release_conn()
            wait = _patience(answered, change=False)
            if wait is None or wait >= self.hands.remaining():
                raise answered
            self.pause(wait)

    def begin(self, *, change: bool) -> None:
        """What leaves next belongs to one request; whether it is for a change."""
        self.let_go()
        self._left = False
        self._changing = change and not self.dry

    # --- one request

    def _ask(
        self,
        method: str,
        path: str,
        query: Query,
        body: Any = None,
        kind: str = "application/json",
        *,
        change: bool = False,
        patient: bool = True,
    ) -> bytes:
        """One request and its answer. `patient`: too many requests are a reason to wait and ask again."""
        if change and self.dry:
            query = (*query, ("dryRun", "All"))
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"content-type": kind}
        tries = 1 if change else 2
        while True:
            before = self.changed
            self.begin(change=change)
            try:
                return self._answer(method, path, query, data, headers)
            except Answered as answered:
                if answered.code < 500:
                    self.changed = before
                wait = _patience(answered, change=change) if patient else None
                if wait is None or wait >= self.hands.remaining():
                    raise
                self.pause(wait)
            except Unreachable:
                tries -= 1
                if not tries or not self._left:
                    raise

    def _answer(self, method: str, path: str, query: Query, data: bytes | None, headers: Mapping[str, str]) -> bytes:
        response = self._send(method, path, query, data, headers, ANSWER)
        try:
            found: bytes = response.read(MOST + 1)
        except Exception as problem:
            self.check()
            raise lost(problem, self.cluster.address(), sent=True, unsure=self.changed) from problem
        finally:
            self.let_go()
            response.release_conn()
        if response.status >= 300:
            raise _refusal(response, found)
        if len(found) > MOST:
            raise BadResponse(f"the answer has more than {MOST:,} bytes", "ask for less", unsure=self.changed)
        return found

    def _send(
        self, method: str, path: str, query: Query, data: bytes | None, headers: Mapping[str, str], silence: float
    ) -> Any:
        import urllib3  # noqa: PLC0415 comes with the client

        self.check()
        left = self.hands.remaining()
        if left <= 0:
            raise TimedOut("the step's time was over", "give the step a longer `timeout:`", unsure=self.changed)
        self.cluster.turns.now = self
        url = f"{self.cluster.host}{path}" + (f"?{urlencode(query)}" if query else "")
        # The deadline is kept by the attempt's own thread; these only end what it has abandoned.
        timeout = urllib3.Timeout(connect=min(CONNECT, left + 1), read=min(silence, left + 1))
        try:
            return self.cluster.pool.request(
                method,
                url,
                body=data,
                headers={**self.cluster.headers(), **headers},
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=timeout,
            )
        except (HandlerError, Abandoned):
            raise
        except Exception as problem:
            self.check()
            raise lost(problem, self.cluster.address(), sent=self._left, unsure=self.changed) from problem
        finally:
            self.cluster.turns.now = None

    def _json(self, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            hint = "is that the address of a Kubernetes API?"
            raise BadResponse("the answer of the cluster is no JSON object", hint, unsure=self.changed)
        return found

    def let_go(self) -> None:
        """A request is over: its connection is the pool's again."""
        with self.lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = None


def _refusal(response: Any, data: bytes) -> Answered:
    after = response.headers.get("retry-after", "")
    return Answered(response.status, status_of(data), float(after) if after.isdecimal() else None)


def _patience(answered: Answered, *, change: bool) -> float | None:
    """Seconds to wait before asking again; None where that could do something twice, or is no use."""
    if answered.code == 429:
        return answered.after if answered.after is not None else 1.0
    return answered.after if answered.code == 503 and not change else None
