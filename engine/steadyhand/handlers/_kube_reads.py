"""The verbs that only look: get, list, describe, events, top."""

from __future__ import annotations

from typing import Any

from ..errors import Refused
from ._kube_failures import Answered
from ._kube_kinds import Job
from ._kube_names import Kind, parted, segment
from ._kube_quantities import quantity
from ._kube_shapes import called, condensed, numbers, plain_object
from ._kube_wire import Query

PAGE = 500
"""Objects that are asked for at once."""
LISTED = 500
"""Objects that are read unless the step says otherwise."""
METRICS = "/apis/metrics.k8s.io/v1beta1"


def get(job: Job) -> dict[str, Any]:
    """One object. That there is none is a result: the expectation decides what it means."""
    kind, namespace, name = job.subject()
    found = read(job, kind, namespace, name)
    if found is None:
        return missing(kind, namespace, name)
    rest = {"object": plain_object(found), "status": found.get("status"), **numbers(found)}
    return {"done": True, "found": True, "message": f"{kind.plural}/{name} is there", **rest}


def read(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
    """An object as the server has it; None when there is none."""
    try:
        return job.wire.get(kind.path(namespace, name))
    except Answered as answered:
        if answered.code == 404 and answered.reason in {"NotFound", ""}:
            return None
        raise


def existing(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """An object that has to be there. Raises Refused."""
    found = read(job, kind, namespace, name)
    if found is None:
        message = f"{missing(kind, namespace, name)['message']}: nothing was changed"
        raise Refused(message, "look at the kind, the name and the namespace", unsure=job.wire.changed)
    return found


def missing(kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """The result for an object that is not there."""
    where = f" in namespace {namespace}" if namespace else ""
    what = f"there is no {kind.name.lower()} {name}{where}"
    return {"done": False, "found": False, "message": what, "object": None, "status": None}


def many(job: Job) -> dict[str, Any]:
    """The objects of a kind."""
    kind = job.kind(job.given("list"))
    query = [(api, job.given(key)) for key, api in SELECTORS if job.given(key)]
    limit = job.number("limit", LISTED)
    found, complete = listed(job, kind, _where(job, kind), query, limit)
    for one in found:
        one.setdefault("kind", kind.name)
        one.setdefault("apiVersion", kind.api_version)
    message = f"{len(found)} {kind.plural}" + ("" if complete else f", and there are more: raise `limit` ({limit})")
    shown = [plain_object(one) for one in found]
    return {
        "done": True,
        "message": message,
        "objects": shown,
        "count": len(shown),
        "names": [called(one) for one in shown],
        "complete": complete,
    }


SELECTORS = (("selector", "labelSelector"), ("field_selector", "fieldSelector"))
"""Parameters and what the API calls them."""


def _where(job: Job, kind: Kind) -> str:
    return "" if job.given("all_namespaces") or not kind.namespaced else job.namespace()


def listed(job: Job, kind: Kind, namespace: str, query: Query, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """The objects of a kind, page by page, and whether these are all."""
    found: list[dict[str, Any]] = []
    token = ""
    while len(found) < limit:
        page = [("limit", str(min(PAGE, limit - len(found)))), *([("continue", token)] if token else [])]
        try:
            answer = job.wire.get(kind.path(namespace), [*query, *page])
        except Answered as answered:
            if answered.code != 410 or not token:
                raise
            found, token = [], ""  # the rest of this list is gone: begin anew
            continue
        found.extend(answer.get("items") or ())
        token = answer.get("metadata", {}).get("continue") or ""
        if not token:
            return found, True
    return found, False


def describe(job: Job) -> dict[str, Any]:
    """One object, and the events about it."""
    kind, namespace, name = job.subject()
    found = read(job, kind, namespace, name)
    if found is None:
        return missing(kind, namespace, name)
    about = [("fieldSelector", f"involvedObject.name={name},involvedObject.kind={kind.name}")]
    events_ = _newest(job, namespace, about, LISTED)
    rest = {"object": plain_object(found), "status": found.get("status"), **numbers(found)}
    return {"done": True, "found": True, "message": _told(events_), **rest, "events": events_}


def events(job: Job) -> dict[str, Any]:
    """Events, oldest first."""
    fields = []
    about = job.given("for") or job.given("events")
    if about:
        text, name = parted(str(about))
        fields = [f"involvedObject.name={name}", f"involvedObject.kind={job.kind(text).name}"]
    query = [("fieldSelector", ",".join(fields))] if fields else []
    if job.given("selector"):
        query.append(("labelSelector", job.given("selector")))
    found = _newest(job, "" if job.given("all_namespaces") else job.namespace(), query, job.number("limit", LISTED))
    wanted = job.given("types")
    found = [one for one in found if not wanted or one["type"] in wanted]
    return {"done": True, "message": _told(found), "objects": found, "count": len(found)}


def _newest(job: Job, namespace: str, query: Query, limit: int) -> list[dict[str, Any]]:
    found, _ = listed(job, job.kind("events"), namespace, query, limit)
    return sorted((condensed(one) for one in found), key=lambda one: str(one["last"]))


def _told(found: list[dict[str, Any]]) -> str:
    """The last warning is what people look for first."""
    warnings = [one for one in found if one["type"] == "Warning"]
    last = f"; the last warning: {warnings[-1]['reason']}: {warnings[-1]['message'][:200]}" if warnings else ""
    return f"{len(found)} events, {len(warnings)} of them warnings{last}"


def top(job: Job) -> dict[str, Any]:
    """What pods or nodes use."""
    nodes = job.given("top") in {"nodes", "node"}
    where = "" if nodes or job.given("all_namespaces") else f"/namespaces/{segment(job.namespace(), 'namespace')}"
    query = [("labelSelector", job.given("selector"))] if job.given("selector") else []
    try:
        answer = job.wire.get(f"{METRICS}{where}/{'nodes' if nodes else 'pods'}", query)
    except Answered as answered:
        if answered.code not in {404, 503}:
            raise
        hint = "have metrics-server installed in the cluster, or ask your monitoring"
        raise Refused("the cluster does not measure what pods and nodes use: it has no metrics API", hint) from None
    found = [_used(one) for one in answer.get("items") or ()]
    found = [one for one in found if job.given("name") in {None, one["name"]}]
    found.sort(key=lambda one: -one["cpu"])
    return {"done": True, "message": f"{len(found)} measured", "objects": found, "count": len(found)}


def _used(one: dict[str, Any]) -> dict[str, Any]:
    """CPU in cores and memory in bytes: of a node, or of all containers of a pod."""
    parts = [one["usage"]] if "usage" in one else [c.get("usage", {}) for c in one.get("containers") or ()]
    sums = {name: sum(quantity(part.get(name, "0")) for part in parts) for name in ("cpu", "memory")}
    namespace = one["metadata"].get("namespace", "")
    return {"name": called(one), "namespace": namespace, "cpu": sums["cpu"], "memory": int(sums["memory"])}
