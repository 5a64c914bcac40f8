"""Watching one object as it changes, through dropped connections and expired versions; and the verb `wait`.

Who may read an object and not list or watch its kind is served too: then it is looked at every second.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..errors import BadInput, BadResponse, TimedOut, Unreachable
from ..source import format_duration
from ._kube_failures import Answered
from ._kube_kinds import Job
from ._kube_names import Kind
from ._kube_reads import missing, read
from ._kube_shapes import numbers, plain_object

STRETCH = 30.0
"""Seconds that one watch lasts at most: a connection that has died in silence is noticed then."""
AGAIN = 1.0
"""Seconds between two looks where watching is not possible, or the cluster does not answer for a while."""


def watched(job: Job, kind: Kind, namespace: str, name: str, seconds: float) -> Iterator[dict[str, Any] | None]:
    """An object as it is, and again whenever it has changed; None when there is none. Ends when the time is over."""
    over = time.monotonic() + seconds
    version = ""
    begun = job.wire.changed
    while True:
        try:
            if not version:
                listed = job.wire.get(kind.path(namespace), [("fieldSelector", f"metadata.name={name}")])
                version, begun = listed.get("metadata", {}).get("resourceVersion", ""), True
                yield next(iter(listed.get("items") or ()), None)
            left = over - time.monotonic()
            if left <= 0:
                return
            for found in _stretch(job, kind, namespace, name, version, min(left, STRETCH)):
                version = found.version
                if found.told:
                    yield found.value
        except Answered as answered:
            if answered.code in {403, 405} and not version:
                yield from _looked_at(job, kind, namespace, name, over)
                return
            if not begun or (answered.code != 410 and answered.code < 500):
                raise
            version = ""  # what was known is too old, or the server is in trouble: begin anew
            _breathe(job, over, answered.code)
        except (Unreachable, BadResponse, TimedOut):
            if not begun:
                raise
            version = ""
            _breathe(job, over, 0)
        if time.monotonic() >= over:
            return


def _breathe(job: Job, over: float, code: int) -> None:
    """A moment before asking again. That a version is too old is no trouble, and needs none."""
    left = over - time.monotonic()
    if code != 410 and left > 0.05:
        job.progress("the cluster does not answer; asking again")
        job.wire.pause(min(AGAIN, left))


class _Seen(Struct):
    """Something that a watch told: the version, and the object when it is told too."""

    version: str
    told: bool = False
    value: dict[str, Any] | None = None


def _stretch(job: Job, kind: Kind, namespace: str, name: str, version: str, seconds: float) -> Iterator[_Seen]:
    """What one watch tells. Raises Answered(410) when the version is too old."""
    query = [
        ("watch", "true"),
        ("fieldSelector", f"metadata.name={name}"),
        ("resourceVersion", version),
        ("allowWatchBookmarks", "true"),
        ("timeoutSeconds", str(max(1, math.ceil(seconds)))),
    ]
    silence = seconds + 2 if seconds == STRETCH else max(0.05, seconds)  # the last one ends with the time
    for line in job.wire.lines(kind.path(namespace), query, silence=silence):
        try:
            event = json.loads(line)
            what, found = event["type"], event["object"]
        except (ValueError, KeyError, TypeError):
            raise BadResponse("the cluster sent an event that is none", "look at what stands before its API") from None
        if what == "ERROR":
            raise Answered(int(found.get("code") or 500), found)
        version = found["metadata"]["resourceVersion"]
        if what == "BOOKMARK":
            yield _Seen(version)
        else:
            yield _Seen(version, told=True, value=None if what == "DELETED" else found)


def _looked_at(job: Job, kind: Kind, namespace: str, name: str, over: float) -> Iterator[dict[str, Any] | None]:
    last: Any = ()
    while True:
        found = read(job, kind, namespace, name)
        version = found["metadata"].get("resourceVersion") if found is not None else None
        if version != last:
            last = version
            yield found
        left = over - time.monotonic()
        if left <= 0:
            return
        job.wire.pause(min(AGAIN, left))


# --- the verb


def wait(job: Job) -> dict[str, Any]:
    """Wait until something holds of an object. That it did not come about is a result."""
    kind, namespace, name = job.subject()
    seconds = job.seconds("within", 30.0)
    wanted = str(job.given("for"))
    met = condition(wanted)
    found: dict[str, Any] | None = None
    why = ""
    for found in watched(job, kind, namespace, name, seconds):
        holds, now = met(found)
        if holds:
            return _done(kind, name, found, f"{wanted}: {now}", done=True)
        if now != why:
            why = now
            job.progress(f"{kind.plural}/{name}: {now}")
    time_ = format_duration(int(seconds * 1_000_000))
    message = f"{wanted} did not come about within {time_}: {why}"
    if found is None:
        message = f"{missing(kind, namespace, name)['message']}, after {time_}"
    return _done(kind, name, found, message, done=False)


def _done(kind: Kind, name: str, found: dict[str, Any] | None, message: str, *, done: bool) -> dict[str, Any]:
    shown = {"object": plain_object(found), "status": found.get("status"), **numbers(found)} if found else {}
    base = {"object": None, "status": None, "found": found is not None}
    return {"done": done, "message": f"{kind.plural}/{name}: {message}", **base, **shown}


Met = Callable[[Mapping[str, Any] | None], tuple[bool, str]]


def condition(text: str) -> Met:
    """What `for` means: whether it holds of an object (None for none), and how things stand. Raises BadInput."""
    head, _, rest = text.partition("=")
    if text == "delete":
        return lambda found: (found is None, "it is gone" if found is None else "it is still there")
    if head == "condition" and rest:
        name, _, status = rest.partition("=")
        return lambda found: _has_condition(found, name, status or "True")
    if head == "jsonpath" and rest:
        return _path(rest)
    hint = "write for: condition=Available, for: delete, or for: 'jsonpath={.status.phase}=Running'"
    raise BadInput(f"`for` cannot be {text[:60]!r}", hint)


def _has_condition(found: Mapping[str, Any] | None, name: str, status: str) -> tuple[bool, str]:
    if found is None:
        return False, "it is not there"
    for one in (found.get("status") or {}).get("conditions") or ():
        if str(one.get("type", "")).lower() == name.lower():
            generation = found["metadata"].get("generation", 0)
            seen = one.get("observedGeneration", (found.get("status") or {}).get("observedGeneration", generation))
            if seen < generation:
                return False, "the change is not observed yet"
            now = f"{one['type']} is {one.get('status')}" + (f" ({one['reason']})" if one.get("reason") else "")
            return str(one.get("status", "")).lower() == status.lower(), now
    return False, f"it has no condition {name} yet"


def _path(text: str) -> Met:
    """`{.status.phase}=Running`, or a path alone for anything that is there."""
    from ..expressions import TemplateError, jsonpath  # noqa: PLC0415 only for this

    text = text.replace("'", "").strip()
    inner, brace, rest = text.partition("}") if text.startswith("{") else text.partition("=")
    path, wanted = (inner[1:], rest[1:] if rest.startswith("=") else None) if brace == "}" else (inner, rest or None)
    path = path if path.startswith("$") else f"${path}"
    try:
        parsed = jsonpath.parsed(path)
    except TemplateError as problem:
        raise BadInput(problem.message, "write for: 'jsonpath={.status.phase}=Running'") from None

    def met(found: Mapping[str, Any] | None) -> tuple[bool, str]:
        if found is None:
            return False, "it is not there"
        values = [one if isinstance(one, str) else json.dumps(one) for one in jsonpath.found(parsed, found)]
        shown = ", ".join(values)[:200] or "nothing"
        return bool(values) if wanted is None else wanted in values, f"{path[1:]} is {shown}"

    return met
