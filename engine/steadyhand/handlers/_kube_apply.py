"""`apply`, on the server's side: every field that a manifest names gets that value, and belongs to us. And `delete`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import BadInput, Refused
from ._kube_failures import Answered
from ._kube_kinds import Job, by_api
from ._kube_names import Kind
from ._kube_preview import is_file
from ._kube_reads import missing, read
from ._kube_shapes import compared
from ._kube_watch import watched
from ._texts import text_of

OWNER = "steadyhand"
"""Who owns the fields unless the step says otherwise."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a file of manifests."""


def apply(job: Job) -> dict[str, Any]:
    """Apply the manifests in their order."""
    manifests = list(_flat(_given(job)))
    if not manifests:
        raise BadInput("there is no manifest to apply", "write one with apiVersion, kind and metadata")
    ready = [_addressed(job, manifest) for manifest in manifests]  # all of them, before the first is sent
    query = [("fieldManager", str(job.given("field_manager") or OWNER))]
    query += [("force", "true")] if job.given("force") else []
    found: list[dict[str, Any]] = []
    for (kind, namespace, name), manifest in zip(ready, manifests, strict=True):
        before = read(job, kind, namespace, name)
        after = job.wire.patch(kind.path(namespace, name), manifest, "apply", query)
        done = compared(before, after)
        word = "created" if before is None else "configured" if done["changed"] else "unchanged"
        job.progress(f"{kind.plural}/{name} {word}")
        found.append({**done, "word": word, "name": f"{kind.plural}/{name}"})
    return {
        "done": True,
        "message": ", ".join(f"{one['name']} {one['word']}" for one in found),
        "object": found[0]["object"] if len(found) == 1 else None,
        "objects": [one["object"] for one in found],
        "names": [one["name"] for one in found],
        "count": len(found),
        "changed": any(one["changed"] for one in found),
        "diff": "\n".join(one["diff"] for one in found if one["diff"]),
    }


def _given(job: Job) -> Any:
    """What is to be applied: as it stands in the step, or in its file."""
    value = job.given("apply")
    if not is_file(value):
        return value
    path = job.path(str(value["file"]))
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as problem:
        raise Refused(f"the file {path} cannot be read: {problem.strerror}", "check `file`") from None
    if len(data) > LARGEST:
        raise BadInput(f"the file {path} has more than {LARGEST:,} bytes", "apply it in parts")
    digest, wanted = hashlib.sha256(data).hexdigest(), str(value.get("sha256") or "")
    if wanted and wanted.lower() != digest:
        raise Refused(f"the file {path} is not the one that was meant: its SHA-256 is {digest}", "correct `sha256`")
    return _documents(data, path)


def _documents(data: bytes, path: str) -> list[Any]:
    """The documents of a YAML file, as plain JSON: times stay text."""
    import yaml  # noqa: PLC0415 only for files

    class Plain(yaml.SafeLoader):
        """Reads as Kubernetes does, but for times."""

    Plain.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return [one for one in yaml.load_all(data, Plain) if one is not None]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as problem:
        raise BadInput(f"the file {path} is no YAML: {' '.join(str(problem).split())[:300]}", "correct it") from None


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    """Manifests one by one; a List is its items."""
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _flat(one)
    elif isinstance(value, Mapping):
        if str(value.get("kind", "")).endswith("List") and isinstance(value.get("items"), (list, tuple)):
            yield from _flat(value["items"])
        else:
            yield dict(value)
    else:
        raise BadInput(f"a manifest must be a map, and is {str(value)[:40]!r}", "write apiVersion, kind and metadata")


def _addressed(job: Job, manifest: dict[str, Any]) -> tuple[Kind, str, str]:
    """Where a manifest goes. Raises BadInput."""
    kind = by_api(job.wire, manifest.get("apiVersion"), manifest.get("kind"))
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not name or not isinstance(metadata, Mapping):
        raise BadInput(f"the manifest of a {kind.name} has no name", "write metadata: {name: ...}")
    name, own = text_of(name).masked(), metadata.get("namespace")
    if not kind.namespaced:
        return kind, "", name
    asked = job.given("namespace")
    if own and asked and str(own) != str(asked):
        message = f"the manifest of {kind.plural}/{name} is for namespace {own}, and the step for {asked}"
        raise BadInput(message, "give the namespace once")
    return kind, str(own or job.namespace()), name


# --- delete


def delete(job: Job) -> dict[str, Any]:
    """Delete one object. That it is not there is what was wanted."""
    kind, namespace, name = job.subject()
    what = f"{kind.plural}/{name}"
    before = read(job, kind, namespace, name)
    if before is None:
        return {**missing(kind, namespace, name), "done": True, "changed": False}
    body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    # The one that was looked at, and not another of the same name that came since.
    body["preconditions"] = {"uid": before["metadata"]["uid"]}
    if job.given("grace") is not None:
        body["gracePeriodSeconds"] = round(job.seconds("grace"))
    try:
        job.wire.delete(kind.path(namespace, name), body)
    except Answered as answered:
        if answered.code != 404:
            raise
    found = {"done": True, "found": True, "message": f"{what} is deleted", "changed": True, "object": None}
    if not job.given("wait") or job.wire.dry:
        return found
    for now in watched(job, kind, namespace, name, job.seconds("wait")):
        if now is None or now["metadata"]["uid"] != before["metadata"]["uid"]:
            return {**found, "message": f"{what} is gone"}
    held = ", ".join(before["metadata"].get("finalizers") or ()) or "its containers take their time to end"
    return {**found, "done": False, "message": f"{what} is being deleted and is still there: {held}"}
