"""Carries out one request of the API: who asks, parameters, the body, the key, the use case, the answer.

Each operation of the table has one endpoint, made here. Whatever is wrong becomes a problem of web/problems.py.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, BinaryIO

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from ...app.server import Server
from ...model.people import Identity
from ..problems import Refusal
from ..requests import need, server
from .idempotency import AtWork, Keys, Repeated
from .negotiating import chosen
from .operations import JSON, SAFE, Operation, Param, Reply
from .streams import EventStream, streams

BIGGEST = 1024 * 1024
"""Bytes of a body."""
PIECE = 64 * 1024
STREAM = "text/event-stream"


class Call:
    """One request, read and found fit. `repeated` says what an earlier try under the same key may have done."""

    def __init__(self, request: Request, operation: Operation, who: Identity | None) -> None:
        self.server: Server = server(request)
        self.operation = operation
        self.identity = who
        self.media = chosen(request.headers.getlist("accept"), operation.media)
        self.given = parameters(request, operation)
        self.body: Any = None
        self.repeated: Repeated | None = None
        self.walking: threading.Lock = _walking(request.app.state)
        self.traceparent = _parent(request.headers.get("traceparent", ""))
        self.resumes_after = _last_event(request.headers.get("last-event-id")) if STREAM in operation.media else None

    @property
    def who(self) -> Identity:
        """Who asks; somebody is known wherever the operation needs a right."""
        assert self.identity is not None  # noqa: S101 the endpoint has asked
        return self.identity

    def wrote(self) -> None:
        """Something was appended in this process: whoever follows the journal looks now."""
        self.server.hub.poke()


def _parent(text: str) -> str:
    """The span that asks (W3C Trace Context), where what was sent is one; '' otherwise."""
    return text if re.fullmatch(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", text) else ""


def _last_event(text: str | None) -> int | None:
    """The number of the event after which a stream goes on. Raises Refusal."""
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refusal("unreadable", "Last-Event-ID is no number of an event", "give the `id` of the last one")
    return int(text)


def _walking(state: Any) -> threading.Lock:
    """What is held while somebody walks the chains, one for a server. In the loop."""
    found: threading.Lock | None = getattr(state, "walking", None)
    if found is None:
        found = state.walking = threading.Lock()
    return found


def _at_work(state: Any) -> AtWork:
    """The keys whose requests this server carries out right now. In the loop."""
    found: AtWork | None = getattr(state, "at_work", None)
    if found is None:
        found = state.at_work = AtWork()
    return found


def endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """What the route of an operation calls."""

    async def answer(request: Request) -> Response:
        return await _answer(request, operation)

    return answer


async def _answer(request: Request, operation: Operation) -> Response:
    who = need(request, operation.right) if operation.right is not None else None
    call = Call(request, operation, who)
    if operation.body is None:
        if call.media == STREAM:
            return Response(b"", 200, SAFE, STREAM) if request.method == "HEAD" else await _stream(request, call)
        return _response(await run_in_threadpool(_perform, call))
    raw = await _read(request)
    call.body = _decoded(raw, operation.body)
    key = request.headers.get("idempotency-key")
    if key is None:
        return _response(await run_in_threadpool(_perform, call))
    keys = Keys(call.server.services, call.who, _at_work(request.app.state))
    return _response(await run_in_threadpool(keys.once, key, request, raw, call, _perform))


async def _stream(request: Request, call: Call) -> Response:
    opened = await run_in_threadpool(call.operation.perform, call)
    if isinstance(opened, Reply):
        return _response(opened)
    assert isinstance(opened, EventStream)  # noqa: S101 it makes nothing else
    return streams(request.app.state, call.server).opened(opened, call.who.person)


def _perform(call: Call) -> Reply:
    """In a thread: the use case, and its answer as bytes."""
    found = call.operation.perform(call)
    if isinstance(found, Reply):
        return found
    return Reply(msgspec.json.encode(found), status=call.operation.status)


def _response(reply: Reply) -> Response:
    headers = {**SAFE, **reply.headers}
    if reply.content is not None:
        return StreamingResponse(_pieces(reply.content), reply.status, headers, reply.media)
    if reply.status == 204:
        return Response(b"", 204, headers)
    return Response(reply.body, reply.status, headers, reply.media)


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(PIECE):
            yield piece


# --- what comes in


def parameters(request: Request, operation: Operation) -> dict[str, Any]:
    """The parameters of a request, by name. Raises Refusal."""
    known = {param.name: param for param in operation.params}
    given: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        param = known.get(name)
        if param is None or param.where != "query":
            listed = ", ".join(p.name for p in operation.params if p.where == "query") or "none"
            raise Refusal("unreadable", f"there is no parameter {name!r} here", f"there are: {listed}")
        if name in given:
            raise Refusal("unreadable", f"the parameter {name} is given twice", "give it once")
        given[name] = _value(param, text)
    for param in operation.params:
        if param.where == "path":
            given[param.name] = request.path_params[param.name]
        else:
            given.setdefault(param.name, param.default)
    return given


def _value(param: Param, text: str) -> Any:
    if param.choices and text not in param.choices:
        raise Refusal("unreadable", f"{param.name} cannot be {text!r}", f"it is one of {', '.join(param.choices)}")
    if param.kind == "integer":
        digits = text.removeprefix("-")
        value = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
        if value is None or not param.low <= value <= param.high:
            hint = f"it is a whole number from {param.low} to {param.high}"
            raise Refusal("unreadable", f"{param.name} cannot be {text!r}", hint)
        return value
    most = param.high or 200
    if not 1 <= len(text) <= most:
        raise Refusal(
            "unreadable", f"{param.name} is {'empty' if not text else 'too long'}", f"up to {most} characters"
        )
    return text


async def _read(request: Request) -> bytes:
    """The whole body, as long as it is bounded. Raises Refusal."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON:
        raise Refusal("media-type", f"the body is {media or 'of no type'}", f"send `Content-Type: {JSON}`")
    length = request.headers.get("content-length", "")
    most = Refusal("too-large", f"the body has more than {BIGGEST} bytes", "send less")
    if length.isdigit() and int(length) > BIGGEST:
        raise most
    found = bytearray()
    try:
        async for piece in request.stream():
            found += piece
            if len(found) > BIGGEST:
                raise most
    except ClientDisconnect:
        raise Refusal("unreadable", "the request was cut off") from None
    return bytes(found)


def _decoded(raw: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as problem:
        raise Refusal(
            "unfit", f"the body does not fit: {problem}", "the OpenAPI document says what may stand there"
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Refusal("unreadable", f"the body is no JSON: {problem}", "send one JSON object") from None
