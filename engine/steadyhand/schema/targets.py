"""Reads named places: `targets:` that steps act on, `channels:` that notifications go to, each of one family.

What a family may hold is data of the handlers (`TargetSpec`). Called for runbooks (load.py) and settings (settings.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model import HandlerSpec, Param, Target, TargetSpec
from ..source import Mapping as MapNode
from ..source import Node, Scalar, builtin
from .operations import Operations
from .reader import Reader, near, shown

UNKNOWN_FAMILY = "SH309"
"""The code of a family that no handler brings: a plug-in might."""


def families(specs: Mapping[str, HandlerSpec], what: str) -> dict[str, TargetSpec]:
    """The families that the handlers bring, by name; `what` is targets or channels."""
    listed: Iterable[TargetSpec] = (f for spec in specs.values() for f in getattr(spec, what))
    return {family.name: family for family in listed}


def read_places(
    reader: Reader, specs: Mapping[str, HandlerSpec], node: Node | None, what: str = "targets"
) -> dict[str, Target]:
    """Named places: each a map with one key, its family, and what that one needs."""
    mapping = reader.mapping(node, f"`{what}`") if node is not None else None
    if mapping is None:
        return {}
    known = families(specs, what)
    operations = Operations(reader, specs)
    one = what.removesuffix("s")
    found: dict[str, Target] = {}
    for key, value in mapping.entries:
        inner = reader.mapping(value, f"{one} `{key.text}`")
        if inner is None:
            continue
        body = inner.entries[0][1] if inner.entries else None
        if len(inner.entries) != 1 or (not isinstance(body, MapNode) and not _empty(body)):
            example = "{ssh: {hosts: [app1]}}" if what == "targets" else "{slack: {webhook: ...}}"
            reader.say("SH103", inner.span, f"{one} `{key.text}` needs one kind", f"write {example}")
            continue
        place = _place(reader, operations, key, inner, known)
        if place is not None:
            found[key.text] = place
    return found


def _empty(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _place(
    reader: Reader, operations: Operations, key: Scalar, inner: MapNode, known: Mapping[str, TargetSpec]
) -> Target | None:
    kind, params = inner.entries[0]
    family = known.get(kind.text)
    if family is None:
        hint = near(kind.text, known, "kinds")
        reader.say(UNKNOWN_FAMILY, kind.span, f"`{key.text}` is of no known kind `{kind.text}`", hint)
        return None
    if family.open_params:
        operations.templates(params)
        return Target(key.text, kind.text, builtin(params) or {})
    values = operations.fields(Param(kind.text, "map", "", {}, fields=family.params), params)
    for param in family.params if not isinstance(params, MapNode) else ():
        if param.required:
            hint = f"write {shown({kind.text: {param.name: param.example}})}"
            reader.say("SH402", kind.span, f"`{kind.text}` needs the key `{param.name}`", hint)
    return Target(key.text, kind.text, values)
