"""`prometheus`: one PromQL query, now or over a stretch of time.

Looking changes nothing, so it is always a read. A placeholder in the query is a string, a number or a duration of
PromQL (_promql). The request goes out through the same exchange as that of `http`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import (
    Capabilities,
    Effect,
    HandlerSpec,
    Need,
    Param,
    Plan,
    Result,
    Syntax,
    Target,
    TargetSpec,
    Text,
    secrets_in,
)
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands


def effect_of(params: Mapping[str, Any]) -> Effect:
    """A query only looks."""
    del params
    return Effect.READ


_BASIC = (
    Param("username", "text", "The user name.", "ops", required=True),
    Param("password", "text", "The password.", "{{ secrets.prometheus_password }}", required=True),
)
_RANGE = (
    Param("from", "text", "Its beginning: RFC 3339, or seconds since 1970.", "2026-11-23T10:00:00Z", required=True),
    Param("to", "text", "Its end; now unless said.", "2026-11-23T11:00:00Z"),
    Param("step", "duration", "The time between two points.", "1m", required=True),
)

spec = HandlerSpec(
    name="prometheus",
    summary="Ask a Prometheus, or what answers its API.",
    short="query",
    params=(
        Param(
            "query",
            "text",
            "The query in PromQL. A placeholder is a string with its quotes, a number or a duration.",
            "sum(rate(errors_total{app={{ inputs.app }}}[5m]))",
            required=True,
            syntax=Syntax.JSON,
            secret=False,
        ),
        Param("url", "text", "The address, instead of a target.", "http://prometheus.example.com:9090"),
        Param("last", "duration", "Ask for a stretch of time that ends now.", "15m"),
        Param(
            "range",
            "map",
            "Ask for a stretch of time.",
            {"from": "2026-11-23T10:00:00Z", "to": "2026-11-23T11:00:00Z", "step": "1m"},
            fields=_RANGE,
        ),
    ),
    results={
        "value": "the number, when there is exactly one; else null. What is not finite is a text: NaN, +Inf, -Inf",
        "vector": "without a stretch: a list of {labels, value}",
        "series": "over a stretch: a list of {labels, values}, each value a pair of seconds since 1970 and a number",
        "count": "how many of them there are",
        "warnings": "what the server said beside it",
        "duration": "microseconds from the start to the end",
    },
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, stream=True, remote=True),
    targets=(
        TargetSpec(
            "prometheus",
            "A Prometheus, or what answers its API (Thanos, Mimir, VictoriaMetrics).",
            (
                Param("url", "text", "The address.", "https://prometheus.example.com", required=True),
                Param("bearer", "text", "A bearer token.", "{{ secrets.prometheus_token }}"),
                Param(
                    "basic",
                    "map",
                    "User name and password.",
                    {"username": "ops", "password": "{{ secrets.prometheus_password }}"},
                    fields=_BASIC,
                ),
                Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/me.pem"),
                Param("headers", "map", "Header fields.", {"X-Scope-OrgID": "shop"}),
            ),
        ),
    ),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The query as it would be asked, and where. Raises BadInput."""
    from . import _promql  # noqa: PLC0415 not for `validate`

    server = _server(params, target)
    query = _promql.query_of(text_of(params["query"]))
    if "last" in params and "range" in params:
        raise BadInput("`last` and `range` are both given", "give one of them")
    request: dict[str, Any] = {"server": server, "query": query, "written": text_of(params["query"])}
    request |= {name: params[name] for name in ("last", "range") if name in params}
    if params.get("last", 1) <= 0 or params.get("range", {}).get("step", 1) <= 0:
        raise BadInput("a stretch of time must be above 0", "write last: 15m")
    where = server["url"].masked()
    # `written` says which of it is not known yet, and `query` is what is sent.
    lines = [query, *_stretch(request), f"# at {where}{_asker(server)}"]
    return Plan("prometheus", "\n".join(lines), request, (f"{target.name}/{where}",) if target else ())


def perform(plan: Plan, hands: Hands) -> Result:
    """Ask it, once."""
    from . import _prometheus  # noqa: PLC0415 the client is not for `validate`

    return _prometheus.perform(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether it answers, and lets us ask."""
    from . import _prometheus  # noqa: PLC0415 the client is not for `validate`

    return _prometheus.preflight(plan.request, hands)


def _server(params: Mapping[str, Any], target: Target | None) -> dict[str, Any]:
    if (target is None) == ("url" not in params):
        what = "both a target and `url`" if target else "neither a target nor `url`"
        raise BadInput(f"this `prometheus` step has {what}", "give it one of them")
    found = {name: value for name, value in target.params.items() if value is not None} if target else {}
    url: Text = text_of(params["url"] if target is None else found["url"])
    if secrets_in(url):
        raise BadInput("`url` cannot hold a secret: where a step looks is shown to people", "use `bearer` or `basic`")
    if not url.masked().lower().startswith(("http://", "https://")) or set("?#@") & set(url.masked()):
        hint = "begin it with https:// and a host; logins have keys of their own, `basic` and `bearer`"
        raise BadInput(f"{url.masked()[:80]!r} is no address of a Prometheus", hint)
    if "bearer" in found and "basic" in found:
        raise BadInput("`bearer` and `basic` are both given", "give one of them")
    return {**found, "url": url}


def _asker(server: Mapping[str, Any]) -> str:
    """Who asks, for a preview."""
    if "bearer" in server:
        return f", with the token {text_of(server['bearer']).masked()}"
    if "basic" in server:
        return f", as {':'.join(text_of(server['basic'][name]).masked() for name in ('username', 'password'))}"
    return ""


def _stretch(request: Mapping[str, Any]) -> Iterator[str]:
    """The stretch of time, for a preview."""
    if "last" in request:
        yield f"# over the last {request['last'] / 1_000_000:g} s"
    if "range" in request:
        given = request["range"]
        until = text_of(given.get("to", "now")).masked()
        yield f"# from {text_of(given['from']).masked()} to {until}, every {given['step'] / 1_000_000:g} s"
