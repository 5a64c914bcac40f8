"""What a verb works with: its parameters, and the kinds of objects that the cluster has, asked once in a run.

A kind may be written as people write it (`deploy`, `deployments.apps`, `Widget.example.org`, `widgets.v1.example.org`).
Custom resources are found as the others are: by asking the cluster. A kind that several groups have is taken from the
core, then from the group that the cluster names first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..errors import BadInput
from ..model import Text
from ._kube_failures import Answered
from ._kube_names import COMMON, SPELLINGS, Kind, parted
from ._kube_wire import Wire
from ._request import replaced

SKIPPED = frozenset({403, 404, 500, 502, 503, 504})
"""Answers of one group of the API that must not hide the others: its server may be down."""


class Job(Struct):
    """A verb to carry out: the wire, and the parameters with their secrets revealed."""

    wire: Wire
    request: Mapping[str, Any]

    @property
    def verb(self) -> str:
        """The verb."""
        return str(self.request["verb"])

    def given(self, key: str, default: Any = None) -> Any:
        """A parameter as plain data, its secrets revealed; `default` when it was left out."""
        value = self.request["params"].get(key)
        return default if value is None else replaced(value, self.wire.hands.reveal)

    def number(self, key: str, default: int) -> int:
        """A parameter as a number. Raises BadInput."""
        value = self.given(key, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            return int(value)
        raise BadInput(f"`{key}` must be a number, and is {str(value)[:40]!r}", f"write {key}: 3")

    def seconds(self, key: str, default: float = 0.0) -> float:
        """A duration among the parameters, in seconds."""
        value = self.request["params"].get(key)
        return default if value is None else float(value) / 1_000_000

    def kind(self, text: str) -> Kind:
        """A kind of object as people write it. Raises BadInput for one that the cluster does not have."""
        return kind_of(self.wire, text)

    def subject(self, key: str = "", alone: str = "") -> tuple[Kind, str, str]:
        """The object that a step is about: its kind, namespace ('' where there is none) and name."""
        text, name = parted(self.given(key or self.verb, ""), self.given("name", "") if not key else "", alone)
        kind = self.kind(text)
        return kind, self.namespace() if kind.namespaced else "", name

    def namespace(self) -> str:
        """The namespace of the step, of its target, or of the context."""
        return str(self.given("namespace") or self.wire.cluster.namespace)

    def progress(self, text: str) -> None:
        """A line for whoever watches."""
        self.output("progress", f"{text}\n".encode("utf-8", "surrogateescape"))

    def output(self, name: str, data: bytes) -> None:
        """Output for a sink, as long as somebody waits for it."""
        for start in range(0, len(data), 1024 * 1024):
            self.wire.check()
            self.wire.hands.sink(name).write(data[start : start + 1024 * 1024])

    def path(self, name: str) -> str:
        """A file beside the runbook."""
        return os.path.join(self.wire.hands.cwd, os.path.expanduser(name))


def kind_of(wire: Wire, text: str) -> Kind:
    """See Job.kind."""
    with wire.cluster.lock:
        found = next(_matching(wire, text), None)
        if found is None and wire.cluster.kinds:
            wire.cluster.kinds.clear()  # it may have come to the cluster since the list was read
            found = next(_matching(wire, text), None)
    if found is None:
        raise BadInput(f"the cluster has no kind {text[:80]!r}", "`kubectl api-resources` lists what it has")
    return found


def _matching(wire: Wire, text: str) -> Iterator[Kind]:
    """The kinds that a text may mean, the likeliest first."""
    head, _, group = text.partition(".")
    plural = SPELLINGS.get(head.lower(), "")
    if plural and (not group or group == COMMON[plural][0]):
        wanted, word, version = COMMON[plural][0], plural, ""
    else:
        word, version, wanted = head, *_version(group)
        if not group:
            wanted = "*"
    for name, versions in _groups(wire, wanted):
        for each in [version] if version else versions:
            yield from (kind for kind, words in _kinds(wire, name, each) if word.lower() in words)


def _version(group: str) -> tuple[str, str]:
    """`v1.example.org` names a version too, `example.org` does not."""
    head, dot, rest = group.partition(".")
    return (head, rest) if dot and head[:1] == "v" and head[1:2].isdigit() else ("", group)


def _groups(wire: Wire, wanted: str) -> Iterator[tuple[str, list[str]]]:
    """The groups of the API, each with its versions, the preferred one first."""
    if wanted in {"", "*"}:
        yield "", ["v1"]
    if wanted == "":
        return
    for group in _read(wire, "/apis").get("groups", ()):
        if wanted in {"*", group["name"]}:
            versions = [version["version"] for version in group["versions"]]
            first = group.get("preferredVersion", {}).get("version", versions[0])
            yield group["name"], [first, *(v for v in versions if v != first)]


def _kinds(wire: Wire, group: str, version: str) -> Iterator[tuple[Kind, frozenset[str]]]:
    """The kinds of a group and version, each with the words that mean it."""
    try:
        listed = _read(wire, f"/apis/{group}/{version}" if group else f"/api/{version}")
    except Answered as answered:
        if answered.code in SKIPPED:
            return
        raise
    resources = listed.get("resources", ())
    for one in resources:
        if "/" in one["name"]:
            continue
        evictions = next((_api_version(r) for r in resources if r["name"] == f"{one['name']}/eviction"), "")
        kind = Kind(group, version, one["name"], one["kind"], bool(one["namespaced"]), evictions)
        words = (one["name"], one["kind"], one.get("singularName", ""), *one.get("shortNames", ()))
        yield kind, frozenset(word.lower() for word in words if word)


def _api_version(resource: Mapping[str, Any]) -> str:
    return "/".join(part for part in (resource.get("group", ""), resource.get("version", "")) if part)


def _read(wire: Wire, path: str) -> Mapping[str, Any]:
    """A list of what the API has, kept for the run."""
    if path not in wire.cluster.kinds:
        wire.cluster.kinds[path] = wire.get(path)
    found: Mapping[str, Any] = wire.cluster.kinds[path]
    return found


def by_api(wire: Wire, api_version: Any, name: Any) -> Kind:
    """The kind that a manifest means. Raises BadInput."""
    if not isinstance(api_version, str) or not isinstance(name, str) or not api_version or not name:
        raise BadInput("a manifest needs `apiVersion` and `kind`", "write apiVersion: apps/v1 and kind: Deployment")
    group, slash, version = api_version.rpartition("/")
    with wire.cluster.lock:
        for _ in range(2):
            for kind, _words in _kinds(wire, group if slash else "", version):
                if kind.name == name:
                    return kind
            wire.cluster.kinds.clear()
    raise BadInput(f"the cluster has no kind {name} in {api_version}", "`kubectl api-resources` lists what it has")


def text(value: Any) -> str:
    """A value of a map of texts, as the API wants it."""
    if isinstance(value, Text):
        return value.masked()
    return str(value).lower() if isinstance(value, bool) else str(value)
