"""A document as a tree of nodes that remember where they stand. Values are those of YAML 1.2 core, nothing more."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..errors import Span


class Scalar(Struct, frozen=True):
    """One value: `value` is None, bool, int, float or str; `plain` tells that it stood without quotes."""

    value: Any
    text: str
    span: Span
    plain: bool = True


class Sequence(Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    span: Span


class Mapping(Struct, frozen=True):
    """A map, in the order of the document. Every key is a scalar, and stands once."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, name: str) -> Node | None:
        """The node under a key."""
        return next((node for key, node in self.entries if key.text == name), None)


Node = Scalar | Sequence | Mapping


def builtin(node: Node) -> Any:
    """The plain value of a node."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [builtin(item) for item in node.items]
    return {key.text: builtin(value) for key, value in node.entries}
