"""`http`: one request, and what came back.

A read is held to reading by its method. Redirects are followed only when asked for, no cookie outlives a request, and
the answer's size is bounded. The whole exchange is held to the step's time, and ends within a moment of a cancellation,
even while a server keeps a connection open and says nothing.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ..model import Capabilities, Effect, HandlerSpec, Param, Plan, Result, Syntax, Target, Text, digest
from .protocol import Hands

if TYPE_CHECKING:
    import httpx

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MOST = 10 * 1024 * 1024
"""Bytes of a body that are read unless `max_size` says otherwise."""
SEEN = 1024 * 1024
"""Bytes of a body that expectations look at."""


def _effect(params: Mapping[str, Any]) -> Effect:
    """The method says what it does."""
    method = str(params.get("method", "GET")).upper()
    if method in SAFE:
        return Effect.READ
    return Effect.DESTRUCTIVE if method == "DELETE" else Effect.CHANGE


spec = HandlerSpec(
    name="http",
    summary="Send one HTTP request.",
    short="url",
    params=(
        Param(
            "url",
            "text",
            "The address. Every placeholder is percent-encoded, but one at the very beginning.",
            "https://{{ inputs.host }}/health",
            required=True,
            syntax=Syntax.URL,
        ),
        Param("method", "text", "The method; GET unless said otherwise.", "POST", choices=METHODS),
        Param("headers", "map", "Header fields.", {"Accept": "application/json"}),
        Param("query", "map", "Query parameters, added to the address.", {"verbose": "1"}),
        Param("body", "text", "The body as text.", "ping"),
        Param("json", "any", "The body as a JSON value.", {"replicas": 3}),
        Param("form", "map", "The body as a form.", {"action": "restart"}),
        Param(
            "auth",
            "map",
            "Who asks: `basic` or `bearer`.",
            {"bearer": "{{ secrets.api_token }}"},
            fields=(
                Param(
                    "basic",
                    "map",
                    "User name and password.",
                    {"username": "ops", "password": "{{ secrets.api }}"},
                    fields=(
                        Param("username", "text", "The user name.", "ops", required=True),
                        Param("password", "text", "The password.", "{{ secrets.api }}", required=True),
                    ),
                ),
                Param("bearer", "text", "A bearer token.", "{{ secrets.api_token }}"),
            ),
        ),
        Param(
            "tls",
            "map",
            "How the server is checked, and who we are.",
            {"ca": "/etc/ssl/internal.pem"},
            fields=(
                Param("verify", "boolean", "Check the certificate; true unless said otherwise.", False),
                Param("ca", "text", "A file of authorities to trust.", "/etc/ssl/internal.pem"),
                Param("cert", "text", "Our certificate.", "/etc/ssl/me.pem"),
                Param("key", "text", "Its key.", "/etc/ssl/me.key"),
            ),
        ),
        Param("redirects", "boolean", "Follow redirects; false unless said otherwise.", True),
        Param("max_size", "size", "The largest body that is read; 10 MiB unless said otherwise.", "1MiB"),
    ),
    results={
        "status": "the status code",
        "headers": "the header fields, names in lower case",
        "body": "the body as text, at most 1 MiB of it",
        "json": "the body as a JSON value, or nothing when it is none",
        "url": "the address that answered",
        "http_version": "the version of the protocol",
        "timings": "milliseconds: connect, tls, first_byte, total",
        "duration": "microseconds from the start to the end",
        "tls": "over https: protocol, cipher, not_after of the certificate",
    },
    default_expect={"status": {"ge": 200, "lt": 300}},
    effect_of=_effect,
    effect_known=True,
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The request as it would go out, with its secrets by name."""
    if target is not None:
        raise BadInput("an `http` step takes no target", "write the address into `url`")
    bodies = [name for name in ("body", "json", "form") if name in params]
    if len(bodies) > 1:
        raise BadInput(f"`{bodies[0]}` and `{bodies[1]}` are both given", "give one body")
    url: Text = params["url"]
    if not url.masked().startswith(("http://", "https://")):
        raise BadInput(f"{url.masked()[:80]!r} is no http or https address", "begin it with https://")
    request = {**params, "method": _word(params.get("method", "GET")).upper()}
    for name, value in params.get("headers", {}).items():
        _check_header(name, value)
    body = next((f" ({name} body)" for name in bodies), "")
    return Plan("http", f"{request['method']} {url.masked()}{_query(params)}{body}", request)


def _word(value: Any) -> str:
    return value.masked() if isinstance(value, Text) else str(value)


def _query(params: Mapping[str, Any]) -> str:
    pairs = [f"{name}={_word(value)}" for name, value in params.get("query", {}).items()]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _check_header(name: str, value: Any) -> None:
    for text in (name, _word(value)):
        if any(c in text for c in "\r\n\0"):
            raise BadInput(f"header {name!r} holds a line break or NUL", "header values are one line")


def perform(plan: Plan, hands: Hands) -> Result:
    """Send it, once."""
    return _Exchange(plan, hands).result()


class _Exchange:
    """One request and its answer, with a watchdog that cuts the connection when the time is over."""

    def __init__(self, plan: Plan, hands: Hands) -> None:
        import httpx  # noqa: PLC0415 five times the interpreter's own start

        self._httpx = httpx
        self._request = plan.request
        self._hands = hands
        self._method = str(plan.request["method"])
        self._sent = False
        self._why: HandlerError | None = None
        self._streams: list[Any] = []
        self._times: dict[str, float] = {}
        self._start = time.monotonic()
        self._over = threading.Event()
        self._done = False

    def result(self) -> Result:
        client = self._client()
        self._hands.on_cancel(self._over.set)
        watchdog = threading.Thread(target=self._watch, args=(client,), daemon=True)
        watchdog.start()
        try:
            with client, client.stream(self._method, self._reveal("url"), **self._arguments()) as response:
                return self._read(response)
        except HandlerError:
            raise
        except Exception as problem:
            raise self._named(problem) from problem
        finally:
            self._done = True
            self._over.set()

    def _watch(self, client: httpx.Client) -> None:
        """Cut the connection at the deadline or on cancellation; the reader then fails, and knows why."""
        self._over.wait(max(0.0, self._hands.remaining()))
        if self._done:
            return
        unsure = self._sent and self._method not in SAFE
        if self._hands.cancelled():
            self._why = Cancelled("it was told to stop before the answer was complete", unsure=unsure)
        else:
            hint = "give the step a longer `timeout:`, or look at why the server is slow"
            self._why = TimedOut("no complete answer came in time", hint, unsure=unsure)
        while not self._done:
            for stream in self._streams:
                sock = stream.get_extra_info("socket")
                if sock is not None:
                    with suppress(OSError):
                        sock.shutdown(2)
            if self._streams:
                with suppress(Exception):
                    client.close()
            time.sleep(0.02)

    def _reveal(self, name: str) -> str:
        return self._hands.reveal(self._request[name])

    def _client(self) -> httpx.Client:
        try:
            verify = self._context()
        except (OSError, ssl.SSLError) as problem:
            raise Refused(
                f"the TLS files cannot be used: {problem}", "check `tls.ca`, `tls.cert` and `tls.key`"
            ) from None
        return self._httpx.Client(
            verify=verify,
            timeout=max(0.001, self._hands.remaining()),
            follow_redirects=bool(self._request.get("redirects", False)),
            max_redirects=10,
        )

    def _context(self) -> ssl.SSLContext | bool:
        if not self._hands.reveal(self._request["url"]).startswith("https"):
            return False
        tls = self._request.get("tls", {})
        context = ssl.create_default_context(cafile=self._hands.reveal(tls["ca"]) if "ca" in tls else None)
        if tls.get("verify", True) is False:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if "cert" in tls:
            context.load_cert_chain(
                self._hands.reveal(tls["cert"]), self._hands.reveal(tls["key"]) if "key" in tls else None
            )
        return context

    def _arguments(self) -> dict[str, Any]:
        request, hands = self._request, self._hands
        found: dict[str, Any] = {"headers": self._headers(), "extensions": {"trace": self._trace}}
        if "query" in request:
            found["params"] = {name: hands.reveal(value) for name, value in request["query"].items()}
        if "body" in request:
            found["content"] = hands.reveal(request["body"]).encode("utf-8", "surrogateescape")
        if "json" in request:
            found["content"] = json.dumps(_revealed(request["json"], hands)).encode()
        if "form" in request:
            found["data"] = {name: hands.reveal(value) for name, value in request["form"].items()}
        return found

    def _headers(self) -> dict[str, str]:
        request, hands = self._request, self._hands
        headers = {"User-Agent": "steadyhand"}
        if "json" in request:
            headers["Content-Type"] = "application/json"
        if self._method not in SAFE:
            key = [hands.environment.get("STEADY_RUN", ""), hands.environment.get("STEADY_STEP", "")]
            headers["Idempotency-Key"] = digest(key)[:32]  # the same for every attempt, so that a server can tell
        auth = request.get("auth", {})
        if "bearer" in auth:
            headers["Authorization"] = f"Bearer {hands.reveal(auth['bearer'])}"
        if "basic" in auth:
            pair = f"{hands.reveal(auth['basic']['username'])}:{hands.reveal(auth['basic']['password'])}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode('utf-8', 'surrogateescape')).decode()}"
        headers.update({name: hands.reveal(value) for name, value in request.get("headers", {}).items()})
        for name, value in headers.items():
            if any(c in value for c in "\r\n\0"):
                raise BadInput(f"header {name!r} holds a line break or NUL", "header values are one line")
        return headers

    def _trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Called by the transport at every turn: when what happened, and the connection to cut."""
        self._times.setdefault(name, time.monotonic())
        if name.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._streams.append(info["return_value"])
        if name.endswith(".send_request_headers.started"):
            self._sent = True

    def _read(self, response: httpx.Response) -> Result:
        most = int(self._request.get("max_size", MOST))
        sink = self._hands.sink("body")
        kept = bytearray()
        size = 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > most:
                unsure = self._method not in SAFE
                hint = "raise `max_size:`, or ask for less"
                raise BadResponse(f"the answer is larger than {most} bytes", hint, unsure=unsure)
            sink.write(piece)
            if len(kept) < SEEN:
                kept += piece
        total = time.monotonic() - self._start
        return Result(
            {
                "status": response.status_code,
                "headers": {name.lower(): value for name, value in response.headers.items()},
                "body": sink.text(),
                "json": _parsed(bytes(kept)) if size <= SEEN else None,
                "url": str(response.url),
                "http_version": response.http_version,
                "timings": {**self._timings(), "total": round(total * 1000)},
                "duration": int(total * 1_000_000),
                "tls": self._tls(),
            }
        )

    def _timings(self) -> dict[str, int]:
        spans = {"connect": "connect_tcp", "tls": "start_tls", "first_byte": "receive_response_headers"}
        found: dict[str, int] = {}
        for label, part in spans.items():
            start = next((t for n, t in self._times.items() if n.endswith(f".{part}.started")), None)
            end = next((t for n, t in self._times.items() if n.endswith(f".{part}.complete")), None)
            if start is not None and end is not None:
                found[label] = round((end - start) * 1000)
        return found

    def _tls(self) -> dict[str, Any]:
        context = self._streams[-1].get_extra_info("ssl_object") if self._streams else None
        if context is None:
            return {}
        cipher, certificate = context.cipher(), context.getpeercert() or {}
        return {
            "protocol": context.version(),
            "cipher": cipher[0] if cipher else None,
            "not_after": certificate.get("notAfter"),
        }

    def _named(self, problem: Exception) -> HandlerError:
        """The failure by its name, and whether the request may have had its effect all the same."""
        if self._why is not None:
            return self._why
        httpx, unsure = self._httpx, self._sent and self._method not in SAFE
        text = str(problem) or type(problem).__name__
        if isinstance(problem, httpx.TimeoutException):
            return TimedOut("no complete answer came in time", "give the step a longer `timeout:`", unsure=unsure)
        if isinstance(problem, httpx.ConnectError):
            if "certificate" in text.lower() or "ssl" in text.lower():
                return Refused(f"TLS: {text}", "check the certificate and its name; `tls.ca` names own authorities")
            return Unreachable(f"no connection: {text}", "is it running, and is the address right?")
        if isinstance(problem, (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)):
            return BadInput(f"the address cannot be used: {text}", "check `url`")
        if isinstance(problem, (httpx.TooManyRedirects, httpx.DecodingError, httpx.RemoteProtocolError)):
            return BadResponse(f"the answer cannot be understood: {text}", unsure=unsure)
        if isinstance(problem, (httpx.TransportError, OSError)):
            return Unreachable(f"the connection was lost: {text}", unsure=unsure)
        raise problem


def _revealed(value: Any, hands: Hands) -> Any:
    if isinstance(value, Text):
        return hands.reveal(value)
    if isinstance(value, Mapping):
        return {name: _revealed(inner, hands) for name, inner in value.items()}
    return [_revealed(inner, hands) for inner in value] if isinstance(value, (list, tuple)) else value


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
