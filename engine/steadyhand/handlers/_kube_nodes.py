"""The verbs that are about a node: cordon, uncordon, drain.

A drain is evictions, never deletions: the cluster keeps the disruption budgets, and an eviction that a budget does not
allow yet is asked for again until the time is over. What nobody would bring back is not touched unless it is said.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BadInput, Refused
from ._kube_changes import altered
from ._kube_failures import Answered, said
from ._kube_kinds import Job
from ._kube_reads import existing, listed, read
from ._kube_shapes import called, compared, owner_of

MIRROR = "kubernetes.io/config.mirror"
PATIENCE = 300.0
"""Seconds that a drain takes at most unless the step says otherwise."""
AGAIN = 1.0
"""Seconds between two looks at what is still on the node."""


def cordon(job: Job) -> dict[str, Any]:
    """Keep new pods away."""
    return _cordoned(job, cordoned=True)


def uncordon(job: Job) -> dict[str, Any]:
    """Let new pods come again."""
    return _cordoned(job, cordoned=False)


def _cordoned(job: Job, *, cordoned: bool) -> dict[str, Any]:
    kind, namespace, name = job.subject(alone="node")
    if kind.name != "Node":
        raise BadInput(f"a {kind.name} cannot be cordoned", "name a node")
    before = existing(job, kind, namespace, name)
    word = "cordoned" if cordoned else "open to new pods"
    if bool((before.get("spec") or {}).get("unschedulable")) is cordoned:
        message = f"node {name} is {word} already"
        return {"done": True, "found": True, "message": message, **compared(before, before)}
    before, after = altered(job, kind, before, lambda _: {"spec": {"unschedulable": cordoned or None}})
    return {"done": True, "found": True, "message": f"node {name} is {word}", **compared(before, after)}


def drain(job: Job) -> dict[str, Any]:
    """Cordon the node, then evict its pods. What must stay is found before anything is changed."""
    kind, _, name = job.subject(alone="node")
    if kind.name != "Node":
        raise BadInput(f"a {kind.name} cannot be drained", "name a node")
    existing(job, kind, "", name)
    _to_go(job, name)
    _cordoned(job, cordoned=True)
    going = _to_go(job, name)
    if job.wire.dry:
        names = [called(pod) for pod in going]
        message = f"node {name} would be cordoned, and {len(names)} pods evicted: {', '.join(names)}"
        return {"done": True, "found": True, "message": message, "evicted": [], "left": [], "changed": True}
    return _Drain(job, name, going).run()


def _to_go(job: Job, node: str) -> list[dict[str, Any]]:
    """The pods of a node that are to be evicted. Raises Refused for what must not be without being said."""
    query = [("fieldSelector", f"spec.nodeName={node}")]
    there, complete = listed(job, job.kind("pods"), "", query, 5000)
    if not complete:
        raise Refused(f"node {node} has more pods than can be right: nothing was changed", "look at the node")
    rows = [(pod, _why_not(job, pod)) for pod in there]
    refused = [f"{called(pod)}: {why}" for pod, why in rows if why]
    if refused:
        hint = "evict them by hand, or say `force: true` or `delete_emptydir: true` if they may be lost"
        changed = "" if job.wire.changed else "; nothing was changed"
        raise Refused(f"not every pod of node {node} may be evicted{changed}: {'; '.join(refused)}", hint)
    return [pod for pod, _ in rows if not _stays(pod)]


def _stays(pod: Mapping[str, Any]) -> bool:
    """Pods that belong to the node itself."""
    return MIRROR in (pod["metadata"].get("annotations") or {}) or owner_of(pod).get("kind") == "DaemonSet"


def _why_not(job: Job, pod: Mapping[str, Any]) -> str:
    """Why a pod must not be evicted; '' when it may be, or stays anyway."""
    over = (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}
    if MIRROR in (pod["metadata"].get("annotations") or {}) or over:
        return ""
    if owner_of(pod).get("kind") == "DaemonSet":
        return "" if job.given("ignore_daemonsets", True) else "it is a daemon set's, and would come back at once"
    if not owner_of(pod) and not job.given("force"):
        return "nobody would bring it back"
    local = any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or ())
    return "it would lose the data of its emptyDir" if local and not job.given("delete_emptydir") else ""


class _Drain:
    """A drain under way."""

    def __init__(self, job: Job, node: str, going: Sequence[dict[str, Any]]) -> None:
        self._job = job
        self._node = node
        self._pods = job.kind("pods")
        self._waiting = list(going)
        self._leaving: list[dict[str, Any]] = []
        self._evicted: list[str] = []
        self._why: dict[str, str] = {}
        self._said = ""

    def run(self) -> dict[str, Any]:
        over = time.monotonic() + self._job.seconds("wait", PATIENCE)
        while True:
            self._waiting = [pod for pod in self._waiting if not self._evict(pod)]
            self._leaving = [pod for pod in self._leaving if not self._gone(pod)]
            left = over - time.monotonic()
            if (not self._waiting and not self._leaving) or left <= 0:
                return self._result()
            self._tell()
            self._job.wire.pause(min(AGAIN, left))

    def _evict(self, pod: dict[str, Any]) -> bool:
        """Whether an eviction was granted, or the pod is gone."""
        job, name, namespace = self._job, called(pod), pod["metadata"]["namespace"]
        version = self._pods.evictions or "policy/v1beta1"
        options: dict[str, Any] = {"preconditions": {"uid": pod["metadata"]["uid"]}}
        if job.given("grace") is not None:
            options["gracePeriodSeconds"] = round(job.seconds("grace"))
        body = {"apiVersion": version, "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
        try:
            job.wire.create(
                self._pods.path(namespace, name, "eviction"), {**body, "deleteOptions": options}, patient=False
            )
        except Answered as answered:
            if answered.code == 429:
                self._why[name] = said(answered.status)
                return False
            if answered.code not in {404, 409}:
                raise
            return True  # gone, or another of the same name by now: it is not on this node
        self._evicted.append(f"{namespace}/{name}")
        self._leaving.append(pod)
        return True

    def _gone(self, pod: dict[str, Any]) -> bool:
        now = read(self._job, self._pods, pod["metadata"]["namespace"], called(pod))
        return now is None or now["metadata"]["uid"] != pod["metadata"]["uid"]

    def _tell(self) -> None:
        parts = [f"{len(self._evicted)} evicted, {len(self._leaving)} of them still ending"]
        parts += [f"{called(pod)} waits: {self._why.get(called(pod), '')}" for pod in self._waiting[:3]]
        text = "; ".join(parts)
        if text != self._said:
            self._said = text
            self._job.progress(f"node {self._node}: {text}")

    def _result(self) -> dict[str, Any]:
        left = [{"pod": called(pod), "why": self._why.get(called(pod), "not evicted yet")} for pod in self._waiting]
        left += [{"pod": called(pod), "why": "evicted, and still ending"} for pod in self._leaving]
        shown = "; ".join(f"{one['pod']}: {one['why']}" for one in left[:5])
        message = f"node {self._node} is drained: {len(self._evicted)} pods evicted"
        if left:
            message = f"node {self._node} is cordoned, and {len(left)} pods are still there: {shown}"
        base = {"done": not left, "found": True, "message": message, "changed": True}
        return {**base, "evicted": self._evicted, "left": left}
