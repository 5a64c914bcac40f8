"""One question to the HTTP API of a Prometheus, and its answer as plain values. Called by `prometheus`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput, BadResponse, HandlerError, Refused, TimedOut
from ..model import Need, Result, plain
from . import _exchange
from ._texts import text_of
from .protocol import Hands

POINTS = 60
"""The steps of a stretch when none is given."""
STATUS: Mapping[int, tuple[type[HandlerError], str, str]] = {
    401: (Refused, "wants to know who asks", "give the target `bearer` or `basic`"),
    403: (Refused, "does not let us ask", "look at the rights of that user or token"),
    404: (BadResponse, "has no query API there", "is that the address of a Prometheus, without /api/v1?"),
    503: (TimedOut, "could not answer the query in time", "ask for less, or give it more time"),
}
"""A status that says something by itself."""


def perform(request: Mapping[str, Any], hands: Hands) -> Result:
    """Ask, once."""
    start = time.monotonic()
    path, query = "query", {"query": request["query"]}
    if "last" in request:
        span, now = request["last"] / 1_000_000, time.time()
        step = max(0.001, span / POINTS)
        path, query = "query_range", {**query, "start": f"{now - span:.3f}", "end": f"{now:.3f}", "step": f"{step:.3f}"}
    elif "range" in request:
        given = request["range"]
        query |= {"start": hands.reveal(text_of(given["from"])), "step": f"{given['step'] / 1_000_000:.3f}"}
        path, query["end"] = (
            "query_range",
            hands.reveal(text_of(given["to"])) if "to" in given else f"{time.time():.3f}",
        )
    answer = _asked(request["server"], path, query, hands)
    took = int((time.monotonic() - start) * 1_000_000)
    return Result({**_values(answer["data"]), "warnings": list(answer.get("warnings", [])), "duration": took})


def preflight(request: Mapping[str, Any], hands: Hands) -> list[Need]:
    """Whether it answers the simplest of queries."""
    where = request["server"]["url"].masked()
    try:
        _asked(request["server"], "query", {"query": "vector(1)"}, hands)
    except HandlerError as problem:
        return [Need(f"queries at {where}", False, problem.message, problem.hint or "look at the target")]
    return [Need(f"queries at {where}", True)]


def _asked(server: Mapping[str, Any], path: str, query: Mapping[str, str], hands: Hands) -> Mapping[str, Any]:
    where = server["url"].masked().rstrip("/")
    auth = {name: server[name] for name in ("bearer", "basic") if name in server}
    asked = {
        "method": "GET",
        "url": plain(f"{where}/api/v1/{path}"),
        "query": {name: plain(value) for name, value in query.items()},
        "headers": server.get("headers", {}),
        **({"auth": auth} if auth else {}),
        **({"tls": {"ca": server["ca"]}} if "ca" in server else {}),
    }
    found = _exchange.exchange(asked, hands).values
    answer, status = found.get("json"), found["status"]
    if status in STATUS and not (status == 503 and not isinstance(answer, Mapping)):
        failure, what, hint = STATUS[status]
        raise failure(f"{where} {what} ({status})", hint)
    if not isinstance(answer, Mapping) or answer.get("status") not in {"success", "error"}:
        raise BadResponse(f"{where} does not answer as a Prometheus does ({status})", "is that its address?")
    if answer["status"] == "error":
        raise _failure(where, str(answer.get("errorType", "")), " ".join(str(answer.get("error", "")).split()))
    return answer


def _failure(where: str, kind: str, text: str) -> HandlerError:
    """An error of the query, in the server's words: they name the line and the column."""
    if kind in {"timeout", "canceled"}:
        return TimedOut(f"{where} could not answer the query in time: {text[:300]}", "ask for less")
    if kind in {"bad_data", "execution"}:
        return BadInput(f"{where} says: {text[:500]}", "the place is line:column of the query; look at it there")
    return Refused(f"{where} did not answer the query: {kind}: {text[:300]}", "look at its log")


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    kind, found = data["resultType"], data["result"]
    if kind == "matrix":
        series = [
            {"labels": one["metric"], "values": [[when, _number(text)] for when, text in one.get("values", [])]}
            for one in found
        ]
        return {"value": None, "vector": [], "series": series, "count": len(series)}
    if kind in {"scalar", "string"}:
        value = _number(found[1]) if kind == "scalar" else found[1]
        return {"value": value, "vector": [], "series": [], "count": 1}
    vector = [{"labels": one["metric"], "value": _number(one["value"][1])} for one in found if "value" in one]
    return {
        "value": vector[0]["value"] if len(vector) == 1 else None,
        "vector": vector,
        "series": [],
        "count": len(found),
    }


def _number(text: str) -> float | int | str:
    """A sample. What is no finite number stays a text: JSON has none for it."""
    number = float(text)
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
