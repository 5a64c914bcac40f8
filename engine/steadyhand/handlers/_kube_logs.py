"""`logs`: the log of a pod, or of a pod of a workload, streamed as it comes."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from ..errors import BadInput, Refused, TimedOut
from ._kube_kinds import Job
from ._kube_names import parted
from ._kube_reads import listed, missing, read
from ._kube_shapes import called, ready_first, selector_of

DEFAULT = "kubectl.kubernetes.io/default-container"
LONGEST = 86_400
"""Seconds that are asked for at most."""


def logs(job: Job) -> dict[str, Any]:
    """The log. That its pod is not there is a result."""
    pod = pod_of(job, job.verb)
    if "missing" in pod:
        return {**pod["missing"], "stdout": "", "pod": ""}
    name, namespace = called(pod), pod["metadata"]["namespace"]
    query = [("follow", "true")] if job.given("follow") is not None else []
    container = job.given("container") or (pod["metadata"].get("annotations") or {}).get(DEFAULT)
    query += [("container", container)] if container else []
    query += [(key, "true") for key in ("previous", "timestamps") if job.given(key)]
    query += [("tailLines", str(job.number("tail", 0)))] if job.given("tail") is not None else []
    if job.given("since") is not None:
        query.append(("sinceSeconds", str(max(1, min(LONGEST * 365, round(job.seconds("since")))))))
    over = time.monotonic() + job.seconds("follow", float(LONGEST))
    for piece in _until(job, job.kind("pods").path(namespace, name, "log"), query, over):
        job.output("stdout", piece)
    sink = job.wire.hands.sink("stdout")
    base = {"done": True, "found": True, "message": f"{sink.size:,} bytes of the log of pod {name}", "pod": name}
    return {**base, "stdout": sink.text()}


def _until(job: Job, path: str, query: list[tuple[str, str]], over: float) -> Generator[bytes, None, None]:
    """The log as it comes. Following ends when its time is over, though nothing may come then."""
    following = ("follow", "true") in query
    pieces = job.wire.pieces(path, query, silence=max(1.0, over - time.monotonic()))
    try:
        for piece in pieces:
            yield piece
            if time.monotonic() >= over:
                return
    except TimedOut:
        if not following or time.monotonic() < over - 0.05:
            raise
    finally:
        pieces.close()


def pod_of(job: Job, key: str) -> dict[str, Any]:
    """The pod that is meant: named itself, or one of those that a workload has. {"missing": result} for none."""
    text, name = parted(job.given(key), "", "pod")
    kind, namespace = job.kind(text), job.namespace()
    found = read(job, kind, namespace, name)
    if found is None:
        return {"missing": missing(kind, namespace, name)}
    if kind.name == "Pod":
        return found
    selector = selector_of(found)
    if not selector:
        raise BadInput(f"a {kind.name} has no pods of its own", "name a pod, or what has pods")
    there, _ = listed(job, job.kind("pods"), namespace, [("labelSelector", selector)], 1000)
    if not there:
        message = f"{kind.plural}/{name} has no pods"
        return {"missing": {**missing(kind, namespace, name), "message": message, "found": True}}
    chosen = ready_first(there)[0]
    if len(there) > 1:
        job.progress(f"{kind.plural}/{name} has {len(there)} pods; this is {called(chosen)}")
    return chosen


def existing_pod(job: Job, key: str) -> dict[str, Any]:
    """The pod that is meant. Raises Refused when there is none."""
    found = pod_of(job, key)
    if "missing" in found:
        raise Refused(f"{found['missing']['message']}: nothing was changed", "list the pods: list: pods")
    return found
