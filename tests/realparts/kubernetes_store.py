"""What the fake of the Kubernetes API keeps, and the controllers that it plays.

Only what the suite has seen the real server do, and nothing else. Every write gets a version and is told to watchers;
deployments make replica sets with revisions, those make pods; stateful sets and daemon sets make controller revisions.
"""

from __future__ import annotations

import copy
import hashlib
import json
import threading
import time
import uuid
from typing import Any, NamedTuple

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


class Type(NamedTuple):
    """A kind of object."""

    group: str
    version: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    subs: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return (self.group, self.plural)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


TYPES = (
    Type("", "v1", "pods", "Pod", ("po",), True, ("status", "log", "exec", "eviction", "binding")),
    Type("", "v1", "nodes", "Node", ("no",), False, ("status",)),
    Type("", "v1", "namespaces", "Namespace", ("ns",), False, ("status",)),
    Type("", "v1", "configmaps", "ConfigMap", ("cm",)),
    Type("", "v1", "secrets", "Secret"),
    Type("", "v1", "events", "Event", ("ev",)),
    Type("apps", "v1", "deployments", "Deployment", ("deploy",), True, ("status", "scale")),
    Type("apps", "v1", "replicasets", "ReplicaSet", ("rs",), True, ("status", "scale")),
    Type("apps", "v1", "statefulsets", "StatefulSet", ("sts",), True, ("status", "scale")),
    Type("apps", "v1", "daemonsets", "DaemonSet", ("ds",), True, ("status",)),
    Type("apps", "v1", "controllerrevisions", "ControllerRevision"),
    Type("policy", "v1beta1", "poddisruptionbudgets", "PodDisruptionBudget", ("pdb",), True, ("status",)),
    Type("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", ("crd",), False),
)


def stamp() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Store:
    """Objects, their versions, and who is told about them. Everything happens under one lock."""

    def __init__(self) -> None:
        self.types = {t.key: t for t in TYPES}
        self.objects: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = {t.key: {} for t in TYPES}
        self.owners: dict[str, dict[str, str]] = {}
        self.version = 0
        self.oldest = 0
        self.told: list[tuple[int, tuple[str, str], str, dict[str, Any]]] = []
        self.changed = threading.Condition(threading.RLock())
        self._progress: dict[str, tuple[Any, float]] = {}

    # --- objects

    def of(self, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
        """The objects of a plural."""
        return next(objects for (_, plural), objects in self.objects.items() if plural == kind)

    def put(self, key: tuple[str, str], found: dict[str, Any]) -> dict[str, Any]:
        """Keep an object as it is now; nothing happens when nothing differs."""
        metadata = found["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        before = self.objects[key].get(place)
        if before is not None:
            metadata["resourceVersion"] = before["metadata"]["resourceVersion"]
            if before == found:
                return found
            if before.get("spec") != found.get("spec") and key[0] != "" and "generation" in metadata:
                metadata["generation"] = before["metadata"]["generation"] + 1
        else:
            metadata.update(uid=str(uuid.uuid4()), creationTimestamp=stamp())
            if key[0] == "apps":
                metadata["generation"] = 1
        self.version += 1
        metadata["resourceVersion"] = str(self.version)
        self.objects[key][place] = found
        self._tell(key, "MODIFIED" if before is not None else "ADDED", found)
        if key[1] == "customresourcedefinitions":
            self._define(found)
        return found

    def _define(self, found: dict[str, Any]) -> None:
        spec = found["spec"]
        names = spec["names"]
        kind = Type(spec["group"], spec["versions"][0]["name"], names["plural"], names["kind"],
                    tuple(names.get("shortNames", ())), spec["scope"] == "Namespaced")  # fmt: skip
        self.types[kind.key] = kind
        self.objects.setdefault(kind.key, {})

    def remove(self, key: tuple[str, str], place: tuple[str, str]) -> None:
        """Forget an object, and what belongs to it."""
        found = self.objects[key].pop(place)
        self.version += 1
        if key[1] == "customresourcedefinitions":
            defined = (found["spec"]["group"], found["spec"]["names"]["plural"])
            self.types.pop(defined, None)
            self.objects.pop(defined, None)
        self._tell(key, "DELETED", {**found, "metadata": {**found["metadata"], "resourceVersion": str(self.version)}})
        for other in list(self.objects):
            for inner_place, inner in list(self.objects[other].items()):
                owners = inner["metadata"].get("ownerReferences", ())
                if any(owner["uid"] == found["metadata"]["uid"] for owner in owners):
                    self.end(other, inner_place, None)

    def end(self, key: tuple[str, str], place: tuple[str, str], grace: int | None) -> None:
        """Delete an object: a pod on a node is asked to end, and is gone when its node says so."""
        found = self.objects[key].get(place)
        if found is None:
            return
        pod = key == ("", "pods") and found["spec"].get("nodeName") and found["metadata"].get("uid")
        seconds = 30 if grace is None else grace
        if pod and seconds > 0:
            if "deletionTimestamp" not in found["metadata"]:
                found = copy.deepcopy(found)
                found["metadata"].update(deletionTimestamp=stamp(), deletionGracePeriodSeconds=seconds)
                self.put(key, found)
            return
        self.remove(key, place)

    def forget(self, namespace: str) -> None:
        """Forget a namespace and all that is in it."""
        with self.changed:
            for key, objects in self.objects.items():
                for place in [p for p in objects if p[0] == namespace]:
                    found = objects.pop(place)
                    self.version += 1
                    self._tell(key, "DELETED", found)
            self.objects["", "namespaces"].pop(("", namespace), None)
            self.told = self.told[-1000:]

    def _tell(self, key: tuple[str, str], what: str, found: dict[str, Any]) -> None:
        self.told.append((self.version, key, what, copy.deepcopy(found)))
        self.changed.notify_all()

    def compact(self) -> None:
        """Forget what was told so far, as the real server's storage does after some minutes."""
        with self.changed:
            self.version += 1
            self.oldest = self.version

    # --- controllers

    def settle(self) -> None:
        """Play the controllers until nothing changes any more."""
        for _ in range(20):
            before = self.version
            for found in list(self.of("deployments").values()):
                self._deployment(found)
            for found in list(self.of("replicasets").values()):
                self._pods(found, found["spec"]["replicas"], found["spec"]["template"])
                self._replica_set(found)
            for plural in ("statefulsets", "daemonsets"):
                for found in list(self.of(plural).values()):
                    self._set(plural, found)
            for found in list(self.of("poddisruptionbudgets").values()):
                self._budget(found)
            if self.version == before:
                return

    def owned(self, plural: str, owner: dict[str, Any]) -> list[dict[str, Any]]:
        """The objects of a plural that an object controls."""
        uid = owner["metadata"]["uid"]
        found = [
            o
            for o in self.of(plural).values()
            if any(r["uid"] == uid for r in o["metadata"].get("ownerReferences", ()))
        ]
        return sorted(found, key=lambda o: (o["metadata"]["creationTimestamp"], o["metadata"]["name"]))

    def _reference(self, owner: dict[str, Any]) -> list[dict[str, Any]]:
        metadata = owner["metadata"]
        return [
            {
                "apiVersion": owner["apiVersion"],
                "kind": owner["kind"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "controller": True,
            }
        ]

    def _deployment(self, found: dict[str, Any]) -> None:
        found = copy.deepcopy(found)
        spec, sets = found["spec"], self.owned("replicasets", found)
        last = max((int(s["metadata"]["annotations"][REVISION]) for s in sets), default=0)
        if not spec.get("paused"):
            newest = next((s for s in sets if _bare(s["spec"]["template"]) == spec["template"]), None)
            if newest is None:
                newest = self._new_set(found, last + 1)
                sets.append(newest)
            elif int(newest["metadata"]["annotations"][REVISION]) != last:
                newest = copy.deepcopy(newest)
                newest["metadata"]["annotations"][REVISION] = str(last + 1)
            revision = newest["metadata"]["annotations"][REVISION]
            found["metadata"].setdefault("annotations", {})[REVISION] = revision
            ready = newest.get("status", {}).get("readyReplicas", 0)
            for one in sets:
                mine = one["metadata"]["uid"] == newest["metadata"]["uid"]
                now = copy.deepcopy(newest if mine else one)
                if mine:
                    now["spec"]["replicas"] = spec["replicas"]
                elif ready >= spec["replicas"]:
                    now["spec"]["replicas"] = 0
                self.put(("apps", "replicasets"), now)
        found["status"] = self._deployment_status(found)
        self.put(("apps", "deployments"), found)

    def _new_set(self, found: dict[str, Any], revision: int) -> dict[str, Any]:
        template = copy.deepcopy(found["spec"]["template"])
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        for labels in (template["metadata"].setdefault("labels", {}),):
            labels[HASH] = digest
        metadata = {
            "name": f"{found['metadata']['name']}-{digest}", "namespace": found["metadata"]["namespace"],
            "labels": dict(template["metadata"]["labels"]), "annotations": {REVISION: str(revision)},
            "ownerReferences": self._reference(found), "generation": 1,
        }  # fmt: skip
        selector = {"matchLabels": {**found["spec"]["selector"].get("matchLabels", {}), HASH: digest}}
        spec = {"replicas": 0, "selector": selector, "template": template}
        return self.put(
            ("apps", "replicasets"), {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
        )

    def _deployment_status(self, found: dict[str, Any]) -> dict[str, Any]:
        sets, wanted = self.owned("replicasets", found), found["spec"]["replicas"]
        newest = next((s for s in sets if _bare(s["spec"]["template"]) == found["spec"]["template"]), None)
        count = lambda key, of: sum(s.get("status", {}).get(key, 0) for s in of)  # noqa: E731
        mine = [newest] if newest else []
        status = {
            "observedGeneration": found["metadata"]["generation"], "replicas": count("replicas", sets),
            "updatedReplicas": count("replicas", mine), "readyReplicas": count("readyReplicas", sets),
            "availableReplicas": count("readyReplicas", sets),
        }  # fmt: skip
        done = status["updatedReplicas"] == status["replicas"] == status["availableReplicas"] == wanted
        enough = status["availableReplicas"] >= wanted - max(0, wanted // 4)
        available = ("True", "MinimumReplicasAvailable") if enough else ("False", "MinimumReplicasUnavailable")
        conditions = [{"type": "Available", "status": available[0], "reason": available[1]}]
        conditions.append(self._progressing(found, newest, status, done=done))
        return {**{k: v for k, v in status.items() if v}, "conditions": conditions}

    def _progressing(self, found: dict[str, Any], newest: Any, status: dict[str, Any], *, done: bool) -> dict[str, Any]:
        uid = found["metadata"]["uid"]
        mark = (found["metadata"]["generation"], tuple(sorted(status.items())))
        seen = self._progress.get(uid)
        if seen is None or seen[0] != mark:
            seen = self._progress[uid] = (mark, time.monotonic())
        name = newest["metadata"]["name"] if newest else found["metadata"]["name"]
        if not done and time.monotonic() - seen[1] > found["spec"].get("progressDeadlineSeconds", 600):
            message = f'ReplicaSet "{name}" has timed out progressing.'
            return {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": message}
        reason = "NewReplicaSetAvailable" if done else "ReplicaSetUpdated"
        return {"type": "Progressing", "status": "True", "reason": reason, "message": ""}

    def _replica_set(self, found: dict[str, Any]) -> None:
        if self.of("replicasets").get((found["metadata"]["namespace"], found["metadata"]["name"])) is not found:
            return
        found = copy.deepcopy(found)
        pods = [p for p in self.owned("pods", found) if "deletionTimestamp" not in p["metadata"]]
        status = {
            "replicas": len(pods),
            "readyReplicas": sum(map(_ready, pods)),
            "observedGeneration": found["metadata"]["generation"],
        }
        found["status"] = {k: v for k, v in status.items() if v or k == "replicas"}
        self.put(("apps", "replicasets"), found)

    def _pods(
        self, owner: dict[str, Any], wanted: int, template: dict[str, Any], names: list[str] | None = None
    ) -> None:
        pods = [p for p in self.owned("pods", owner) if "deletionTimestamp" not in p["metadata"]]
        for pod in sorted(pods, key=_ready)[: max(0, len(pods) - wanted)]:
            self.end(("", "pods"), (pod["metadata"]["namespace"], pod["metadata"]["name"]), None)
        taken = {p["metadata"]["name"] for p in self.owned("pods", owner)}
        for number in range(wanted - len(pods)):
            free = [n for n in names or () if n not in taken]
            if names is not None and not free:
                return
            name = free[0] if free else f"{owner['metadata']['name']}-{uuid.uuid4().hex[:5]}{number}"
            taken.add(name)
            metadata = {
                **copy.deepcopy(template.get("metadata", {})),
                "name": name,
                "namespace": owner["metadata"]["namespace"],
            }
            metadata["ownerReferences"] = self._reference(owner)
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(template["spec"])}
            self.put(("", "pods"), {**pod, "status": {"phase": "Pending"}})

    def _set(self, plural: str, found: dict[str, Any]) -> None:
        """A stateful set or daemon set: revisions, pods, status."""
        found = copy.deepcopy(found)
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        data = {"spec": {"template": {**found["spec"]["template"], "$patch": "replace"}}}
        revisions = sorted(self.owned("controllerrevisions", found), key=lambda r: r["revision"])
        now = next((r for r in revisions if r["data"] == data), None)
        last = revisions[-1]["revision"] if revisions else 0
        if now is None or now["revision"] != last:
            digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
            metadata = {"name": f"{name}-{digest}", "namespace": namespace, "ownerReferences": self._reference(found),
                        "labels": dict(found["spec"]["template"]["metadata"].get("labels", {}))}  # fmt: skip
            base = now or {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data}
            now = self.put(("apps", "controllerrevisions"), {**copy.deepcopy(base), "revision": last + 1})
        template = copy.deepcopy(found["spec"]["template"])
        template.setdefault("metadata", {}).setdefault("labels", {})["controller-revision-hash"] = now["metadata"][
            "name"
        ]
        nodes = [n["metadata"]["name"] for n in self.of("nodes").values()]
        wanted = found["spec"].get("replicas", 1) if plural == "statefulsets" else len(nodes)
        for pod in self.owned("pods", found):
            if pod["metadata"]["labels"].get("controller-revision-hash") != now["metadata"]["name"]:
                self.end(("", "pods"), (namespace, pod["metadata"]["name"]), None)
        names = [f"{name}-{i}" for i in range(wanted)]
        if plural == "daemonsets" and nodes:
            template["spec"]["nodeName"] = nodes[0]
        self._pods(found, wanted, template, names)
        ready = sum(map(_ready, self.owned("pods", found)))
        updated = len([p for p in self.owned("pods", found) if "deletionTimestamp" not in p["metadata"]])
        status: dict[str, Any] = {"observedGeneration": found["metadata"]["generation"]}
        if plural == "statefulsets":
            current = (
                now["metadata"]["name"]
                if ready >= wanted
                else found.get("status", {}).get("currentRevision", now["metadata"]["name"])
            )
            status.update(
                replicas=updated,
                readyReplicas=ready,
                updatedReplicas=updated,
                updateRevision=now["metadata"]["name"],
                currentRevision=current,
            )
        else:
            status.update(
                desiredNumberScheduled=wanted, updatedNumberScheduled=updated, numberReady=ready, numberAvailable=ready
            )
        found["status"] = status
        self.put(("apps", plural), found)

    def _budget(self, found: dict[str, Any]) -> None:
        found = copy.deepcopy(found)
        wanted = found["spec"]["selector"]["matchLabels"].items()
        pods = [p for p in self.of("pods").values() if wanted <= p["metadata"].get("labels", {}).items()]
        pods = [p for p in pods if p["metadata"]["namespace"] == found["metadata"]["namespace"]]
        healthy = sum(_ready(p) and "deletionTimestamp" not in p["metadata"] for p in pods)
        least = found["spec"].get("minAvailable", 0)
        found["status"] = {
            "disruptionsAllowed": max(0, healthy - least),
            "currentHealthy": healthy,
            "desiredHealthy": least,
        }
        self.put(("policy", "poddisruptionbudgets"), found)


def _bare(template: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(template)
    found["metadata"]["labels"] = {k: v for k, v in found["metadata"].get("labels", {}).items() if k != HASH}
    return found


def _ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))
