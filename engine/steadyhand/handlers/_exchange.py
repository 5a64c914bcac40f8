"""One HTTP exchange, held to the step's time and stopped within a moment.

Called by `http` when a step runs, and imported only then. The exchange runs in a thread beside the attempt's own, for
a name's resolution or a handshake cannot be interrupted from outside: the attempt's thread waits for the end, the
deadline or a cancellation, and abandons the exchange for the last two. What is abandoned sends nothing any more: the
moment at which the request leaves is taken under the same lock as the decision to abandon it, so `unsure` is exact.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

import httpx

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut
from ..expressions.quoting import percent
from ..model import Result, Secret, Text, digest, secrets_in
from . import _bodies, _failures, _tls
from ._request import MOST, SAFE, one_line, pairs, replaced
from ._texts import bytes_of
from .protocol import Hands

REDIRECTS = 10
"""Redirects that are followed at most."""
LONGEST = 3600.0
"""Seconds that one sleep lasts at most."""
LEAVE = 0.05
"""Seconds that an abandoned exchange is waited for, so that it usually leaves nothing behind."""


def exchange(request: Mapping[str, Any], hands: Hands) -> Result:
    """Send the request, and return what came. Raises the named failures of a handler."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was sent")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before it was sent", "give the step a longer `timeout:`")
    return _Exchange(request, hands).result()


class _Abandoned(Exception):
    """Ends the exchange's thread at its next turn."""


class _Exchange:
    """A request on its way, and its answer."""

    def __init__(self, request: Mapping[str, Any], hands: Hands) -> None:
        self._request = request
        self._hands = hands
        self._safe = request["method"] in SAFE
        self._most = int(request.get("max_size", MOST))
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._abandoned = False
        self._sent = False
        self._socket: socket.socket | None = None
        self._times: dict[str, float] = {}
        self._start = time.monotonic()
        self._sink = hands.sink("body")
        self._ended: dict[str, Any] | Exception | None = None

    # --- the attempt's thread

    def result(self) -> Result:
        url, headers, content = self._url(), self._headers(), self._content()
        host = host_of(url)
        client = self._client(url)
        thread = threading.Thread(target=self._work, args=(client, url, headers, content), daemon=True)
        thread.start()
        self._hands.on_cancel(self._wake.set)
        while not self._has_ended():
            if self._hands.cancelled() or self._hands.remaining() <= 0:
                failure = self._abandon(host)
                thread.join(LEAVE)
                raise failure
            self._wake.wait(min(self._hands.remaining(), LONGEST))
        thread.join()
        if isinstance(self._ended, Exception):
            raise _failures.named(self._ended, host, sent=self._sent, unsure=self._unsure()) from self._ended
        return Result(self._ended or {})

    def _has_ended(self) -> bool:
        return self._ended is not None

    def _abandon(self, host: str) -> HandlerError:
        """Cut the connection; nothing leaves after this, and nothing more reaches the sink."""
        with self._lock:
            self._abandoned = True
            unsure = self._unsure()
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
        if self._hands.cancelled():
            return Cancelled("it was told to stop before the answer was complete", unsure=unsure)
        hint = "give the step a longer `timeout:`, or look at why the server is slow"
        return TimedOut(f"{self._phase(host)} when the step's time was over", hint, unsure=unsure)

    def _unsure(self) -> bool:
        return self._sent and not self._safe

    def _phase(self, host: str) -> str:
        if "receive_response_headers.complete" in self._times:
            return f"the answer of {host} was not complete ({self._sink.size:,} bytes had come)"
        if self._sent:
            return f"{host} had not answered"
        return f"there was no connection to {host}"

    # --- what goes out

    def _url(self) -> str:
        """The address. A secret in it is one component, but for one that it begins with: that is all of it."""
        text: Text = self._request["url"]
        url = "".join(
            (self._hands.secret(part.name) if not number else percent(self._hands.secret(part.name)))
            if isinstance(part, Secret)
            else part.text
            for number, part in enumerate(text.parts)
        )
        if not url.lower().startswith(("http://", "https://")):
            raise BadInput(f"{text.masked()} is no http or https address", "it must begin with https:// and a host")
        if self._request.get("query"):
            base, mark, rest = url.partition("#")
            url = base + ("&" if "?" in base else "?") + self._encoded(self._request["query"], quote) + mark + rest
        return url

    def _encoded(self, value: Mapping[str, Any], quoting: Any) -> str:
        found = ((name, bytes_of(self._hands.reveal(text), name)) for name, text in pairs(value))
        return "&".join(f"{quoting(bytes_of(name, name), safe='')}={quoting(data, safe='')}" for name, data in found)

    def _content(self) -> bytes | None:
        request, hands = self._request, self._hands
        if "body" in request:
            return bytes_of(hands.reveal(request["body"]), "body")
        if "json" in request:
            return json.dumps(replaced(request["json"], hands.reveal), separators=(",", ":")).encode()
        return self._encoded(request["form"], quote_plus).encode() if "form" in request else None

    def _headers(self) -> list[tuple[bytes, bytes]]:
        request, hands = self._request, self._hands
        headers = {"User-Agent": "steadyhand", "Accept-Encoding": "identity"}
        if "json" in request:
            headers["Content-Type"] = "application/json"
        if "form" in request:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if not self._safe:
            headers["Idempotency-Key"] = _key(hands.environment)
        given = {name: hands.reveal(value) for name, value in request.get("headers", {}).items()}
        if "auth" in request:
            given["Authorization"] = self._authorization(request["auth"])
        own = {name.lower() for name in given}
        headers = {**{name: value for name, value in headers.items() if name.lower() not in own}, **given}
        return [(name.encode(), bytes_of(one_line(name, value), name)) for name, value in headers.items()]

    def _authorization(self, auth: Mapping[str, Any]) -> str:
        if "bearer" in auth:
            return f"Bearer {self._hands.reveal(auth['bearer'])}"
        username, password = (self._hands.reveal(auth["basic"][name]) for name in ("username", "password"))
        if ":" in username:
            raise BadInput("a user name for basic authentication cannot hold a colon", "check `auth.basic.username`")
        return f"Basic {base64.b64encode(bytes_of(f'{username}:{password}', 'auth')).decode()}"

    def _client(self, url: str) -> httpx.Client:
        secure = url.lower().startswith("https:") or self._request.get("redirects", False)
        verify = _tls.context(self._request.get("tls", {}), self._hands) if secure else False
        try:
            # The deadline is ours; the client's own, a second later, only ends what was abandoned.
            return httpx.Client(verify=verify, timeout=max(0.0, self._hands.remaining()) + 1.0)
        except (ImportError, ValueError, httpx.InvalidURL) as problem:
            hint = "look at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY names the hosts that need none"
            raise Refused(f"the proxy that the environment names cannot be used: {problem}", hint) from problem

    # --- the exchange's thread

    def _work(self, client: httpx.Client, url: str, headers: list[tuple[bytes, bytes]], content: bytes | None) -> None:
        ended: dict[str, Any] | Exception
        try:
            with client:
                ended = self._follow(client, url, headers, content)
        except Exception as problem:  # noqa: BLE001 told in the attempt's thread
            ended = problem
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket, self._ended = None, ended
        self._wake.set()

    def _follow(
        self, client: httpx.Client, url: str, headers: list[tuple[bytes, bytes]], content: bytes | None
    ) -> dict[str, Any]:
        method, extensions = self._request["method"], {"trace": self._trace}
        request = client.build_request(method, url, headers=headers, content=content, extensions=extensions)
        for _ in range(REDIRECTS + 1):
            self._times = {}
            response = client.send(request, stream=True)
            try:
                if response.next_request is None or not self._request.get("redirects", False):
                    return self._read(response)
                request = self._redirected(request, response.next_request)
            finally:
                response.close()
        hint = "name the address that it leads to"
        raise BadResponse(f"more than {REDIRECTS} redirects", hint, unsure=self._unsure())

    def _redirected(self, before: httpx.Request, after: httpx.Request) -> httpx.Request:
        """The next request: never from https to http, and with no secret for a host the author has not named."""
        hint = (
            f"write the address {after.url.copy_with(userinfo=b'', query=None, fragment=None)} if it is the right one"
        )
        if before.url.scheme == "https" and after.url.scheme != "https":
            raise Refused("the server redirects from https to http", hint, unsure=self._unsure())
        if (before.url.host, before.url.port) == (after.url.host, after.url.port):
            return after
        if after.method not in SAFE:
            raise Refused(f"the server redirects the {after.method} to another host", hint, unsure=self._unsure())
        for name, value in self._request.get("headers", {}).items():
            if secrets_in(value):
                after.headers.pop(name, None)
        after.headers.pop("Authorization", None)
        return after

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Called by the transport at every turn: what happened when, the socket to cut, the moment of no return."""
        turn = name.partition(".")[2]
        self._times.setdefault(turn, time.monotonic())
        with self._lock:
            if turn == "connect_tcp.complete":
                stream = info["return_value"]
                if self._abandoned:
                    stream.close()
                else:
                    self._keep(stream.get_extra_info("socket"))
            if self._abandoned and not turn.endswith(".failed"):
                raise _Abandoned
            if turn == "send_request_headers.started" and info["request"].method != b"CONNECT":
                self._sent = True

    def _keep(self, connected: socket.socket | None) -> None:
        """A second handle on the connection: the first is taken over by TLS while a handshake lasts."""
        if self._socket is not None:
            self._socket.close()
        self._socket = connected.dup() if connected is not None else None

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        tls = _tls.seen(response.extensions["network_stream"].get_extra_info("ssl_object"))
        kept: bytearray | None = bytearray()
        for piece in self._pieces(response):
            with self._lock:
                if self._abandoned:
                    raise _Abandoned
                self._sink.write(piece)
            if kept is not None:
                kept += piece
                kept = kept if len(kept) <= MOST else None
        total = time.monotonic() - self._start
        return {
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": self._sink.text(),
            **_bodies.parsed(kept),
            "url": str(response.url.copy_with(userinfo=b"")),
            "http_version": response.http_version,
            "timings": {**self._timings(), "total": round(total * 1000, 1)},
            "duration": int(total * 1_000_000),
            "tls": tls,
        }

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """The body as it comes, never more of it than was asked for."""
        size, announced = 0, response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._most and self._request["method"] != "HEAD":
            raise self._too_large(f"{int(announced):,}")
        for piece in _bodies.decoded(response.iter_raw(), response.headers.get("content-encoding", "")):
            size += len(piece)
            if size > self._most:
                raise self._too_large(f"more than {self._most:,}")
            yield piece

    def _too_large(self, size: str) -> BadResponse:
        hint = "raise `max_size`, or ask for less"
        return BadResponse(f"the body has {size} bytes; {self._most:,} are allowed", hint, unsure=self._unsure())

    def _timings(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for label, start, end in (
            ("connect", "connect_tcp.started", "connect_tcp.complete"),
            ("tls", "start_tls.started", "start_tls.complete"),
            ("first_byte", "send_request_headers.started", "receive_response_headers.complete"),
        ):
            if start in self._times and end in self._times:
                found[label] = round((self._times[end] - self._times[start]) * 1000, 1)
        return found


def _key(environment: Mapping[str, str]) -> str:
    """The same for every attempt of a step in a run. The fence is left out: a resumed run asks for the same thing."""
    return digest([environment.get(f"STEADY_{part}", "") for part in ("RUN", "STEP", "VISIT")])[:32]


def host_of(url: str) -> str:
    """Host and port as a message names them. Raises BadInput."""
    try:
        found = httpx.URL(url)
        port = {"https": 443}.get(found.scheme, 80) if found.port is None else found.port
    except (httpx.InvalidURL, ValueError) as problem:
        raise BadInput(f"the address cannot be used: {problem}", "check `url`") from None
    if not 0 < port < 65_536:
        raise BadInput(f"the address cannot be used: there is no port {port}", "check `url`")
    return f"[{found.host}]:{port}" if ":" in found.host else f"{found.host}:{port}"
