"""What a backtest prints: the text, the JSON document and its schema. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..graph.asked import Asked
from ..model import SECOND
from ..source import format_duration
from .replay import FATES, Assumed, Ran, Replayed

SHOWN = 20
"""How many runs, and reasons, the text lists."""
_WORDS = {
    "started": "started a run",
    "joined": "joined a run",
    "held": "waited to the end",
    "unrouted": "led nowhere",
    "quiet": "were resolved or acknowledged",
    "known": "had come before",
}


def when(at: int) -> str:
    """A time (microseconds) as RFC 3339, in UTC."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def text(found: Replayed, assumed: Assumed) -> Iterator[str]:
    """The lines for people."""
    if not found.took:
        yield "the recording holds no alert"
        return
    first, last = min(one.at for one in found.took), max(one.at for one in found.took)
    fates = Counter(one.fate for one in found.took)
    many = "1 delivery" if len(found.took) == 1 else f"{len(found.took)} deliveries"
    yield f"{many} from {when(first)} to {when(last)}"
    for fate in FATES:
        if fates[fate]:
            yield f"  {fates[fate]:6} {_WORDS[fate]}"
    waited = sum(one.waited for one in found.took)
    if waited:
        yield f"  {waited:6} of those in a run had to wait for it"
    questions = _questions(found)
    yield ""
    length = format_duration(assumed.length)
    yield f"{_count(len(found.runs), 'run')}, each taken to go on for {length}; {_asked(questions)}"
    for (route, runbook, mode), runs in _by_route(found).items():
        alerts = sum(ran.alerts for ran in runs)
        collided = sum(bool(ran.collides) for ran in runs)
        touched = sorted({target for ran in runs for target in ran.targets})
        more = f"; {collided} while another run had the same target" if collided else ""
        on = f"; on {', '.join(touched)}" if touched else ""
        each = f"{_count(len(runs), 'run')} for {_count(alerts, 'alert')}, {_asked(runs[0].asks)} in each"
        yield f"  {route}: {runbook} ({mode}), {each}{on}{more}"
    yield from _why("these waited to the end:", found, "held")
    yield from _why("these led nowhere:", found, "unrouted")
    yield from _runs(found)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _questions(found: Replayed) -> Asked:
    return Asked(sum(ran.asks.least for ran in found.runs), sum(ran.asks.most for ran in found.runs))


def _asked(asks: Asked) -> str:
    if not asks.most:
        return "nobody is asked"
    if asks.least == asks.most:
        return f"somebody is asked {asks.most} times" if asks.most > 1 else "somebody is asked once"
    return f"somebody is asked {asks.least} to {asks.most} times"


def _by_route(found: Replayed) -> dict[tuple[str, str, str], list[Ran]]:
    by: dict[tuple[str, str, str], list[Ran]] = {}
    for ran in found.runs:
        by.setdefault((ran.route, ran.runbook, ran.mode), []).append(ran)
    return by


def _why(title: str, found: Replayed, fate: str) -> Iterator[str]:
    reasons = Counter((one.name, one.route, one.why) for one in found.took if one.fate == fate)
    if reasons:
        yield ""
        yield title
    for (name, route, why), number in reasons.most_common(SHOWN):
        on = f" on {route}" if route else ""
        yield f"  {number:6} {name}{on}: {why}"
    if len(reasons) > SHOWN:
        yield f"         and {len(reasons) - SHOWN} more reasons: see --json"


def _runs(found: Replayed) -> Iterator[str]:
    if found.runs:
        yield ""
        yield "runs:"
    for ran in found.runs[:SHOWN]:
        given = ", ".join(f"{name}={value}" for name, value in ran.inputs.items())
        more = f"; same target as {', '.join(ran.collides[:3])}" if ran.collides else ""
        yield f"  {when(ran.started_at)}  {ran.run}  {ran.runbook}({given})  {_count(ran.alerts, 'alert')}{more}"
    if len(found.runs) > SHOWN:
        yield f"  and {len(found.runs) - SHOWN} more: see --json"


# --- JSON


def document(found: Replayed, assumed: Assumed) -> dict[str, Any]:
    """What `steady backtest --json` prints."""
    questions = _questions(found)
    fates = Counter(one.fate for one in found.took)
    return {
        "assumed": {"run_length": assumed.length / SECOND, "at_once": assumed.room},
        "totals": {
            "deliveries": len(found.took),
            **{fate: fates[fate] for fate in FATES},
            "waited": sum(one.waited for one in found.took),
            "runs": len(found.runs),
            "collided": sum(bool(ran.collides) for ran in found.runs),
            "asks": {"least": questions.least, "most": questions.most},
        },
        "runs": [_run(ran) for ran in found.runs],
        "deliveries": [
            {
                "at": when(one.at),
                "alert": one.name,
                "stream": one.stream,
                "status": one.status,
                "fate": one.fate,
                "waited": one.waited,
                "route": one.route,
                "run": one.run,
                "why": one.why,
            }
            for one in found.took
        ],
    }


def _run(ran: Ran) -> dict[str, Any]:
    return {
        "run": ran.run,
        "route": ran.route,
        "runbook": ran.runbook,
        "mode": ran.mode,
        "inputs": dict(ran.inputs),
        "started_at": when(ran.started_at),
        "ended_at": when(ran.ended_at),
        "alerts": ran.alerts,
        "targets": list(ran.targets),
        "asks": {"least": ran.asks.least, "most": ran.asks.most},
        "collides": list(ran.collides),
    }


_STRING = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_STRINGS = {"type": "array", "items": _STRING}


def schema() -> dict[str, Any]:
    """The published schema of `steady backtest --json`."""
    asks = _object({"least": _NUMBER, "most": _NUMBER}, "How often people are asked, on ways that repeat nothing.")
    totals = _object(dict.fromkeys(("deliveries", *FATES, "waited", "runs", "collided"), _NUMBER) | {"asks": asks})
    run = _object(
        {
            "run": _STRING,
            "route": _STRING,
            "runbook": _STRING,
            "mode": _STRING,
            "inputs": {"type": "object"},
            "started_at": _TIME,
            "ended_at": {**_TIME, "description": "The start, and the length that is assumed."},
            "alerts": {**_NUMBER, "description": "Deliveries that led to it."},
            "targets": {**_STRINGS, "description": "What its steps act on, and its changes lock."},
            "asks": asks,
            "collides": {**_STRINGS, "description": "Runs with one of these targets that had begun and went on."},
        }
    )
    delivery = _object(
        {
            "at": _TIME,
            "alert": _STRING,
            "stream": _STRING,
            "status": {"enum": ["firing", "acknowledged", "resolved"]},
            "fate": {"enum": list(FATES)},
            "waited": {"type": "boolean", "description": "Whether it had to wait for its run."},
            "route": _STRING,
            "run": _STRING,
            "why": {**_STRING, "description": "Why it led to no run."},
        }
    )
    length = {"type": "number", "description": "Seconds."}
    whole = _object(
        {
            "assumed": _object({"run_length": length, "at_once": _NUMBER}, "What a recording does not tell."),
            "totals": totals,
            "runs": {"type": "array", "items": run},
            "deliveries": {"type": "array", "items": delivery},
        },
        "What `steady backtest --json` prints.",
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Steadyhand backtest", **whole}


def _object(properties: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    said = {"description": description} if description else {}
    return {
        "type": "object",
        **said,
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
