"""Whether channels could be told, without telling them: for `steady preflight`.

Called by `notify` with the hands of a look. A service over HTTP is asked for nothing but headers, at the root of its
address: a name, a connection, TLS and an answer are what can be known without a message. A mail server is greeted,
logged in to, and left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..errors import HandlerError, Refused
from ..model import Need, plain
from . import _channels, _deliver, _exchange, _mail
from ._aside import READABLE, Aside, lent
from ._texts import text_of
from .protocol import Hands

PATIENCE = 8.0
"""Seconds that one channel may take."""
PUBLIC: Mapping[str, str] = {
    "slack": _channels.SLACK, "pagerduty": _channels.PAGERDUTY, "statuspage": _channels.STATUSPAGE,
}  # fmt: skip


def needs(channels: Mapping[str, Mapping[str, Any]], hands: Hands) -> list[Need]:
    """A need for each channel."""
    with ThreadPoolExecutor(_deliver.AT_ONCE) as pool:
        return list(pool.map(lambda one: _need(one[0], one[1], hands), channels.items()))


def _need(channel: str, declared: Mapping[str, Any], hands: Hands) -> Need:
    kind, own = declared["kind"], lent(hands, PATIENCE)
    what = f"channel {channel} ({kind})"
    try:
        return Need(what, True, _LOOKS.get(kind, _http)(kind, declared["params"], own))
    except HandlerError as problem:
        hint = problem.hint.replace("`tls.ca`", "`ca`") or "look at the channel in steady.yaml"
        return Need(what, False, own.masked(problem.message), hint)


def _http(kind: str, params: Mapping[str, Any], hands: Aside) -> str:
    base = params.get("webhook", params.get("url"))
    if base is None:
        base = PUBLIC.get(kind) or _channels.OPSGENIE[_channels.word(params, "region", "us")]
    split = urlsplit(hands.reveal(text_of(base)))
    root = urlunsplit((split.scheme, split.netloc.rpartition("@")[2], "/", "", ""))
    request: dict[str, Any] = {"method": "HEAD", "url": plain(root), "max_size": READABLE}
    if "ca" in params:
        request["tls"] = {"ca": text_of(params["ca"])}
    lender: Any = hands
    answered = _exchange.exchange(request, lender).values["status"]
    return f"{_exchange.host_of(root)} answers ({answered}); its keys are tried when it is told"


def _mailed(kind: str, params: Mapping[str, Any], hands: Aside) -> str:
    del kind
    _mail.greet(params, hands)
    return "greeted and logged in" if "username" in params else "greeted"


def _shown(kind: str, params: Mapping[str, Any], hands: Aside) -> str:
    del kind, params, hands
    return ""


def _apprised(kind: str, params: Mapping[str, Any], hands: Aside) -> str:
    del kind
    apprise = _deliver.library()
    if apprise.Apprise.instantiate(hands.reveal(text_of(params["url"])), suppress_exceptions=True) is None:
        raise Refused("apprise does not know this address", "look at `url` of the channel")
    return "its address can be read; it is tried when it is told"


_LOOKS: Mapping[str, Callable[[str, Mapping[str, Any], Aside], str]] = {
    "email": _mailed, "console": _shown, "apprise": _apprised,
}  # fmt: skip
