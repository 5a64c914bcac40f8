"""Reading a template with the engine's parser, finding what is wrong with it, and making it safe to run.

Called by the sandbox (to run a template) and by the check of a document (to find problems and names). The tree that
the parser gives is rewritten so that every operation goes through a function of the sandbox: names are looked up by
our rules, loops and operators are counted, methods come from a list, and each placeholder is boxed with the text it
was written as. Statements that could define or include templates are refused. Imports the engine: costs time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.environment import Environment
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer
from msgspec import Struct

from .failures import Problem, nearest
from .filters import FILTERS, METHODS, TESTS
from .lookup import Key, dotted
from .values import transformed

WALK, MEMBER, SLICE, METHOD, RANGE = " walk", " member", " slice", " method", " range"
CONCAT, COMPARE, TURNS, GIVEN = " concat", " compare", " turns", " given"
"""Names of the sandbox's own filters. No template can write them, for they hold a space."""

_STATEMENTS = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set ... endset",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from ... import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.With: "with",
    nodes.NSRef: "set with a dot",
}

_RAW = Problem(
    "`raw` puts a value into the text without quoting",
    0,
    "leave `raw` out, unless the value is meant to be read as part of the text",
    "raw",
)


class Hole(Struct, frozen=True):
    """A placeholder: where it starts in the source, and what stands inside its braces."""

    offset: int
    label: str


class Analysis(Struct, frozen=True):
    """A template that was read: `tree` is rewritten and ready to be compiled, unless `problems` has an error.

    `flow` is the literal text in order of the source, and the placeholders between; a placeholder that turns quoting
    off is empty text in it. `single` says that the template is one placeholder and nothing else.
    """

    tree: nodes.Template | None
    names: tuple[tuple[str, tuple[Key, ...]], ...]
    problems: tuple[Problem, ...]
    flow: tuple[str | Hole, ...]
    single: bool


def analyse(environment: Environment, source: str, *, expression: bool) -> Analysis:
    """Read a template, or an expression (what could stand inside the braces). Never raises."""
    try:
        return _analyse(environment, source, expression=expression)
    except TemplateSyntaxError as problem:
        message, line = _reads(problem.message or "", expression=expression), problem.lineno or 1
        return _unreadable(message, _line(source, line), expression=expression)
    except RecursionError:
        return _unreadable("it is nested too deeply", 0, expression=expression)
    except Exception as problem:  # noqa: BLE001 a parser that fails on odd text has found it unreadable
        return _unreadable(_reads(str(problem), expression=expression), 0, expression=expression)


def _reads(message: str, *, expression: bool) -> str:
    message = message.rstrip(".").replace("end of template", "end") if expression else message.rstrip(".")
    return f"the {'expression' if expression else 'template'} cannot be read: {message}"


def _unreadable(message: str, offset: int, *, expression: bool) -> Analysis:
    hint = "a placeholder is `{{ name }}`; for braces that are just text, write `{{ '{{' }}`"
    if expression:
        hint = "an expression is something like `exit_code == 0 and 'ok' in stdout`"
    return Analysis(None, (), (Problem(message, offset, hint),), (), single=False)


def _analyse(environment: Environment, source: str, *, expression: bool) -> Analysis:
    # The parser would turn every kind of line end into "\n"; this character is space to it as well.
    stand_in = next((c for c in "\x1d\x1e\x1f\x1c" if c not in source), "\r")
    readable = source.replace("\r", stand_in)
    if expression:
        tree, holes = _parsed_expression(environment, readable), [Hole(0, source.strip())]
    else:
        tree, holes = environment.parse(readable), _holes(environment, readable)
    tree.set_environment(environment)
    single = len(tree.body) == 1 and len(holes) == 1 and _one_output(tree.body[0])
    refused = _refused(tree, source)
    if refused:
        return Analysis(None, (), refused, (), single)
    rewriter = _Rewriter(environment, source, stand_in, holes)
    rewriter.visit(tree)
    tree.set_environment(environment)
    unfit = any(p.kind == "error" for p in rewriter.problems)
    free = {n[0] for n in rewriter.names} if unfit else meta.find_undeclared_variables(tree)
    names = tuple(dict.fromkeys(n for n in rewriter.names if n[0] in free))
    return Analysis(tree, names, tuple(rewriter.problems), tuple(rewriter.flow), single)


def parsed(environment: Environment, source: str, *, expression: bool) -> nodes.Template | None:
    """A template (or an expression) as the parser gives it; None when it cannot be read. For those who look only."""
    try:
        return _parsed_expression(environment, source) if expression else environment.parse(source)
    except Exception:  # noqa: BLE001 what is wrong with it is the check's to say
        return None


def chain(node: nodes.Node) -> str:
    """The dotted name that a node is, or ''."""
    found = _chain(node)
    return dotted(*found) if found else ""


def _parsed_expression(environment: Environment, source: str) -> nodes.Template:
    parser = Parser(environment, source, state="variable")
    node = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError(f"unexpected {parser.stream.current.value!r} after the expression", 1)
    return nodes.Template([nodes.Output([node], lineno=1)], lineno=1)


def _one_output(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and len(node.nodes) == 1 and not isinstance(node.nodes[0], nodes.TemplateData)


def _holes(environment: Environment, source: str) -> list[Hole]:
    """All placeholders in order. White space that the lexer drops is found again by searching on."""
    found: list[Hole] = []
    at = start = inside = 0
    for _, token, text in environment.lexer.tokeniter(source, None):
        at = source.find(text, at)
        if token == "variable_begin":  # noqa: S105 the lexer's name for opening braces
            start, inside = at, at + len(text)
        elif token == "variable_end":  # noqa: S105 and for closing ones
            found.append(Hole(start, source[inside:at].strip()))
        at += len(text)
    return found


def _refused(tree: nodes.Template, source: str) -> tuple[Problem, ...]:
    """Statements that a template may not hold."""
    found = []
    for node in tree.find_all(nodes.Node):
        word = _STATEMENTS.get(
            type(node), "for ... recursive" if isinstance(node, nodes.For) and node.recursive else ""
        )
        if word:
            message = f"`{{% {word} %}}` is not available here"
            found.append(Problem(message, _line(source, node.lineno), "there are `if`, `for` and `set`"))
    return tuple(found)


def _line(source: str, number: int) -> int:
    """The offset at which a line starts."""
    at = 0
    for _ in range(number - 1):
        at = source.find("\n", at) + 1
    return at


class _Rewriter(NodeTransformer):
    """Rewrites one tree in place, noting names, problems and the flow of text as it goes."""

    def __init__(self, environment: Environment, source: str, stand_in: str, holes: Sequence[Hole]) -> None:
        self.names: list[tuple[str, tuple[Key, ...]]] = []
        self.problems: list[Problem] = []
        self.flow: list[str | Hole] = []
        self._environment = environment
        self._source = source
        self._stand_in = stand_in
        self._holes = iter(holes)

    def _call(self, name: str, node: nodes.Node, value: nodes.Node, *args: nodes.Expr, **more: Any) -> nodes.Filter:
        return nodes.Filter(value, name, list(args), more.get("kwargs", []), None, None, lineno=node.lineno)

    def _problem(self, node: nodes.Node, word: str, message: str, hint: str = "") -> None:
        line = _line(self._source, node.lineno)
        self.problems.append(Problem(message, max(self._source.find(word, line), line), hint))

    def _no_secret(self, *operands: nodes.Node) -> None:
        for node in operands:
            name = _chain(node)
            if name and name[0] == "secrets" and name[1]:
                error = transformed(str(name[1][0]))
                self._problem(node, "secrets", error.message, error.hint)

    def _visited(self, found: Sequence[Any]) -> list[Any]:
        return [self.visit(node) for node in found]

    # --- text

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        node.nodes = [self._output(child) for child in node.nodes]
        return node

    def _output(self, child: nodes.Expr) -> nodes.Expr:
        if isinstance(child, nodes.TemplateData):
            child.data = child.data.replace(self._stand_in, "\r")
            self.flow.append(child.data)
            return child
        hole = next(self._holes)
        self.flow.append("" if isinstance(child, nodes.Filter) and child.name == "raw" else hole)
        return self._call(GIVEN, child, self.visit(child), nodes.Const(hole.label, lineno=child.lineno))

    def visit_Const(self, node: nodes.Const) -> nodes.Const:
        if isinstance(node.value, str):
            node.value = node.value.replace(self._stand_in, "\r")
        return node

    # --- names and what is taken from values

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        return self._walk(node, node.name, ()) if node.ctx == "load" else node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
        name = _chain(node)
        if name:
            return self._walk(_root(node), *name)
        return self._call(MEMBER, node, self.visit(node.node), nodes.Const(node.attr, lineno=node.lineno))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        name = _chain(node)
        if name:
            return self._walk(_root(node), *name)
        if isinstance(node.arg, nodes.Slice):
            none, value = nodes.Const(None, lineno=node.lineno), self.visit(node.node)
            bounds = [self.visit(b) if b else none for b in (node.arg.start, node.arg.stop, node.arg.step)]
            return self._call(SLICE, node, value, *bounds)
        return self._call(MEMBER, node, self.visit(node.node), self.visit(node.arg))

    def _walk(self, name: nodes.Name, root: str, keys: tuple[Key, ...]) -> nodes.Node:
        self.names.append((root, keys))
        where = [nodes.Const(root, lineno=name.lineno), nodes.Const(keys, lineno=name.lineno)]
        return self._call(WALK, name, name, *where)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        if node.dyn_args or node.dyn_kwargs:
            self._problem(node, "*", "arguments cannot be unpacked with `*` here")
        if isinstance(node.node, nodes.Getattr):
            return self._method(node, node.node)
        args, kwargs = self._visited(node.args), self._visited(node.kwargs)
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            return self._call(RANGE, node, nodes.Const(None, lineno=node.lineno), *args, kwargs=kwargs)
        word = node.node.name if isinstance(node.node, nodes.Name) else ""
        what = f"`{word}` is not a function" if word else "this cannot be called"
        hint = f"write it as a filter: `value | {word}`" if word in FILTERS else "the only function is `range`"
        self._problem(node, word, what, hint)
        return node

    def _method(self, call: nodes.Call, node: nodes.Getattr) -> nodes.Node:
        self._no_secret(node.node)
        if node.attr not in METHODS:
            meant = nearest(node.attr, METHODS)
            hint = f"did you mean `.{meant}()`?" if meant else ""
            hint = f"write `| {node.attr}`" if node.attr in FILTERS else hint
            self._problem(node, node.attr, f"there is no method `{node.attr}`", hint)
        value, name = self.visit(node.node), nodes.Const(node.attr, lineno=node.lineno)
        args, kwargs = self._visited(call.args), self._visited(call.kwargs)
        return self._call(METHOD, node, value, name, *args, kwargs=kwargs)

    # --- operations

    def visit_Filter(self, node: nodes.Filter) -> nodes.Filter:
        self._known(node, FILTERS, "filter")
        if node.node is not None:
            self._no_secret(node.node)
        if node.name == "raw":
            line = _line(self._source, node.lineno)
            offset = max(self._source.find("raw", line), line)
            self.problems.append(Problem(_RAW.message, offset, _RAW.hint, _RAW.kind))
        return self.generic_visit(node)  # type: ignore[return-value] # gives the node it was given

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        self._known(node, TESTS, "test")
        return self.generic_visit(node)

    def _known(self, node: nodes.Filter | nodes.Test, names: Sequence[str], what: str) -> None:
        if node.dyn_args or node.dyn_kwargs:
            self._problem(node, "*", "arguments cannot be unpacked with `*` here")
        if node.name not in names:
            meant = nearest(node.name, names)
            hint = (
                f"did you mean `{meant}`?" if meant else f"there are {', '.join(n for n in names if n.isidentifier())}"
            )
            self._problem(node, node.name, f"there is no {what} `{node.name}`", hint)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self._no_secret(*node.nodes)
        first, *rest = self._visited(node.nodes)
        return self._call(CONCAT, node, first, *rest)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self._no_secret(node.expr, *(o.expr for o in node.ops))
        value = self.visit(node.expr)
        pairs = [(nodes.Const(o.op, lineno=node.lineno), self.visit(o.expr)) for o in node.ops]
        return self._call(COMPARE, node, value, *(part for pair in pairs for part in pair))

    def _binary(self, node: nodes.BinExpr) -> nodes.Node:
        self._no_secret(node.left, node.right)
        return self.generic_visit(node)

    visit_Add = visit_Sub = visit_Mul = visit_Div = visit_FloorDiv = visit_Mod = visit_Pow = _binary

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = self._call(TURNS, node, node.iter)
        return node


def _chain(node: nodes.Node) -> tuple[str, tuple[Key, ...]] | None:
    """The dotted name that a node is, or None."""
    keys: list[Key] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        key = node.attr if isinstance(node, nodes.Getattr) else _constant_key(node.arg)
        if key is None:
            return None
        keys.append(key)
        node = node.node
    return (node.name, tuple(reversed(keys))) if isinstance(node, nodes.Name) and node.ctx == "load" else None


def _root(node: nodes.Node) -> nodes.Name:
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        node = node.node
    assert isinstance(node, nodes.Name)  # noqa: S101 asked only of chains
    return node


def _constant_key(node: nodes.Node) -> Key | None:
    if isinstance(node, nodes.Const) and isinstance(node.value, (str, int)) and not isinstance(node.value, bool):
        return node.value
    inner = node.node if isinstance(node, nodes.Neg) else None
    value = inner.value if isinstance(inner, nodes.Const) else None
    return -value if isinstance(value, int) and not isinstance(value, bool) else None


def names_of(analysis: Analysis) -> tuple[str, ...]:
    """The dotted names in order of appearance."""
    return tuple(dict.fromkeys(dotted(*name) for name in analysis.names))
