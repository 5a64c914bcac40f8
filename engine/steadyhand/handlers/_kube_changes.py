"""The verbs that alter one object: scale, set_image, patch, label, annotate.

An alteration that was worked out from what an object looked like carries its version. When the object has moved on
meanwhile, it is looked at again; when what moved is what we would alter, that is a conflict and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import BadInput, Refused
from ._kube_failures import Answered
from ._kube_kinds import Job, text
from ._kube_names import Kind
from ._kube_progress import awaited
from ._kube_reads import existing
from ._kube_shapes import called, compared, numbers

TRIES = 10
"""How often an object is looked at again that moves on all the time."""
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where the containers stand, but for `spec.template.spec`."""


def altered(
    job: Job, kind: Kind, before: dict[str, Any], make: Callable[[Mapping[str, Any]], Any], *, strict: bool = False
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Patch an object as `make` says from what it looks like. `strict`: a change of its specification is a conflict.

    Gives the object as it was and as it is. `make` may raise, when what it sees leaves nothing to do.
    """
    namespace, name = before["metadata"].get("namespace", ""), called(before)
    found = before
    for left in reversed(range(TRIES)):
        patch, version = make(found), found["metadata"]["resourceVersion"]
        body: Any
        if isinstance(patch, list):
            how, body = "json", [{"op": "replace", "path": "/metadata/resourceVersion", "value": version}, *patch]
        else:
            metadata = {**patch.get("metadata", {}), "resourceVersion": version}
            how, body = "strategic" if kind.group in {"", "apps", "batch"} else "merge", {**patch, "metadata": metadata}
        try:
            return found, job.wire.patch(kind.path(namespace, name), body, how)
        except Answered as answered:
            if answered.code != 409 or not left:
                raise
        again = existing(job, kind, namespace, name)
        moved = again["metadata"].get("generation") != before["metadata"].get("generation")
        if again["metadata"]["uid"] != before["metadata"]["uid"] or (strict and moved):
            message = (
                f"{kind.plural}/{name} was changed by somebody else at the same time (409); nothing was changed by us"
            )
            raise Refused(message, "look at it as it is now, then do the step again")
        found = again
    raise AssertionError  # pragma: no cover the last try returns or raises


def scale(job: Job) -> dict[str, Any]:
    """Set the number of replicas."""
    kind, namespace, name = job.subject()
    wanted, expected = job.number("replicas", 0), job.number("current_replicas", -1)
    for left in reversed(range(TRIES)):
        try:
            found = _scaled(job, kind, namespace, name, wanted, expected)
            break
        except Answered as answered:
            if answered.code != 409 or not left:
                raise
    else:  # pragma: no cover the last try ends or raises
        raise AssertionError
    return _awaited(job, kind, namespace, name, found) if found["done"] else found


def _scaled(job: Job, kind: Kind, namespace: str, name: str, wanted: int, expected: int) -> dict[str, Any]:
    """One look and one try. With a number that there should be, a change in between is a conflict: look again."""
    path = kind.path(namespace, name, "scale")
    before = _scale(job, kind, path, namespace, name)
    now = before.get("spec", {}).get("replicas", 0)
    base = {"found": True, "replicas": now, "changed": False, "diff": ""}
    if expected >= 0 and now != expected:
        message = f"{kind.plural}/{name} should have {expected} replicas and has {now}: nothing was changed"
        return {**base, "done": False, "message": message}
    if now == wanted:
        return {**base, "done": True, "message": f"{kind.plural}/{name} has {now} replicas already"}
    version = {"metadata": {"resourceVersion": before["metadata"]["resourceVersion"]}} if expected >= 0 else {}
    after = job.wire.patch(path, {**version, "spec": {"replicas": wanted}}, "merge")
    message = f"{kind.plural}/{name} is scaled from {now} to {wanted}"
    return {**base, "done": True, "message": message, **compared(before, after), "replicas": wanted}


def _scale(job: Job, kind: Kind, path: str, namespace: str, name: str) -> dict[str, Any]:
    try:
        return job.wire.get(path)
    except Answered as answered:
        if answered.code == 404:
            existing(job, kind, namespace, name)
            raise BadInput(
                f"a {kind.name} cannot be scaled", "name a deployment, stateful set or replica set"
            ) from None
        raise


def _awaited(job: Job, kind: Kind, namespace: str, name: str, found: dict[str, Any]) -> dict[str, Any]:
    """With `wait`, the result is that of the rollout which the change has begun."""
    if not job.given("wait") or job.wire.dry:
        return found
    ended = awaited(job, kind, namespace, name, job.seconds("wait"))
    return {**found, **ended, "message": f"{found['message']}; {ended['message']}"}


def set_image(job: Job) -> dict[str, Any]:
    """Set images of containers that are there."""
    kind, namespace, name = job.subject()
    path = TEMPLATES.get(kind.name, ("spec", "template", "spec"))
    images = {container: text(image) for container, image in job.given("images").items()}

    def patch(found: Mapping[str, Any]) -> dict[str, Any]:
        inner: Any = found
        for part in path:
            inner = (inner or {}).get(part)
        inner = inner or {}
        body: Any = {}
        for group in ("containers", "initContainers"):
            there = [c["name"] for c in inner.get(group) or ()]
            ours = [{"name": c, "image": images[c]} for c in there if c in images]
            body |= {group: ours} if ours else {}
        known = [c["name"] for group in ("containers", "initContainers") for c in inner.get(group) or ()]
        missing = [c for c in images if c not in known]
        if missing:
            message = f"{kind.plural}/{name} has no container {missing[0]}: nothing was changed"
            raise BadInput(message, f"its containers: {', '.join(known) or 'none'}")
        for part in reversed(path):
            body = {part: body}
        whole: dict[str, Any] = body
        return whole

    before, after = altered(job, kind, existing(job, kind, namespace, name), patch)
    base = {"done": True, "found": True, "message": f"{kind.plural}/{name} has new images", **compared(before, after)}
    return _awaited(job, kind, namespace, name, {**base, "status": after.get("status"), **numbers(after)})


def patch(job: Job) -> dict[str, Any]:
    """Patch one object, as the author has written it."""
    kind, namespace, name = job.subject()
    how = job.given("type", "strategic")
    if how not in {"strategic", "merge", "json"}:
        raise BadInput(f"`type` cannot be {str(how)[:40]!r}", "one of strategic, merge, json")
    before = existing(job, kind, namespace, name)
    after = job.wire.patch(kind.path(namespace, name), job.given("body"), how)
    base = {"done": True, "found": True, **compared(before, after), "status": after.get("status"), **numbers(after)}
    same = "" if base["changed"] else ", and is what it was"
    return {**base, "message": f"{kind.plural}/{name} is patched{same}"}


def label(job: Job) -> dict[str, Any]:
    """Set or remove labels."""
    return _marked(job, "labels", "label")


def annotate(job: Job) -> dict[str, Any]:
    """Set or remove annotations."""
    return _marked(job, "annotations", "annotation")


class _Taken(Exception):
    """A name has another value, which must not be overwritten."""


def _marked(job: Job, where: str, one: str) -> dict[str, Any]:
    kind, namespace, name = job.subject()
    values = {k: None if v is None else text(v) for k, v in job.given("values").items()}
    overwrite = bool(job.given("overwrite"))

    def patch(found: Mapping[str, Any]) -> dict[str, Any]:
        there = found["metadata"].get(where) or {}
        for key, value in values.items():
            if value is not None and not overwrite and there.get(key, value) != value:
                raise _Taken(f"{one} {key} is already {there[key]!r}: nothing was changed; `overwrite: true` would")
        return {"metadata": {where: values}}

    before = existing(job, kind, namespace, name)
    try:
        before, after = altered(job, kind, before, patch)
    except _Taken as taken:
        return {"done": False, "found": True, "message": str(taken), **compared(before, before)}
    base = compared(before, after)
    same = "" if base["changed"] else " already"
    message = f"{kind.plural}/{name} has{same} what was asked for: {', '.join(values)}"
    return {"done": True, "found": True, "message": message, **base}
