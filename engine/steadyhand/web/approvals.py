"""Where people answer who are not signed in: the page behind the link of a letter, and the buttons in Slack.

A GET never acts: programs that look through mail follow its links. Slack wants an answer within three seconds, so what
takes longer goes on after it. Carries bytes; what counts is decided by `app/replies.py`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ..app.replies import Outcome, Page
from ..errors import NotFound
from .hooks import body_of
from .requests import server
from .templating import page

SOON = 2.0
"""Seconds that Slack is kept waiting for what came of a press."""
LARGEST = 64 * 1024
"""Bytes of the form of a link."""
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
"""The address of the page is a secret: it is kept nowhere, and told to nobody."""

log = logging.getLogger(__name__)


def _shown(request: Request, asked: Page, status: int, outcome: Outcome | None = None) -> Response:
    return page(request, "approval.html", status, PRIVATE, asked=asked, outcome=outcome)


def _over(request: Request, problem: NotFound) -> Response:
    return _shown(request, Page("", server(request).url, over=f"{problem.message}. {problem.hint}."), 404)


async def look(request: Request) -> Response:
    """The page behind a link: what is asked. Nothing is changed by it."""
    try:
        asked = await run_in_threadpool(server(request).replies.look, request.path_params["secret"])
    except NotFound as problem:
        return _over(request, problem)
    return _shown(request, asked, 410 if asked.over else 200)


async def answer(request: Request) -> Response:
    """The form of that page."""
    secret, replies = request.path_params["secret"], server(request).replies
    raw = await body_of(request, LARGEST)
    fields = _fields(raw or b"")
    origin = request.client.host if request.client else ""
    words, comment = fields.get("answer", "")[:2_000], fields.get("comment", "")[:4_000]
    try:
        asked = await run_in_threadpool(replies.look, secret)
        if asked.over:
            return _shown(request, asked, 410)
        outcome = await run_in_threadpool(replies.by_link, secret, words, comment, origin)
        if not outcome.counts:
            asked = await run_in_threadpool(replies.look, secret)
    except NotFound as problem:
        return _over(request, problem)
    return _shown(request, asked, 200 if outcome.counts else 409, outcome)


async def actions(request: Request) -> Response:
    """What people press in Slack."""
    began = time.monotonic()
    try:
        raw = await body_of(request)
    except ClientDisconnect:
        return PlainTextResponse("", 400)
    if raw is None:
        return PlainTextResponse("the body is too long\n", 413)
    headers = dict(request.headers.items())
    refused = await run_in_threadpool(server(request).receiving.from_slack, headers, raw)
    if refused is not None:
        return PlainTextResponse(f"{refused.why}\n{refused.hint}\n", refused.status)
    payload = _payload(raw)
    if payload is None:
        return PlainTextResponse("this is no message of Slack: `payload` is missing, or no JSON\n", 400)
    if payload.get("type") != "block_actions":
        return PlainTextResponse("")  # nothing else of ours can be pressed there
    origin = request.client.host if request.client else ""
    work = asyncio.ensure_future(run_in_threadpool(server(request).replies.by_press, payload, origin))
    work.add_done_callback(_noticed)
    await asyncio.wait({work}, timeout=max(0.0, SOON - (time.monotonic() - began)))
    return PlainTextResponse("")


def _noticed(work: asyncio.Future[Outcome | None]) -> None:
    """Whatever goes wrong after Slack was answered is in the log."""
    if not work.cancelled() and work.exception() is not None:
        log.error("a press in Slack came to nothing: a bug of ours", exc_info=work.exception())


def _fields(raw: bytes) -> dict[str, str]:
    try:
        found = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def _payload(raw: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(_fields(raw).get("payload", ""))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


ROUTES: tuple[BaseRoute, ...] = (
    Route("/a/{secret:str}", look, methods=["GET"]),
    Route("/a/{secret:str}", answer, methods=["POST"]),
    Route("/hooks/slack/actions", actions, methods=["POST"]),
)
"""The pages of links, and where Slack sends what is pressed."""
