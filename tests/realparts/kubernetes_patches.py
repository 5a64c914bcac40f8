"""How the fake of the Kubernetes API patches: merge, strategic merge, JSON, and server-side apply with its owners."""

from __future__ import annotations

import copy
from typing import Any

KEYS = {
    "containers": "name", "initContainers": "name", "containerStatuses": "name", "volumes": "name", "env": "name",
    "conditions": "type", "addresses": "type", "taints": "key", "ports": "containerPort", "volumeMounts": "mountPath",
    "ownerReferences": "uid",
}  # fmt: skip
"""What names the items of a list, so that a strategic merge goes into them."""


class Invalid(Exception):
    """A patch that cannot be done."""


class Conflicting(Exception):
    """An apply that meets fields of others: (path, owner) pairs."""


def merge(value: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    found = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), inner)
    return found


def strategic(value: Any, patch: Any, key: str = "") -> Any:
    """As the built-in kinds are merged: lists by what names their items."""
    if isinstance(patch, dict):
        if patch.get("$patch") == "replace":
            return {k: copy.deepcopy(v) for k, v in patch.items() if k != "$patch"}
        found = dict(value) if isinstance(value, dict) else {}
        for name, inner in patch.items():
            if inner is None:
                found.pop(name, None)
            else:
                found[name] = strategic(found.get(name), inner, name)
        return found
    if isinstance(patch, list) and key in KEYS and isinstance(value, list):
        by = KEYS[key]
        items = {item[by]: item for item in value}
        for inner in patch:
            if inner.get("$patch") == "delete":
                items.pop(inner[by], None)
            else:
                items[inner[by]] = strategic(items.get(inner[by]), inner)
        return list(items.values())
    return copy.deepcopy(patch)


def operations(value: Any, patch: list[dict[str, Any]]) -> Any:
    """RFC 6902: add, remove, replace, test."""
    found = copy.deepcopy(value)
    for one in patch:
        *parts, last = [p.replace("~1", "/").replace("~0", "~") for p in one["path"].split("/")[1:]]
        inner = found
        try:
            for part in parts:
                inner = inner[int(part)] if isinstance(inner, list) else inner[part]
            here: Any = int(last) if isinstance(inner, list) and last != "-" else last
            if one["op"] == "test":
                if inner[here] != one["value"]:
                    raise Invalid("the server rejected our request due to an error in our request")
            elif one["op"] == "remove":
                del inner[here]
            elif isinstance(inner, list) and one["op"] == "add":
                inner.insert(len(inner) if here == "-" else here, copy.deepcopy(one["value"]))
            else:
                if one["op"] == "replace":
                    inner[here]
                inner[here] = copy.deepcopy(one["value"])
        except (KeyError, IndexError, TypeError, ValueError):
            raise Invalid("the server rejected our request due to an error in our request") from None
    return found


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """The leaves of an object by their paths; lists are leaves."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found.update(leaves(inner, f"{path}.{key}"))
    return found


def applied(
    found: dict[str, Any], manifest: dict[str, Any], owners: dict[str, str], manager: str, *, force: bool
) -> dict[str, Any]:
    """Server-side apply: what the manifest names gets its value and belongs to the manager."""
    now, wanted = leaves(found), leaves({k: v for k, v in manifest.items() if k not in {"apiVersion", "kind"}})
    wanted = {p: v for p, v in wanted.items() if p not in {".metadata.name", ".metadata.namespace"}}
    conflicts = [(p, owners[p]) for p, v in wanted.items() if owners.get(p, manager) != manager and now.get(p) != v]
    if conflicts and not force:
        raise Conflicting(conflicts)
    result = strategic(found, manifest)
    for path in [p for p, owner in owners.items() if owner == manager and p not in wanted]:
        *parts, last = path.split(".")[1:]
        inner: Any = result
        for part in parts:
            inner = inner.get(part) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner.pop(last, None)
        del owners[path]
    owners.update(dict.fromkeys(wanted, manager))
    return result
