"""What an expression says, for those who prove something of it: names it needs, types that clash, what it amounts to.

Called by the graph room. Templates of plain names are read without the template engine; for the others its parser is
asked, and the tree is only looked at. What is not understood is left open: nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from .checking import expression_names, names_in
from .failures import TemplateError
from .lookup import dotted
from .render import evaluate
from .scan import pieces, plain_name, templated

Kinds = Callable[[str], str]
"""The JSON type of a dotted name, '' when it is not known."""

_FILTERS: Mapping[str, str] = {
    **dict.fromkeys(("int", "float", "length", "count", "abs", "round", "sum", "wordcount"), "number"),
    **dict.fromkeys(
        ("string", "lower", "upper", "trim", "join", "replace", "title", "capitalize", "tojson", "to_json"), "string"
    ),
    **dict.fromkeys(("list", "sort", "unique"), "array"),
}
"""What filters give, whatever they are given."""


def needed(source: str, *, expression: bool = False) -> tuple[str, ...]:
    """The dotted names that must be there, or rendering fails: those for which nothing provides a stand-in."""
    names = expression_names(source) if expression else names_in(source)
    if not names or (plain_name(source) is not None if expression else pieces(source) is not None):
        return names
    spared = _spared(source, expression=expression)
    return tuple(name for name in names if name not in spared)


def _spared(source: str, *, expression: bool) -> frozenset[str]:
    """Names that `default` or `is defined` stand before."""
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    from . import rewrite, sandbox  # noqa: PLC0415 imports the template engine

    tree = sandbox.tree(source, expression=expression)
    if tree is None:
        return frozenset()
    spared = {rewrite.chain(f.node) for f in tree.find_all(nodes.Filter) if f.name in {"default", "d"} and f.node}
    spared |= {rewrite.chain(t.node) for t in tree.find_all(nodes.Test) if t.name in {"defined", "undefined"}}
    return frozenset(spared)


def raw_names(source: str) -> tuple[str, ...]:
    """The names in placeholders that put their value into the text unquoted."""
    if "raw" not in source or not templated(source):
        return ()
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    from . import rewrite, sandbox  # noqa: PLC0415 imports the template engine

    tree = sandbox.tree(source)
    raw = [f for f in tree.find_all(nodes.Filter) if f.name == "raw"] if tree is not None else []
    chains = (rewrite.chain(node) for f in raw for node in (f.node, *f.find_all((nodes.Getattr, nodes.Name))) if node)
    names = dict.fromkeys(name for name in chains if name)
    return tuple(name for name in names if not any(other.startswith(f"{name}.") for other in names))


# --- types


def kind_of(source: str, kinds: Kinds) -> str:
    """The JSON type of what a template gives: that of its value when it is one placeholder, else it is text."""
    found = pieces(source)
    if found is not None:
        if len(found) == 1 and not isinstance(found[0], str):
            return kinds(dotted(found[0].root, found[0].keys))
        return "string"
    from . import sandbox  # noqa: PLC0415 imports the template engine

    tree = sandbox.tree(source)
    if tree is None or len(tree.body) != 1 or not sandbox.analysed(source).single:
        return "" if tree is None or "{%" in source else "string"
    return _kind(tree.body[0].nodes[0], kinds)  # type: ignore[attr-defined] # one output with one node


def clashes(source: str, kinds: Kinds, *, expression: bool = False) -> Iterator[str]:
    """What cannot be compared or computed, a sentence each."""
    if (plain_name(source) if expression else pieces(source)) is not None:
        return
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    from . import sandbox  # noqa: PLC0415 imports the template engine

    tree = sandbox.tree(source, expression=expression)
    if tree is None:
        return
    for compare in tree.find_all(nodes.Compare):
        left = compare.expr
        for operand in compare.ops:
            yield from _compared(left, operand.op, operand.expr, kinds)
            left = operand.expr
    for binary in tree.find_all((nodes.Add, nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Pow)):
        yield from _computed(binary, kinds)


_ORDERED = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_NUMBERS = frozenset({"number", "boolean"})


def _compared(left: Any, op: str, right: Any, kinds: Kinds) -> Iterator[str]:
    one, other = _kind(left, kinds), _kind(right, kinds)
    if op not in _ORDERED or not one or not other or (one in _NUMBERS and other in _NUMBERS):
        return
    if one != other or one in {"object", "null"}:
        yield f"{_said(left, one)} cannot be compared with {_said(right, other)} by `{_ORDERED[op]}`"


def _computed(node: Any, kinds: Kinds) -> Iterator[str]:
    one, other = _kind(node.left, kinds), _kind(node.right, kinds)
    if not one or not other or (one in _NUMBERS and other in _NUMBERS):
        return
    if one != other or node.operator != "+" or one in {"object", "null"}:
        yield f"`{node.operator}` cannot be used with {_said(node.left, one)} and {_said(node.right, other)}"


_WORDS = {
    "string": "text", "number": "a number", "boolean": "true or false", "array": "a list", "object": "a map",
    "null": "nothing",
}  # fmt: skip


def worded(kind: str) -> str:
    """A JSON type in words."""
    return _WORDS.get(kind, kind)


def _said(node: Any, kind: str) -> str:
    from . import rewrite  # noqa: PLC0415 imports the template engine

    name = rewrite.chain(node)
    value = getattr(node, "value", None)
    shown = f"`{name}`" if name else repr(value) if isinstance(value, (str, int, float)) else "a part of it"
    return f"{shown} ({worded(kind)})"


def _kind(node: Any, kinds: Kinds) -> str:
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    from . import rewrite  # noqa: PLC0415 imports the template engine

    match node:
        case nodes.Const(value=value):
            return _of_value(value)
        case nodes.Concat():
            return "string"
        case nodes.Compare() | nodes.Not() | nodes.Test():
            return "boolean"
        case nodes.List() | nodes.Tuple():
            return "array"
        case nodes.Dict():
            return "object"
        case nodes.Filter(name=name):
            return _FILTERS.get(name, "") if not node.args or name not in {"int", "float"} else ""
        case nodes.Neg() | nodes.Pos():
            return "number"
        case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div() | nodes.FloorDiv() | nodes.Pow():
            both = {_kind(node.left, kinds), _kind(node.right, kinds)}
            return "number" if both == {"number"} else ""
        case _:
            name = rewrite.chain(node)
            return kinds(name) if name else ""


def _of_value(value: Any) -> str:
    """The JSON type of a plain value."""
    if value is None:
        return "null"
    for name, types in (("boolean", bool), ("number", (int, float)), ("string", str), ("array", (list, tuple))):
        if isinstance(value, types):
            return name
    return "object" if isinstance(value, Mapping) else ""


def json_kind(value: Any) -> str:
    """The JSON type of a value as it stands in a document."""
    return _of_value(value)


# --- what an expression comes down to


class Said(Struct, frozen=True):
    """An expression as a formula: `op` is all, any, not, is or open.

    `is` says of a `subject` that one matcher (`name`, `operand`) holds; `open` is anything that is not understood,
    told apart by its `subject`.
    """

    op: str
    parts: tuple[Said, ...] = ()
    subject: str = ""
    name: str = ""
    operand: Any = None


_TESTS = {"eq": "equals", "ne": "equals", "lt": "lt", "lteq": "le", "gt": "gt", "gteq": "ge", "in": "in", "notin": "in"}
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "equals": "equals"}


def formula(source: str) -> Said | None:
    """An expression as a formula; None when it cannot be read."""
    name = plain_name(source)
    if name is not None:
        return Said("open", subject=source.strip())
    from . import sandbox  # noqa: PLC0415 imports the template engine

    if not expression_names(source):
        return _constantly(source)
    tree = sandbox.tree(source, expression=True)
    return _formula(tree.body[0].nodes[0]) if tree is not None else None  # type: ignore[attr-defined] # one output


def _constantly(source: str) -> Said | None:
    """An expression that names nothing is what it is."""
    try:
        return Said("all" if evaluate(source, {}) else "any")
    except TemplateError:
        return None


def _formula(node: Any) -> Said:
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    match node:
        case nodes.And(left=left, right=right):
            return Said("all", (_formula(left), _formula(right)))
        case nodes.Or(left=left, right=right):
            return Said("any", (_formula(left), _formula(right)))
        case nodes.Not(node=inner):
            return Said("not", (_formula(inner),))
        case nodes.Const(value=value):
            return Said("all" if value else "any")
        case nodes.Compare():
            return _compare(node)
        case _:
            return Said("open", subject=repr(node))


def _compare(node: Any) -> Said:
    parts: list[Said] = []
    left = node.expr
    for operand in node.ops:
        parts.append(_one(left, operand.op, operand.expr))
        left = operand.expr
    return parts[0] if len(parts) == 1 else Said("all", tuple(parts))


def _one(left: Any, op: str, right: Any) -> Said:
    name = _TESTS[op]
    subject, (constant, value) = _subject(left), _constant(right)
    if not constant and name in _TURNED:
        subject, (constant, value), name = _subject(right), _constant(left), _TURNED[name]
    if not subject or not constant or (name == "in" and not isinstance(value, list)):
        return Said("open", subject=repr((left, op, right)))
    if name in {"lt", "le", "gt", "ge"} and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        return Said("open", subject=repr((left, op, right)))
    said = Said("is", subject=subject, name=name, operand=value)
    return Said("not", (said,)) if op in {"ne", "notin"} else said


def _subject(node: Any) -> str:
    """The name that is judged, with the filter that makes a number of it."""
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    from . import rewrite  # noqa: PLC0415 imports the template engine

    if isinstance(node, nodes.Filter) and node.name in {"int", "float", "length", "count"} and not node.args:
        inner = rewrite.chain(node.node) if node.node is not None else ""
        return f"{inner} | {node.name}" if inner else ""
    return rewrite.chain(node)


def _constant(node: Any) -> tuple[bool, Any]:
    from jinja2 import nodes  # noqa: PLC0415 the template engine

    if isinstance(node, nodes.Const):
        return True, node.value
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, (int, float)):
        return True, -node.node.value
    if isinstance(node, (nodes.List, nodes.Tuple)):
        values = [_constant(item) for item in node.items]
        return all(constant for constant, _ in values), [value for _, value in values]
    return False, None
