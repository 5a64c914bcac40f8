"""May we? `can_i`, what a plan needs before it is carried out, and what `requires: {access: ...}` asks for.

The cluster itself is asked, about exactly what would be done: verb, group, kind, subresource, namespace and name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..errors import BadInput, HandlerError
from ..model import Need, secrets_in
from . import _kube_work
from ._kube_failures import Answered
from ._kube_kinds import Job, by_api
from ._kube_names import Kind
from ._kube_verbs import ROLLOUT_READS
from ._texts import text_of
from .protocol import Hands

WATCHES = ("list", "watch")
ASK = "ask whoever runs the cluster for a role that allows it"


class Asked(NamedTuple):
    """One thing that may be allowed or not."""

    verb: str
    kind: Kind
    sub: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.kind.plural}{f'/{self.sub}' if self.sub else ''}"
        where = f" in {self.namespace}" if self.namespace else ""
        return f"{self.verb} {what}{f' {self.name}' if self.name else ''}{where}"


def review(job: Job, asked: Asked) -> tuple[bool, str]:
    """Whether something is allowed, and why."""
    attributes = {
        "verb": asked.verb,
        "group": asked.kind.group,
        "version": asked.kind.version,
        "resource": asked.kind.plural,
        "subresource": asked.sub,
        "namespace": asked.namespace,
        "name": asked.name,
    }
    spec = {"resourceAttributes": {key: value for key, value in attributes.items() if value}}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = job.wire.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body, change=False)
    status = answer.get("status") or {}
    return bool(status.get("allowed")), str(status.get("reason") or status.get("evaluationError") or "")


def can_i(job: Job) -> dict[str, Any]:
    """The verb `can_i`: whether something is allowed."""
    text, _, sub = str(job.given("resource")).partition("/")
    kind = job.kind(text)
    namespace = job.namespace() if kind.namespaced else ""
    asked = Asked(job.given("can_i"), kind, job.given("subresource") or sub, namespace, job.given("name") or "")
    holds, why = review(job, asked)
    message = f"{'allowed' if holds else 'not allowed'}: {asked}"
    return {"done": holds, "allowed": holds, "message": message, "reason": why}


def allowed(asked: Mapping[str, Any], place: Mapping[str, Any], hands: Hands) -> Need:
    """What `requires: {access: [{kubernetes: {verb, resource, ...}}]}` asks for."""
    if not asked.get("verb") or not asked.get("resource"):
        raise BadInput("kubernetes access needs `verb` and `resource`", "write {verb: patch, resource: deployments}")
    keys = {
        "verb": "can_i",
        "resource": "resource",
        "namespace": "namespace",
        "name": "name",
        "subresource": "subresource",
    }
    params = {ours: text_of(asked[theirs]) for theirs, ours in keys.items() if asked.get(theirs)}
    if asked.get("group"):
        params["resource"] = text_of(f"{text_of(asked['resource']).masked()}.{text_of(asked['group']).masked()}")
    request = {"verb": "can_i", "params": params, "place": place}
    found = _kube_work.carry_out(request, hands)
    what = found["message"].partition(": ")[2]
    return Need(what, True) if found["allowed"] else Need(what, False, found["reason"] or "it is not allowed", ASK)


# --- preflight


def needs(request: Mapping[str, Any], hands: Hands) -> list[Need]:
    """What a plan needs of the cluster, row by row. What is unreachable is a row."""
    rows: list[Need] = []

    def look(job: Job) -> dict[str, Any]:
        rows.extend(_rows(job))
        return {}

    try:
        _kube_work.work(request, hands, look)
    except HandlerError as problem:
        rows.append(Need("kubernetes cluster", False, problem.message, problem.hint or "look at the target"))
    return rows


def _rows(job: Job) -> Iterator[Need]:
    cluster = job.wire.cluster
    version = job.wire.get("/version").get("gitVersion", "of an unknown version")
    yield Need(f"kubernetes cluster {cluster.address()} ({version}, {cluster.how})", True)
    if not cluster.configuration.verify_ssl:
        why = "the kubeconfig says insecure-skip-tls-verify: anybody on the way could answer"
        yield Need("certificate of the cluster", None, why, "give the kubeconfig its certificate authority")
    who = _identity(job)
    if who:
        yield Need(f"known to the cluster as {who}", True)
    seen = set()
    for asked in _wanted(job):
        if asked in seen:
            continue
        seen.add(asked)
        holds, why = review(job, asked)
        yield Need(f"may {asked}", True) if holds else Need(f"may {asked}", False, why or "it is not allowed", ASK)


def _identity(job: Job) -> str:
    """Who the cluster takes us for; '' where it cannot say."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = job.wire.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", body, change=False)
    except Answered as answered:
        if answered.code == 401:
            raise
        return ""  # clusters before 1.28 cannot say
    return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))


def _wanted(job: Job) -> Iterator[Asked]:
    """What the verb asks of the API; nothing where a secret decides what it is."""
    params = {k: v for k, v in job.request["params"].items() if k in {job.verb, "name", "namespace", "resource"}}
    if secrets_in(params) or job.verb == "can_i":
        return
    if job.verb in OF_MANY:
        yield from OF_MANY[job.verb](job)
        return
    key = "resource" if job.verb == "rollout" else ""
    alone = {"logs": "pod", "exec": "pod", "cordon": "node", "uncordon": "node", "drain": "node"}.get(job.verb, "")
    kind, namespace, name = job.subject(key, alone)
    yield Asked("get", kind, "", namespace, name)
    yield from _of_one(job, kind, namespace, name)


def _of_one(job: Job, kind: Kind, namespace: str, name: str) -> Iterator[Asked]:
    verb, pods = job.verb, job.kind("pods")
    word = str(job.given("rollout", ""))
    if verb == "describe":
        yield Asked("list", job.kind("events"), "", namespace)
    if verb in {"logs", "exec"}:
        own = name if kind.name == "Pod" else ""
        if not own:
            yield Asked("list", pods, "", namespace)
        yield Asked("get", pods, "log" if verb == "logs" else "exec", namespace, own)
    if verb == "scale":
        yield Asked("get", kind, "scale", namespace, name)
        yield Asked("patch", kind, "scale", namespace, name)
    if verb in {"set_image", "patch", "label", "annotate", "cordon", "uncordon", "drain"}:
        yield Asked("patch", kind, "", namespace, name)
    if verb == "rollout" and word not in ROLLOUT_READS:
        yield Asked("patch", kind, "", namespace, name)
    if word in {"undo", "history"}:
        yield Asked(
            "list", job.kind("replicasets" if kind.name == "Deployment" else "controllerrevisions"), "", namespace
        )
    if verb == "delete":
        yield Asked("delete", kind, "", namespace, name)
    if verb == "drain":
        yield Asked("list", pods)
        yield Asked("create", pods, "eviction")
    if verb == "wait" or (verb in {"rollout", "scale", "set_image", "delete"} and job.given("wait")):
        yield from (Asked(each, kind, "", namespace) for each in WATCHES)


def _of_list(job: Job) -> Iterator[Asked]:
    kind = job.kind(job.given("list"))
    yield Asked("list", kind, "", "" if job.given("all_namespaces") or not kind.namespaced else job.namespace())


def _of_events(job: Job) -> Iterator[Asked]:
    yield Asked("list", job.kind("events"), "", "" if job.given("all_namespaces") else job.namespace())


def _of_top(job: Job) -> Iterator[Asked]:
    nodes = job.given("top") in {"nodes", "node"}
    kind = Kind("metrics.k8s.io", "v1beta1", "nodes" if nodes else "pods", "", not nodes)
    yield Asked("list", kind, "", "" if nodes or job.given("all_namespaces") else job.namespace())


def _of_apply(job: Job) -> Iterator[Asked]:
    manifests = job.request["params"]["apply"]
    for one in manifests if isinstance(manifests, (list, tuple)) else (manifests,):
        if not isinstance(one, Mapping) or secrets_in(one.get("metadata")) or not one.get("apiVersion"):
            continue  # a file is read when the step runs
        kind = by_api(job.wire, text_of(one["apiVersion"]).masked(), text_of(one.get("kind", "")).masked())
        metadata = one.get("metadata") or {}
        own = text_of(metadata.get("namespace") or job.namespace()).masked() if kind.namespaced else ""
        for verb in ("get", "patch", "create"):
            name = "" if verb == "create" else text_of(metadata.get("name", "")).masked()
            yield Asked(verb, kind, "", own, name)


OF_MANY = {"list": _of_list, "events": _of_events, "top": _of_top, "apply": _of_apply}
"""Verbs that are not about one object, to what they ask of the API."""
