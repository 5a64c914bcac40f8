"""Where senders post alerts: `/hooks/<source>` and `/hooks/<source>/<name>`. Carries bytes, and nothing else.

A body is read while it comes and let go of when it is too long or too slow. What is answered with 2xx is durable. The
loop itself reads short bodies, which takes less time than handing them to a thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..app.receiving import MOST, Receiving, Reply, refusal
from ..schema.intakes import IntakeSpec
from .requests import server

SLOWEST = 15.0
"""Seconds in which a body must be there."""
LONGEST = 10.0
"""Seconds that a sender is kept waiting for the store: shorter than senders wait, so that they hear to come again."""
SHORT = 64 * 1024
"""Bytes of a body that the loop reads itself."""
METHODS = ["POST", "PUT", "OPTIONS"]


async def hook(request: Request) -> Response:
    """One request of a sender."""
    source, name = request.path_params["source"], request.path_params.get("name", "")
    receiving = server(request).receiving
    spec = receiving.find(source, name)
    if spec is None:
        return _response(_nowhere(source, name))
    if request.method == "OPTIONS":
        return _handshake(request, spec)
    return _response(await _taken(receiving, spec, request))


async def _taken(receiving: Receiving, spec: IntakeSpec, request: Request) -> Reply:
    headers = dict(request.headers.items())
    wrong = receiving.greet(spec, headers)
    if wrong is not None:
        return wrong
    try:
        async with asyncio.timeout(SLOWEST):
            body = await body_of(request)
    except ClientDisconnect:
        return refusal(400, "the sender has gone")  # which nobody reads
    except TimeoutError:
        return refusal(408, f"the body did not come within {SLOWEST:g} s", "send it again")
    if body is None:
        return refusal(413, f"the body is longer than {MOST:,} bytes", "send fewer alerts at once")
    loop, came = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def answer(reply: Reply) -> None:
        loop.call_soon_threadsafe(_settle, came, reply)

    origin = request.client.host if request.client else ""
    if len(body) <= SHORT:
        receiving.receive(spec, headers, body, origin, answer)
    else:
        await run_in_threadpool(receiving.receive, spec, headers, body, origin, answer)
    try:
        async with asyncio.timeout(LONGEST):
            reply: Reply = await came
    except TimeoutError:
        return refusal(503, "the store did not answer in time, send it again", "see the log of the server", retry=10)
    return reply


def _settle(future: asyncio.Future[Reply], reply: Reply) -> None:
    if not future.done():
        future.set_result(reply)


async def body_of(request: Request, most: int = MOST) -> bytes | None:
    """The body; None when it is longer than that, which is not read to its end."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > most:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


def _nowhere(source: str, name: str) -> Reply:
    where = f"{source[:60]}/{name[:60]}" if name else source[:60]
    hint = "look at `intake:` in steady.yaml; where a source has several, the name stands behind it"
    return refusal(404, f"there is no intake {where}", hint)


def _handshake(request: Request, spec: IntakeSpec) -> Response:
    """The question of a CloudEvents sender whether it may send here (WebHook-Request-Origin)."""
    asked = request.headers.get("webhook-request-origin", "")
    headers = {"Allow": "POST, OPTIONS"}
    if spec.source == "cloudevents" and asked:
        headers["WebHook-Allowed-Origin"] = asked if asked.isascii() and asked.isprintable() else "*"
        rate = request.headers.get("webhook-request-rate", "")
        if rate:
            headers["WebHook-Allowed-Rate"] = rate if rate.isdecimal() else "*"
    return Response(status_code=200, headers=headers)


def _response(reply: Reply) -> Response:
    kind = "application/json" if reply.status < 400 else "application/problem+json"
    more: Mapping[str, str] = {
        **({"Retry-After": str(reply.retry)} if reply.retry else {}),
        **({"WWW-Authenticate": f'{reply.ask} realm="alerts"'} if reply.ask else {}),
        **({"Connection": "close"} if reply.status in {408, 413} else {}),
    }
    return Response(json.dumps(reply.body, ensure_ascii=False).encode("utf-8", "replace"), reply.status, more, kind)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/hooks/{source:str}", hook, methods=METHODS),
    Route("/hooks/{source:str}/{name:str}", hook, methods=METHODS),
)
"""The addresses of all intakes."""
