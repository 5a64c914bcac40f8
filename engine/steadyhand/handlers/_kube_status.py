"""How far a rollout is, and what holds it up: judged from the objects alone. Pure.

The same rules as `kubectl rollout status`, so that nobody has to learn others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import BadInput
from ._kube_shapes import called, is_ready

EXCEEDED = "ProgressDeadlineExceeded"
KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""What can be rolled out."""


class Stand(NamedTuple):
    """How far it is. `failed` is the reason when it will not get further by itself."""

    done: bool
    text: str
    failed: str = ""


def stand(found: Mapping[str, Any]) -> Stand:
    """How far a rollout is. Raises BadInput for what cannot be rolled out."""
    rules = {"Deployment": _deployment, "StatefulSet": _stateful_set, "DaemonSet": _daemon_set}
    rule = rules.get(str(found.get("kind")))
    if rule is None:
        raise BadInput(f"a {found.get('kind')} cannot be rolled out", "name a deployment, stateful set or daemon set")
    status = found.get("status") or {}
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 0):
        return Stand(False, "waiting for the change to be observed")
    return rule(found.get("spec") or {}, status)


def _deployment(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Stand:
    for one in status.get("conditions") or ():
        if one.get("type") == "Progressing" and one.get("reason") == EXCEEDED:
            return Stand(False, "it has made no progress for too long", f"{EXCEEDED}: {one.get('message', '')}")
    wanted, updated = spec.get("replicas", 1), status.get("updatedReplicas", 0)
    available, all_of_them = status.get("availableReplicas", 0), status.get("replicas", 0)
    if updated < wanted:
        return Stand(False, f"{updated} of {wanted} new replicas are there")
    if all_of_them > updated:
        return Stand(False, f"{all_of_them - updated} old replicas are still there")
    if available < updated:
        return Stand(False, f"{available} of {updated} new replicas are ready")
    return Stand(True, f"rolled out: {available} of {wanted} replicas are ready")


def _stateful_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Stand:
    strategy = spec.get("updateStrategy") or {}
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    if strategy.get("type") == "OnDelete":
        return Stand(
            ready >= wanted, f"{ready} of {wanted} replicas are ready; new ones come when old ones are deleted"
        )
    if ready < wanted:
        return Stand(False, f"{ready} of {wanted} replicas are ready")
    partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
    updated = status.get("updatedReplicas", 0)
    if partition:
        if updated < wanted - partition:
            return Stand(False, f"{updated} of {wanted - partition} new replicas are there")
        return Stand(True, f"rolled out to its partition: {updated} new replicas are ready")
    if status.get("updateRevision") != status.get("currentRevision"):
        return Stand(False, f"{updated} of {wanted} new replicas are there")
    return Stand(True, f"rolled out: {ready} of {wanted} replicas are ready")


def _daemon_set(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Stand:
    wanted, updated = status.get("desiredNumberScheduled", 0), status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return Stand(available >= wanted, f"{available} of {wanted} pods are ready; new ones come when old ones go")
    if updated < wanted:
        return Stand(False, f"{updated} of {wanted} new pods are there")
    if available < wanted:
        return Stand(False, f"{available} of {wanted} new pods are ready")
    return Stand(True, f"rolled out: {available} of {wanted} pods are ready")


def trouble(pod: Mapping[str, Any]) -> dict[str, Any] | None:
    """Why a pod does not come up; None for one that is ready, or is only on its way."""
    status = pod.get("status") or {}
    if is_ready(pod) or pod["metadata"].get("deletionTimestamp"):
        return None
    for one in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        state = one.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason") not in {None, "", "ContainerCreating", "PodInitializing"}:
            before = (one.get("lastState") or {}).get("terminated") or {}
            return _trouble(pod, one, waiting["reason"], waiting.get("message", ""), before)
        if ended and ended.get("exitCode"):
            return _trouble(pod, one, ended.get("reason") or "Error", ended.get("message", ""), ended)
    for one in status.get("conditions") or ():
        if one.get("type") == "PodScheduled" and one.get("status") == "False":
            return {"pod": called(pod), "reason": one.get("reason", ""), "message": one.get("message", "")}
    if status.get("phase") == "Failed":
        return {"pod": called(pod), "reason": status.get("reason") or "Failed", "message": status.get("message", "")}
    return None


def _trouble(
    pod: Mapping[str, Any], container: Mapping[str, Any], reason: str, message: str, ended: Mapping[str, Any]
) -> dict[str, Any]:
    found = {"pod": called(pod), "container": container.get("name", ""), "reason": reason, "message": message}
    if ended:
        found["exit_code"] = ended.get("exitCode")
        found["ended"] = ended.get("reason", "")
    return {**found, "restarts": container.get("restartCount", 0)}


def told(failing: Mapping[str, Any]) -> str:
    """A failing pod in a line."""
    exited = f", exit code {failing['exit_code']} {failing.get('ended', '')}".rstrip() if "exit_code" in failing else ""
    message = f": {' '.join(str(failing['message']).split())[:200]}" if failing.get("message") else ""
    lines = str(failing.get("log") or "").split("\n")
    last = next((f"; it said: {line.strip()[:200]}" for line in reversed(lines) if line.strip()), "")
    return f"{failing['pod']}: {failing['reason']}{exited}{message}{last}"
