"""How a rollout goes: waiting for its end, with what holds its pods up when it has none.

Used by every verb that rolls something out. A rollout that will not get further by itself is told at once, and not
after the whole time. Which revisions there are is read from replica sets (of a deployment) or controller revisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import HandlerError
from ..source import format_duration
from ._kube_failures import Answered
from ._kube_kinds import Job
from ._kube_names import Kind
from ._kube_reads import listed, missing
from ._kube_shapes import called, numbers, owner_of, plain_object, selector_of
from ._kube_status import stand, told, trouble
from ._kube_watch import watched

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"
FAILING = 5
"""Failing pods that are told."""
LINES = 5
"""Last lines of a failing pod's log that are told."""


def awaited(job: Job, kind: Kind, namespace: str, name: str, seconds: float) -> dict[str, Any]:
    """How a rollout went: done, at its end without success, or not over within the time."""
    last: dict[str, Any] | None = None
    text = ""
    for last in watched(job, kind, namespace, name, seconds):
        if last is None:
            return missing(kind, namespace, name)
        last.setdefault("kind", kind.name)
        now = stand(last)
        if now.done or now.failed:
            break
        if now.text != text:
            text = now.text
            job.progress(f"{kind.plural}/{name}: {text}")
    if last is None:
        return missing(kind, namespace, name)
    now = stand(last)
    return ended(job, kind, last, "" if now.done or now.failed else format_duration(int(seconds * 1_000_000)))


def ended(job: Job, kind: Kind, found: dict[str, Any], late: str) -> dict[str, Any]:
    """The result for a workload as it is; `late` is the time within which it was not rolled out."""
    now = stand(found)
    base = {"found": True, "object": plain_object(found), "status": found.get("status"), **numbers(found)}
    base |= {"done": now.done, "message": now.text, "revision": revision(found), "reason": now.failed, "failing": []}
    if now.done:
        job.progress(f"{kind.plural}/{called(found)}: {now.text}")
        return base
    try:
        base["failing"] = _failing(job, kind, found)
    except (HandlerError, Answered):
        base["failing"] = []  # what holds it up is an extra: who may not see pods still learns that it is held up
    parts = [now.failed or f"{now.text}" + (f", after {late}" if late else "")]
    parts += [told(one) for one in base["failing"]]
    return {**base, "message": "; ".join(parts)}


def _failing(job: Job, kind: Kind, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The pods that do not come up, each with why, and the last lines of what crashed."""
    namespace = found["metadata"].get("namespace", "")
    pods = job.kind("pods")
    query = [("labelSelector", selector_of(found))]
    there, _ = listed(job, pods, namespace, query, 200)
    newest = _newest_hash(job, kind, found)
    there = [pod for pod in there if not newest or pod["metadata"].get("labels", {}).get(HASH) == newest]
    failing = [one for one in map(trouble, there) if one is not None][:FAILING]
    for one in failing:
        if one.get("restarts") or "exit_code" in one:
            one["log"] = _last_lines(job, pods.path(namespace, one["pod"], "log"), one)
    return failing


def _newest_hash(job: Job, kind: Kind, found: Mapping[str, Any]) -> str:
    if kind.name != "Deployment":
        return ""
    sets = revisions_of(job, found)
    newest = max(sets, key=number_of, default=None)
    return str(newest["metadata"].get("labels", {}).get(HASH, "")) if newest is not None else ""


def _last_lines(job: Job, path: str, failing: Mapping[str, Any]) -> str:
    query = [("container", str(failing.get("container", ""))), ("tailLines", str(LINES)), ("limitBytes", "20000")]
    for previous in ("true", "false"):
        try:
            lines = b"".join(job.wire.pieces(path, [*query, ("previous", previous)])).decode("utf-8", "replace")
        except (HandlerError, Answered):
            continue
        if lines:
            return lines
    return ""


# --- revisions


def revision(found: Mapping[str, Any]) -> int | None:
    """The revision that a deployment says it has; None for what does not say."""
    text = (found["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdecimal() else None


def number_of(one: Mapping[str, Any]) -> int:
    return int(one["revision"]) if "revision" in one else revision(one) or 0


def revisions_of(job: Job, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a workload keeps its revisions in."""
    kind = job.kind("replicasets" if found["kind"] == "Deployment" else "controllerrevisions")
    query = [("labelSelector", selector_of(found))]
    there, _ = listed(job, kind, found["metadata"].get("namespace", ""), query, 1000)
    return [one for one in there if owner_of(one).get("uid") == found["metadata"]["uid"]]
