"""`rollout`: restart, status, undo, history, pause, resume.

Going back is a change of the pod template to that of a revision; when the workload was changed by somebody else since
it was looked at, that is a conflict, and nothing is changed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput, Refused
from ._kube_changes import altered
from ._kube_kinds import Job
from ._kube_names import Kind
from ._kube_progress import HASH, awaited, ended, number_of, revision, revisions_of
from ._kube_reads import existing, missing, read
from ._kube_shapes import called, compared, numbers
from ._kube_status import KINDS
from ._kube_verbs import ROLLOUTS

CAUSE = "kubernetes.io/change-cause"
RESTARTED = "kubectl.kubernetes.io/restartedAt"


def rollout(job: Job) -> dict[str, Any]:
    """One of the words after `rollout`."""
    words = {"restart": restart, "status": status, "undo": undo, "history": history, "pause": pause, "resume": resume}
    word = job.given("rollout")
    if word not in words:
        raise BadInput(f"`rollout` cannot be {str(word)[:40]!r}", f"one of {', '.join(ROLLOUTS)}")
    kind, namespace, name = job.subject("resource")
    if kind.name not in KINDS:
        raise BadInput(f"a {kind.name} cannot be rolled out", "name a deployment, stateful set or daemon set")
    return words[word](job, kind, namespace, name)


def restart(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """New pods in the place of the old ones, as an update would bring them."""
    before = existing(job, kind, namespace, name)
    if (before.get("spec") or {}).get("paused"):
        raise Refused(f"{kind.plural}/{name} is paused: nothing was changed", "resume it first: rollout: resume")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    patch = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: now}}}}}
    after = job.wire.patch(kind.path(namespace, name), patch, "strategic")
    return rolled(job, kind, before, after, "is restarted")


def rolled(job: Job, kind: Kind, before: Mapping[str, Any], after: dict[str, Any], what: str) -> dict[str, Any]:
    """The result of a change that is rolled out: at once, or with `wait` once that is over."""
    name, namespace = called(after), after["metadata"].get("namespace", "")
    found = {"done": True, "found": True, "message": f"{kind.plural}/{name} {what}", **compared(before, after)}
    if not job.given("wait") or job.wire.dry:
        return {**found, **numbers(after), "status": after.get("status"), "revision": revision(after)}
    ended = awaited(job, kind, namespace, name, job.seconds("wait"))
    message = f"{kind.plural}/{name} {what}; {ended['message']}"
    return {**found, **ended, "message": message}


def status(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """How far a rollout is: now, or with `wait` once it is over."""
    if job.given("wait"):
        return awaited(job, kind, namespace, name, job.seconds("wait"))
    found = read(job, kind, namespace, name)
    return missing(kind, namespace, name) if found is None else ended(job, kind, found, "")


def pause(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """No rollout of a deployment begins until it is resumed."""
    return _paused(job, kind, namespace, name, paused=True)


def resume(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """Rollouts of a deployment go on."""
    return _paused(job, kind, namespace, name, paused=False)


def _paused(job: Job, kind: Kind, namespace: str, name: str, *, paused: bool) -> dict[str, Any]:
    if kind.name != "Deployment":
        raise BadInput(f"a {kind.name} cannot be paused", "only deployments can")
    before = existing(job, kind, namespace, name)
    after = job.wire.patch(kind.path(namespace, name), {"spec": {"paused": paused}}, "merge")
    return rolled(job, kind, before, after, "is paused" if paused else "is resumed")


# --- revisions


def _template(one: Mapping[str, Any]) -> dict[str, Any]:
    """The pod template of a revision, as it was asked for."""
    if "data" in one:
        template = dict(one["data"]["spec"]["template"])
        template.pop("$patch", None)
        return template
    template = dict(one["spec"]["template"])
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH}
    return {**template, "metadata": metadata}


def _images(one: Mapping[str, Any]) -> list[str]:
    return [str(c.get("image", "")) for c in (_template(one).get("spec") or {}).get("containers") or ()]


def history(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """The revisions that can be gone back to."""
    found = read(job, kind, namespace, name)
    if found is None:
        return missing(kind, namespace, name)
    rows = [
        {
            "revision": number_of(one),
            "cause": (one["metadata"].get("annotations") or {}).get(CAUSE, ""),
            "images": _images(one),
            "created": one["metadata"].get("creationTimestamp", ""),
        }
        for one in sorted(revisions_of(job, found), key=number_of)
    ]
    now = rows[-1]["revision"] if rows else None
    message = f"{len(rows)} revisions, the last is {now}" if rows else "no revisions yet"
    return {"done": True, "found": True, "message": message, "revisions": rows, "revision": now, "count": len(rows)}


def undo(job: Job, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """Back to the previous revision, or to the one that is named."""
    before = existing(job, kind, namespace, name)
    before.setdefault("kind", kind.name)
    if (before.get("spec") or {}).get("paused"):
        raise Refused(f"{kind.plural}/{name} is paused: nothing was changed", "resume it first: rollout: resume")
    chosen = _chosen(
        sorted(revisions_of(job, before), key=number_of), job.number("to_revision", 0), f"{kind.plural}/{name}"
    )
    number, template = number_of(chosen), _template(chosen)

    def patch(found: Mapping[str, Any]) -> list[dict[str, Any]]:
        del found
        return [{"op": "replace", "path": "/spec/template", "value": template}]

    _, after = altered(job, kind, before, patch, strict=True)
    return rolled(job, kind, before, after, f"is back at revision {number} ({', '.join(_images(chosen))})")


def _chosen(there: list[dict[str, Any]], wanted: int, what: str) -> dict[str, Any]:
    numbers_ = [number_of(one) for one in there]
    shown = ", ".join(map(str, numbers_)) or "none"
    if wanted:
        found = next((one for one in there if number_of(one) == wanted), None)
        if found is None:
            raise Refused(f"{what} has no revision {wanted}: nothing was changed", f"its revisions: {shown}")
        return found
    if len(there) < 2:
        hint = f"its revisions: {shown}; name what it should be with set_image or apply"
        raise Refused(f"{what} has no previous revision to go back to: nothing was changed", hint)
    return there[-2]
