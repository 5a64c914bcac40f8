"""Tells every channel at once, each as often as it takes, within the step's time. Delivery happens at least once.

Called by `notify` when a step runs, and imported only then. Tried again is what may work a moment later: 429, 5xx (as
the service asks by Retry-After) and connections that fail. What a service refuses is final. Every try of a step names
itself the same way (Idempotency-Key, dedup_key, alias, Message-ID), so that a service that looks shows it once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from ..errors import Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ..model import Result, digest, plain
from . import _services
from ._aside import READABLE, Aside, Beside, lent
from ._notice import Notice, cut, noticed
from ._request import replaced
from ._services import Again, Answer, Request
from ._texts import text_of
from .protocol import Hands

TRIES = 5
"""How often a channel is tried."""
PATIENCE = 10.0
"""Seconds that one try may take."""
FIRST, LONGEST = 0.5, 8.0
"""Seconds before the second try, and at most between two; each pause is twice the one before, and up to half longer."""
AT_ONCE = 16
"""Channels that are told at once."""


class Told(Struct):
    """What came of one channel. `id` is what the service calls the message; `failure` is None when it took it."""

    channel: str
    kind: str
    tries: int = 0
    id: str = ""
    failure: HandlerError | None = None

    @property
    def reason(self) -> str:
        """Why it was not told."""
        if self.failure is None:
            return ""
        tries = f", after {self.tries} tries" if self.tries > 1 else ""
        return f"{cut(self.failure.message, 400)}{tries}"


def deliver(request: Mapping[str, Any], hands: Hands) -> Result:
    """Tell all channels. Raises the failure when none could be told, and Cancelled."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before anything was sent")
    if hands.remaining() <= 0:
        raise TimedOut("its time was over before anything was sent", "give the step a longer `timeout:`")
    start = time.monotonic()
    channels: Mapping[str, Mapping[str, Any]] = request["channels"]
    with ThreadPoolExecutor(min(AT_ONCE, len(channels))) as pool:
        told = list(pool.map(lambda one: _told(request, one[0], one[1], hands), channels.items()))
    stopped = next((t.failure for t in told if isinstance(t.failure, Cancelled)), None)
    sent = [t.channel for t in told if t.failure is None]
    if stopped is not None:
        raise Cancelled(f"{stopped.message}; told so far: {', '.join(sent) or 'nobody'}")
    if not sent:
        raise _failure(told)
    return Result(
        {
            "sent": sent,
            "failed": {t.channel: f"{t.kind}: {t.reason}" for t in told if t.failure is not None},
            "ids": {t.channel: t.id for t in told if t.id},
            "attempts": {t.channel: t.tries for t in told},
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def _failure(told: list[Told]) -> HandlerError:
    """One failure for all: of the first one's kind, with everybody's reason."""
    first = told[0].failure
    assert first is not None  # noqa: S101 it is asked when none was told
    message = "; ".join(f"{t.channel} ({t.kind}): {t.reason}" for t in told)
    kind = Unreachable if isinstance(first, Again) else type(first)
    return kind(message, first.hint, unsure=any(t.failure is not None and t.failure.unsure for t in told))


def _told(request: Mapping[str, Any], channel: str, declared: Mapping[str, Any], hands: Hands) -> Told:
    """One channel, told as often as it takes."""
    kind, params = declared["kind"], declared["params"]
    notice = noticed(request["said"], channel, declared["audience"], hands.environment)
    told = Told(channel, kind)
    for number in range(1, TRIES + 1):
        told.tries = number
        own = lent(hands, PATIENCE)
        try:
            told.id, told.failure = own.masked(_SENDERS.get(kind, _http)(kind, params, notice, own, number)), None
        except HandlerError as problem:
            problem.message = own.masked(_timed(problem, hands))
            problem.hint = problem.hint.replace("`tls.ca`", "`ca`")
            told.failure = problem
            pause = waits(problem, number, notice.token)
            if pause is None or number == TRIES or hands.remaining() <= 0:
                return told
            if pause >= hands.remaining():
                problem.message += f" (the step's time is over before the next try in {pause:.3g} s)"
                return told
            if hands.wait(pause):
                told.failure = Cancelled(f"told to stop while {channel} was waited for ({problem.message})")
                return told
        else:
            return told
    return told


def _timed(problem: HandlerError, hands: Hands) -> str:
    """What happened, when it was the time of one try that was over and not the step's."""
    one = isinstance(problem, TimedOut) and hands.remaining() > 0
    return (
        problem.message.replace("when the step's time was over", f"within {PATIENCE:g} s") if one else problem.message
    )


def waits(problem: HandlerError, number: int, seed: str) -> float | None:
    """Seconds until the next try, None when there is to be none. The jitter is the same for the same step."""
    if isinstance(problem, Again) and problem.after is not None:
        return problem.after
    if isinstance(problem, (Unreachable, TimedOut)):
        jitter = int(digest([seed, number])[:4], 16) / 0xFFFF
        return float(min(LONGEST, FIRST * 2 ** (number - 1)) * (1 + jitter / 2))
    return None


def retry_after(value: str, now: float) -> float | None:
    """What Retry-After says, in seconds or as a date; None when it says nothing that can be read."""
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    with suppress(ValueError, TypeError, OverflowError):
        return float(max(0.0, parsedate_to_datetime(text).timestamp() - now))
    return None


# --- the ways out


def _http(kind: str, params: Mapping[str, Any], notice: Notice, hands: Aside, number: int) -> str:
    """A service over HTTP. Raises a HandlerError."""
    if kind != "statuspage":
        answer = ask(_services.request(kind, params, notice), params, notice, hands)
        return _services.receipt(kind, notice, answer)
    listed = ask(_services.statuspage_open(params), params, notice, hands)
    incident = _services.statuspage_found(notice, listed.json)
    if not incident and _services.action(params, notice) == "resolve":
        if number > 1:
            return ""  # an earlier try has resolved it, and its answer was lost
        raise Refused("there is no open incident to resolve that has this key", "tell it with `action: trigger` first")
    answer = ask(_services.statuspage(params, notice, incident), params, notice, hands)
    return _services.receipt(kind, notice, answer)


def ask(request: Request, params: Mapping[str, Any], notice: Notice, hands: Aside) -> Answer:
    """Send one request. Raises Again for 429 and 5xx, Refused for any other refusal, and what the exchange raises."""
    from . import _exchange  # noqa: PLC0415 the client is not for the console

    headers: dict[str, Any] = {"Idempotency-Key": notice.token} if request.method != "GET" else {}
    headers |= {name: text_of(value) for name, value in request.headers.items()}
    asked: dict[str, Any] = {"method": request.method, "url": plain(hands.reveal(request.url)), "max_size": READABLE}
    if request.json is not None:
        body = json.dumps(replaced(request.json, hands.reveal), separators=(",", ":"))
        headers["Content-Type"] = "application/json"
        if request.sign is not None:
            key = hands.reveal(request.sign[1]).encode("utf-8", "surrogateescape")
            headers[request.sign[0]] = f"sha256={hmac.new(key, body.encode(), hashlib.sha256).hexdigest()}"
        asked["body"] = plain(body)
    if "ca" in params:
        asked["tls"] = {"ca": text_of(params["ca"])}
    came = _exchange.exchange({**asked, "headers": headers}, _hands(hands)).values
    answer = Answer(came["status"], came["headers"], came["body"], came.get("json"))
    if 200 <= answer.status < 300:
        return answer
    return _judged(answer, _exchange.host_of(asked["url"].masked()))


def _judged(answer: Answer, host: str) -> Answer:
    """What a service means that did not take it."""
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    said = _services.reasons(answer)
    message = f"{host} answered {answer.status}{phrase}{f': {said}' if said else ''}"
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Again(message, retry_after(answer.headers.get("retry-after", ""), time.time()))
    raise Refused(message, "look at the channel in steady.yaml: its address, its keys")


def _hands(hands: Aside) -> Any:
    """The same hands, where the whole seam is asked for: an exchange uses no more of it than they have."""
    return hands


def _mailed(kind: str, params: Mapping[str, Any], notice: Notice, hands: Aside, number: int) -> str:
    del kind, number
    from . import _mail  # noqa: PLC0415 only for mail

    return _mail.send(params, notice, hands)


def _shown(kind: str, params: Mapping[str, Any], notice: Notice, hands: Aside, number: int) -> str:
    """The console: the step's plan is shown as it begins, and that is the message."""
    del kind, params, notice, hands, number
    return ""


def _apprised(kind: str, params: Mapping[str, Any], notice: Notice, hands: Aside, number: int) -> str:
    del kind, number
    apprise = library()
    url = hands.reveal(text_of(params["url"]))
    types = {"critical": "failure", "error": "failure", "warning": "warning"}
    shape = "success" if notice.action == "resolve" else types.get(notice.severity, "info")
    beside: Beside[str] = Beside(hands, lambda: None)

    def tell() -> str:
        with apprise.LogCapture(level=apprise.logging.WARNING) as said:
            service = apprise.Apprise()
            if not service.add(url):
                raise Refused("apprise does not know this address", "look at `url` of the channel")
            if beside.gone():
                return ""
            links = "".join(f"\n{label}: {address}" for label, address in notice.links)
            if service.notify(body=notice.message + links, title=notice.title, notify_type=shape):
                return ""
            why = hands.masked(" ".join(said.getvalue().split()))
        raise Again(f"apprise could not send it: {cut(why, 300) or 'it gives no reason'}")

    return beside.run(tell, "the service had not taken it")


def library() -> Any:
    """The library of further services. Raises Refused when it is not installed."""
    try:
        import apprise  # noqa: PLC0415 an extra, and heavy
    except ImportError:
        hint = "pip install 'steadyhand[apprise]'"
        raise Refused("an `apprise` channel needs the package apprise", hint) from None
    return apprise


_SENDERS: Mapping[str, Callable[[str, Mapping[str, Any], Notice, Aside, int], str]] = {
    "email": _mailed, "console": _shown, "apprise": _apprised,
}  # fmt: skip
