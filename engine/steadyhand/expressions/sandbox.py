"""Running what only the template engine can read: expressions with operators and filters, `if`, `for` and `set`.

Called by the renderer and the check when a template is more than text with plain names; importing this imports the
engine. The engine's sandbox is the outer wall. The inner one is ours: every operation of a rewritten template is one
of the functions here, which refuses secrets, passes on what is not known yet, and counts what it does.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes, pass_context
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from . import filters, rewrite
from .failures import NotYetKnown, TemplateError
from .lookup import Absent, follow, member, unknown_root
from .quoting import as_text
from .values import Given, SecretRef, Truncated, Unknown, Unusable, kind, transformed
from .work import OUTPUT, Work, affordable, power, product


class _Missing(StrictUndefined, Unusable):
    """A name that leads nowhere: an error once it is used. What is taken from it is missing for the same reason."""

    __slots__ = ()

    @classmethod
    def of(cls, absent: Absent) -> _Missing:
        return cls(hint=absent.message, exc=lambda _: absent.error())  # type: ignore[arg-type] # called to make the error

    @property
    def error(self) -> TemplateError:
        """What to raise when it is used."""
        error = self._undefined_exception(self._undefined_message)
        return error if isinstance(error, TemplateError) else TemplateError(str(error).rstrip("."))


def _usable(value: Any) -> Any:
    """The value, unless it is missing. The engine has a class of its own for the `else` that an `if` lacks."""
    if isinstance(value, _Missing):
        raise value.error
    if isinstance(value, Undefined):
        raise TemplateError("an `if` without `else` has nothing to give", "write what it is otherwise: `else ''`")
    return value


class _RunContext(Context):
    """The names of one rendering, and what it has done so far."""

    work: Work


@pass_context
def _only_given(context: Context, value: Any) -> Given:
    """Nothing reaches the text but the boxed value of a placeholder."""
    del context
    if not isinstance(value, Given):
        raise TemplateError("the template gives something that is not the value of a placeholder")
    return value


class _Environment(ImmutableSandboxedEnvironment):
    """The engine, cut down to what templates may do."""

    code_generator_class = NativeCodeGenerator
    context_class = _RunContext
    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])
    intercepted_unops = frozenset(["+", "-"])

    def __init__(self) -> None:
        super().__init__(undefined=_Missing, finalize=_only_given, optimized=False, keep_trailing_newline=True)
        engine = {name: self.filters[name] for name in filters.ENGINE}
        tests: Mapping[str, Any] = dict(self.tests)
        self.globals.clear()
        self.filters = {name: _guarded(name, f) for name, f in {**engine, **filters.OWN}.items()}
        self.filters.update(_INNER)
        self.tests = {name: _tested(name, tests[name]) for name in filters.TESTS}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`left operator right`, counted and bounded."""
        return _operation(context, f"`{operator}`", _BINARY[operator], left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        """`-x` or `+x`."""
        return _operation(context, f"`{operator}`", self.unop_table[operator], arg)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """For `map(attribute=...)` and its like: items only."""
        return _or_missing(member(obj, int(argument) if _is_index(obj, argument) else argument, ""))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The same, for there are no attributes."""
        return self.getitem(obj, attribute)


def _is_index(value: Any, key: Any) -> bool:
    return isinstance(value, (list, tuple)) and isinstance(key, str) and key.isdecimal() and len(key) < 10


def _or_missing(found: Any) -> Any:
    return _Missing.of(found) if isinstance(found, Absent) else found


# --- the operations of a rewritten template


def _operation(context: Any, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """One operation over values that are known and no secrets, its work counted, its failure put into words."""
    values = (*args, *named.values())
    for value in values:
        if isinstance(value, SecretRef):
            raise transformed(value.name)
        _usable(value)
    unknown = next((v for v in values if isinstance(v, Unknown)), None)
    if unknown is not None:
        return unknown
    context.work.step()
    context.work.handle(*values)
    result = _carried_out(name, function, args, named)
    context.work.handle(result)
    return result


def _carried_out(name: str, function: Callable[..., Any], args: Any, named: Any) -> Any:
    try:
        result = function(*args, **named)
        return list(result) if isinstance(result, Iterator) else result
    except TemplateError:
        raise
    except ZeroDivisionError:
        raise TemplateError(f"{name} divides by zero") from None
    except Exception as problem:  # noqa: BLE001 whatever the operation does not take, the author is told
        kinds = " and ".join(kind(a) for a in args if not callable(a)) or "nothing"
        reason = f": {problem}" if name.startswith("the ") or name.endswith("()`") else ""
        hint = "put texts together with `~`" if name == "`+`" else ""
        raise TemplateError(f"{name} cannot be used with {kinds}{reason}", hint) from None


_ENGINE_CONTEXT = frozenset(["map", "reject", "rejectattr", "select", "selectattr"])
_ENGINE_ENVIRONMENT = frozenset(["first", "last", "max", "min", "sort", "truncate", "unique"])
_TEXT = frozenset(["capitalize", "lower", "title", "trim", "truncate", "upper", "wordcount"])


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter as an operation."""
    lenient = name in {"default", "d"}

    @pass_context
    def run(context: Any, value: Any, *args: Any, **named: Any) -> Any:
        if lenient and isinstance(value, Undefined):
            return args[0] if args else named.get("default_value", "")
        bound = function
        if name in _ENGINE_CONTEXT:
            bound = lambda *a, **n: function(context, *a, **n)  # noqa: E731 a def for one line
        elif name in _ENGINE_ENVIRONMENT:
            bound = lambda *a, **n: function(context.environment, *a, **n)  # noqa: E731 a def for one line
        if name in _TEXT and not isinstance(value, (SecretRef, Unknown, Undefined)):
            value = as_text(value)
        return _operation(context, f"the filter `{name}`", bound, value, *args, **named)

    return run


def _tested(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A test as an operation. Whether something is there may be asked of anything."""
    if name in {"defined", "undefined"}:
        return lambda value: (not isinstance(value, Undefined)) is (name == "defined")

    @pass_context
    def run(context: Any, value: Any, *args: Any) -> Any:
        return _operation(context, f"the test `{name}`", function, value, *args)

    return run


@pass_context
def _walk(context: Any, value: Any, root: str, keys: tuple[Any, ...]) -> Any:
    """The value of a dotted name."""
    if isinstance(value, _Missing):
        return _or_missing(unknown_root(context.parent, root))
    return _or_missing(follow(_turn(value) if isinstance(value, LoopContext) else value, root, keys))


def _turn(loop: LoopContext) -> Mapping[str, Any]:
    """What `loop` tells about the turn of a `for`."""
    return {
        "index": loop.index,
        "index0": loop.index0,
        "revindex": loop.revindex,
        "revindex0": loop.revindex0,
        "first": loop.first,
        "last": loop.last,
        "length": loop.length,
        "depth": loop.depth,
    }


@pass_context
def _member(context: Any, value: Any, key: Any) -> Any:
    """An item of a value that is no plain name."""
    if isinstance(value, _Missing):
        return value
    found = _operation(context, "`[ ]`", lambda v, k: _or_missing(member(v, k, "")), value, key)
    return _whole(found)


def _whole(value: Any) -> Any:
    if isinstance(value, Truncated):
        raise TemplateError(f"the text is not whole: {value.why}", "make the command print less")
    return value


@pass_context
def _slice(context: Any, value: Any, *bounds: Any) -> Any:
    return _operation(context, "`[:]`", lambda v, *b: v[slice(*b)], value, *bounds)


@pass_context
def _method(context: Any, value: Any, name: str, *args: Any, **named: Any) -> Any:
    return _operation(
        context, f"`.{name}()`", lambda v, *a, **n: filters.method(v, name, *a, **n), value, *args, **named
    )


@pass_context
def _range(context: Any, _: None, *bounds: Any, **named: Any) -> Any:
    return _operation(context, "`range()`", filters.numbers, *bounds, **named)


def _join(*values: Any) -> str:
    texts = [as_text(value) for value in values]
    affordable(sum(map(len, texts)))
    return "".join(texts)


@pass_context
def _concat(context: Any, *values: Any) -> Any:
    return _operation(context, "`~`", _join, *values)


@pass_context
def _compare(context: Any, value: Any, *pairs: Any) -> Any:
    """`a < b < c`: each pair in turn, the first that does not hold decides."""
    result: Any = True
    for test, other in zip(pairs[::2], pairs[1::2], strict=True):
        result = _operation(context, f"`{_SIGNS[test]}`", _COMPARISONS[test], value, other)
        if isinstance(result, Unknown) or not result:
            return result
        value = other
    return result


@pass_context
def _turns(context: Any, value: Any) -> list[Any]:
    """What a `for` goes over, as a list whose turns are counted."""
    items = _operation(context, "`for`", list, value)
    if isinstance(items, Unknown):
        raise NotYetKnown(items.label)
    context.work.step(len(items))
    return items  # type: ignore[no-any-return] # a list, or unknown


def _given(value: Any, label: str) -> Given:
    return Given(_usable(value), label)


_INNER: Mapping[str, Callable[..., Any]] = {
    rewrite.WALK: _walk,
    rewrite.MEMBER: _member,
    rewrite.SLICE: _slice,
    rewrite.METHOD: _method,
    rewrite.RANGE: _range,
    rewrite.CONCAT: _concat,
    rewrite.COMPARE: _compare,
    rewrite.TURNS: _turns,
    rewrite.GIVEN: _given,
}


def _times(left: Any, right: Any) -> Any:
    product(left, right)
    return left * right


def _power(left: Any, right: Any) -> Any:
    power(left, right)
    return left**right


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        return filters.formatted(left, *(right if isinstance(right, tuple) else (right,)))
    return left % right


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": _times,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": _modulo,
    "**": _power,
}

_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda a, b: a in b,
    "notin": lambda a, b: a not in b,
}
_SIGNS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "lteq": "<=",
    "gt": ">",
    "gteq": ">=",
    "in": "in",
    "notin": "not in",
}


# --- from source to pieces


@cache
def _environment() -> _Environment:
    return _Environment()


@lru_cache(maxsize=256)
def analysed(source: str, *, expression: bool = False) -> rewrite.Analysis:
    """A template (or an expression) that was read and rewritten. Never raises."""
    return rewrite.analyse(_environment(), source, expression=expression)


@lru_cache(maxsize=256)
def tree(source: str, *, expression: bool = False) -> nodes.Template | None:
    """A template (or an expression) as it was written, to be looked at; None when it cannot be read."""
    return rewrite.parsed(_environment(), source, expression=expression)


@lru_cache(maxsize=256)
def _template(source: str, *, expression: bool) -> Template:
    analysis = analysed(source, expression=expression)
    for problem in analysis.problems:
        if problem.kind == "error":
            raise TemplateError(problem.message, problem.hint)
    assert analysis.tree is not None  # noqa: S101 only an error leaves it out
    environment = _environment()
    return Template.from_code(environment, environment.compile(analysis.tree), {})


def run(source: str, names: Mapping[str, Any], *, expression: bool = False) -> list[str | Given]:
    """The literal text and the values of a template, in order. Raises TemplateError, and nothing else."""
    try:
        return _run(_template(source, expression=expression), names)
    except TemplateError:
        raise
    except RecursionError:
        raise TemplateError("the template is nested too deeply") from None
    except Exception as problem:  # noqa: BLE001 whatever a template does, it ends in one kind of error
        raise TemplateError(f"the template cannot be rendered: {problem}") from None


def _run(template: Template, names: Mapping[str, Any]) -> list[str | Given]:
    context = template.new_context(dict(names), shared=True)
    assert isinstance(context, _RunContext)  # noqa: S101 the environment makes no other
    context.work = Work()
    found: list[str | Given] = []
    size = 0
    pieces: Iterator[Any] = template.root_render_func(context)
    for piece in pieces:
        size += len(piece) if isinstance(piece, str) else 1
        if size > OUTPUT:
            raise TemplateError(f"the rendered text is longer than {OUTPUT:,} characters")
        found.append(piece)
    return found
