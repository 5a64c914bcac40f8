"""Objects of Kubernetes as results show them, and what differs between two of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..projections.differences import differences

NOISE = ("resourceVersion", "generation", "managedFields", "selfLink")
"""Metadata that differs after any change, and says nothing of it."""


KEPT_BY_CONTROLLERS = frozenset({"deployment.kubernetes.io/revision"})
"""Annotations that a controller writes in its own time: a patch has not changed what they say."""


def plain_object(found: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what only the server's bookkeeping needs."""
    metadata = {k: v for k, v in found.get("metadata", {}).items() if k != "managedFields"}
    return {**found, "metadata": metadata} if "metadata" in found else dict(found)


def compared(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """An object as it is now, and how it differs from what it was."""
    diff = differences(_quiet(before) if before is not None else None, _quiet(after))
    return {"object": plain_object(after), "changed": bool(diff), "diff": diff}


def _quiet(found: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {k: v for k, v in found.get("metadata", {}).items() if k not in NOISE}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in KEPT_BY_CONTROLLERS}
    metadata = {**{k: v for k, v in metadata.items() if k != "annotations"}, **_given("annotations", annotations)}
    return {**{k: v for k, v in found.items() if k != "status"}, "metadata": metadata}


def _given(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value} if value else {}


def called(found: Mapping[str, Any]) -> str:
    """The name of an object."""
    return str(found.get("metadata", {}).get("name", ""))


def numbers(found: Mapping[str, Any]) -> dict[str, Any]:
    """How many replicas a workload has, and how many are ready; nothing for what has none."""
    status, spec = found.get("status") or {}, found.get("spec") or {}
    if found.get("kind") == "DaemonSet":
        return {"ready": status.get("numberReady", 0), "replicas": status.get("desiredNumberScheduled", 0)}
    if "replicas" in spec or "readyReplicas" in status:
        return {"ready": status.get("readyReplicas", 0), "replicas": spec.get("replicas", 1)}
    return {}


def condensed(event: Mapping[str, Any]) -> dict[str, Any]:
    """What people look for in an event."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    series = event.get("series") or {}
    first = event.get("firstTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    return {
        "type": event.get("type", ""),
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
        "object": f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}",
        "namespace": about.get("namespace", ""),
        "count": event.get("count") or series.get("count") or 1,
        "first": first or "",
        "last": event.get("lastTimestamp") or series.get("lastObservedTime") or first or "",
    }


def selector_of(found: Mapping[str, Any]) -> str:
    """The selector of a workload's pods as the API takes it in a query; '' when it has none."""
    selector = (found.get("spec") or {}).get("selector") or {}
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{k}={v}" for k, v in selector.items())
    parts = [f"{k}={v}" for k, v in (selector.get("matchLabels") or {}).items()]
    for one in selector.get("matchExpressions") or ():
        values = ",".join(one.get("values") or ())
        words = {"In": f"{one['key']} in ({values})", "NotIn": f"{one['key']} notin ({values})"}
        words |= {"Exists": one["key"], "DoesNotExist": f"!{one['key']}"}
        parts.append(words[one["operator"]])
    return ",".join(parts)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod is ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def owner_of(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The controller that an object belongs to; empty when there is none."""
    owners = found.get("metadata", {}).get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), {})


def ready_first(pods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pods in the order in which one of them is chosen: those that run and are ready, oldest first."""
    return sorted(
        pods,
        key=lambda pod: (
            (pod.get("status") or {}).get("phase") != "Running",
            not is_ready(pod),
            pod["metadata"].get("creationTimestamp", ""),
            called(pod),
        ),
    )
