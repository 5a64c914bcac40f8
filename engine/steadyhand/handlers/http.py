"""`http`: one request, and what came back.

This is the half without hands: the specification, the plan, its preview. A read is held to reading by its method.
The request is carried out by `_exchange`, which is imported when a step runs: the client costs five times the
interpreter's own start.

What an author may rely on: redirects are followed only when asked for, no cookie outlives the request, the answer's
size is bounded, the proxies of the environment (HTTPS_PROXY, NO_PROXY) are honoured and no ~/.netrc is read. A request
that changes something carries an `Idempotency-Key` made of the run and the step, unless the author gave one: every
attempt of a step has the same, so that a server that knows such keys does it once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import (
    MASK,
    Capabilities,
    Effect,
    HandlerSpec,
    Need,
    Param,
    Plan,
    Result,
    Secret,
    Syntax,
    Target,
    Text,
    secrets_in,
)
from ._request import METHODS, SAFE, one_line, pairs, replaced
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

BODIES = ("body", "json", "form")
SHOWN = 1000
"""Characters of a body that a preview shows."""
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
"""Header fields that say where a message ends: they are the client's, or a body could pass for a second request."""

_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"


def effect_of(params: Mapping[str, Any]) -> Effect:
    """The method says what it does; one that a placeholder gives may be any of them."""
    method = str(params.get("method", "GET")).upper()
    if method in SAFE:
        return Effect.READ
    return Effect.DESTRUCTIVE if method == "DELETE" or "{{" in method else Effect.CHANGE


_BASIC = (
    Param("username", "text", "The user name.", "ops", required=True),
    Param("password", "text", "The password.", "{{ secrets.api_password }}", required=True),
)
_AUTH = (
    Param(
        "basic",
        "map",
        "User name and password.",
        {"username": "ops", "password": "{{ secrets.api_password }}"},
        fields=_BASIC,
    ),
    Param("bearer", "text", "A bearer token.", "{{ secrets.api_token }}"),
)
_TLS = (
    Param("verify", "boolean", "Check the server's certificate; true unless said.", False),
    Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/internal.pem"),
    Param("cert", "text", "A file with our certificate.", "/etc/ssl/me.pem"),
    Param("key", "text", "A file with its key, when that is not in the same file.", "/etc/ssl/me.key"),
)

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
        Param("method", "text", "The method; GET unless said.", "POST", choices=METHODS),
        Param("headers", "map", "Header fields.", {"Accept": "application/json"}),
        Param("query", "map", "Query parameters, added to the address; a list repeats its name.", {"verbose": "1"}),
        Param("body", "text", "The body as text.", "ping"),
        Param("json", "any", "The body as a JSON value.", {"replicas": 3}),
        Param("form", "map", "The body as a form.", {"action": "restart"}),
        Param("auth", "map", "Who asks: `basic` or `bearer`.", {"bearer": "{{ secrets.api_token }}"}, fields=_AUTH),
        Param("tls", "map", "How the server is checked, and who we are.", {"ca": "/etc/ssl/me.pem"}, fields=_TLS),
        Param("redirects", "boolean", "Follow redirects, ten at most; false unless said.", True),
        Param("max_size", "size", "The largest body that is read; 10 MiB unless said.", "1MiB"),
    ),
    results={
        "status": "the status code",
        "headers": "the header fields, names in lower case",
        "body": "the body as text, at most 1 MiB of it",
        "json": "the body as a JSON value, when it is one and at most 10 MiB",
        "url": "the address that answered",
        "http_version": "the version of the protocol, such as HTTP/1.1",
        "timings": "milliseconds: connect (the name's resolution included), tls, first_byte, total",
        "duration": "microseconds from the start to the end",
        "tls": "over https: protocol, cipher, not_after (UTC) and days_left of the server's certificate",
    },
    default_expect={"status": {"ge": 200, "lt": 300}},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The request as it would go out, with its secrets by name. Raises BadInput."""
    if target is not None:
        raise BadInput("an `http` step takes no target", "write the address into `url`")
    request = {**params, "method": _masked(params.get("method", "GET")).upper(), "url": text_of(params["url"])}
    for check in (_check_method, _check_url, _check_bodies, _check_headers, _check_auth, _check_size):
        check(request)
    lines = [f"{request['method']} {_address(request)}", *_head(request)]
    body = _body(request)
    return Plan("http", "\n".join([*lines, "", body] if body else lines), request)


def perform(plan: Plan, hands: Hands) -> Result:
    """Send it, once."""
    from . import _exchange  # noqa: PLC0415 the client is not for `validate`

    return _exchange.exchange(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the files of `tls` can be read. Nobody is called."""
    needs = []
    for name, value in plan.request.get("tls", {}).items():
        if isinstance(value, Text) and not value.secrets:
            path = os.path.join(hands.cwd, value.masked())
            there = os.access(path, os.R_OK)
            missing = ("it cannot be read", f"create it, or change `tls.{name}`")
            needs.append(Need(f"file {path}", there, *(("", "") if there else missing)))
    return needs


# --- checks that need no hands


def _check_method(request: Mapping[str, Any]) -> None:
    if request["method"] not in METHODS:
        raise BadInput(f"`method` cannot be {request['method'][:40]!r}", f"one of {', '.join(METHODS)}")


def _check_url(request: Mapping[str, Any]) -> None:
    url: Text = request["url"]
    whole_secret = bool(url.parts) and isinstance(url.parts[0], Secret)
    if not whole_secret and not re.match(r"https?://[^/?#]", url.masked(), re.IGNORECASE):
        raise BadInput(f"{url.masked()[:80]!r} is no http or https address", "begin it with https:// and a host")


def _check_bodies(request: Mapping[str, Any]) -> None:
    given = [name for name in BODIES if name in request]
    if len(given) > 1:
        raise BadInput(f"`{given[0]}` and `{given[1]}` are both given", "give one body")


def _check_headers(request: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for name, value in request.get("headers", {}).items():
        if not re.fullmatch(_NAME, name):
            raise BadInput(f"{name!r} is no name of a header", "use letters, digits and -")
        if name.lower() in FRAMING:
            raise BadInput(f"the header {name} is set by the client", "leave it out")
        if name.lower() in seen:
            raise BadInput(f"the header {name} is given twice", "give it once; names are the same in any case")
        seen.add(name.lower())
        for part in text_of(value).parts:
            one_line(name, "" if isinstance(part, Secret) else part.text)
    if "authorization" in seen and "auth" in request:
        raise BadInput("`auth` and the header Authorization are both given", "give one of them")


def _check_auth(request: Mapping[str, Any]) -> None:
    auth = request.get("auth")
    if auth is not None and len(auth) != 1:
        raise BadInput("`auth` needs one of `basic` and `bearer`", "write auth: {bearer: ...}")
    tls = request.get("tls", {})
    if "key" in tls and "cert" not in tls:
        raise BadInput("`tls.key` needs `tls.cert`", "name the file of the certificate")


def _check_size(request: Mapping[str, Any]) -> None:
    if request.get("max_size", 1) <= 0:
        raise BadInput("`max_size` must be above 0", "write max_size: 10MiB")


# --- the preview: what a person approves


def _masked(value: Any) -> str:
    return text_of(value).masked()


def _encoded(value: Mapping[str, Any]) -> str:
    from ..expressions.quoting import percent  # noqa: PLC0415 not for `validate`

    shown = (
        (name, "".join(MASK if isinstance(part, Secret) else percent(part.text) for part in text.parts))
        for name, text in pairs(value)
    )
    return "&".join(f"{percent(name)}={text}" for name, text in shown)


def _address(request: Mapping[str, Any]) -> str:
    url = _masked(request["url"])
    return url + ("&" if "?" in url else "?") + _encoded(request["query"]) if request.get("query") else url


def _head(request: Mapping[str, Any]) -> Iterator[str]:
    """The header fields the author gave, and what else an approval should know."""
    for name, value in request.get("headers", {}).items():
        yield f"{name}: {_masked(value)}"
    auth = request.get("auth", {})
    if "bearer" in auth:
        yield f"Authorization: Bearer {_masked(auth['bearer'])}"
    if "basic" in auth:
        yield f"Authorization: Basic {_masked(auth['basic']['username'])}:{_masked(auth['basic']['password'])}"
    tls = request.get("tls", {})
    if tls.get("verify", True) is False:
        yield "# the server's certificate is not checked"
    yield from (f"# tls {name}: {_masked(tls[name])}" for name in ("ca", "cert", "key") if name in tls)
    if request.get("redirects"):
        yield "# redirects are followed"


def _body(request: Mapping[str, Any]) -> str:
    """The body as it would go out, masked and cut."""
    text = ""
    if "body" in request:
        text = _masked(request["body"])
    elif "json" in request:
        text = _dumped(request["json"])
    elif "form" in request:
        text = _encoded(request["form"])
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ... ({len(text):,} characters)"


def _dumped(value: Any) -> str:
    if secrets_in(value) and isinstance(value, Text):
        return f'"{value.masked()}"'
    import json  # noqa: PLC0415 a cold start has no use for it

    try:
        return json.dumps(replaced(value, Text.masked), ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise BadInput("`json` holds a number that JSON has not (infinite, or none)", "leave it out") from None
