"""What can be said of a template before anything runs: its problems, and the names that it needs.

Called by the schema room for every template of a document, and by the graph room, which proves that each name is set
before it is used. Templates of plain names are judged without the template engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model.text import Syntax
from .failures import Problem
from .lookup import dotted
from .places import misplaced
from .scan import Placeholder, pieces, plain_name, templated


def check(source: str, syntax: Syntax = Syntax.PLAIN) -> list[Problem]:
    """The problems of a template that stands in such a place, sorted by offset. A problem of kind 'raw' is allowed."""
    if not templated(source):
        return []
    found = pieces(source)
    if found is not None:
        return _misplaced([p if isinstance(p, str) else (p.offset, p.label) for p in found], syntax)
    from . import rewrite, sandbox  # noqa: PLC0415 imports the template engine

    analysis = sandbox.analysed(source)
    problems = [p for p in analysis.problems if p.kind == "error" or syntax is not Syntax.PLAIN]
    flow = [(p.offset, p.label) if isinstance(p, rewrite.Hole) else p for p in analysis.flow]
    return sorted([*problems, *_misplaced(flow, syntax)], key=lambda p: p.offset)


def _misplaced(flow: Sequence[str | tuple[int, str]], syntax: Syntax) -> list[Problem]:
    holes = [piece for piece in flow if not isinstance(piece, str)]
    texts = [piece if isinstance(piece, str) else None for piece in flow]
    wrong = misplaced(texts, [label for _, label in holes], syntax)
    return [Problem(w.message, holes[w.index][0], w.hint) for w in wrong]


def check_expression(source: str) -> list[Problem]:
    """The problems of an expression, which is written without braces."""
    if plain_name(source) is not None:
        return []
    inner = source.strip()
    if not inner:
        return [Problem("the expression is empty", 0, "write a condition, as in `exit_code == 0`")]
    if inner.startswith("{{") and inner.endswith("}}"):
        return [Problem("an expression stands without braces", 0, f"write `{inner[2:-2].strip()}`")]
    from . import sandbox  # noqa: PLC0415 imports the template engine

    return sorted((p for p in sandbox.analysed(source, expression=True).problems if p.kind == "error"), key=_offset)


def _offset(problem: Problem) -> int:
    return problem.offset


def names_in(template: str) -> tuple[str, ...]:
    """The dotted names that a template uses, in order and without repetition: `inputs.host`, `contacts.team-data`.

    A template that cannot be read has no names. A part that is computed ends a name (`a[b.c].d` gives `a`, `b.c`).
    """
    if not templated(template):
        return ()
    found = pieces(template)
    if found is not None:
        return tuple(dict.fromkeys(dotted(p.root, p.keys) for p in found if isinstance(p, Placeholder)))
    from . import rewrite, sandbox  # noqa: PLC0415 imports the template engine

    return rewrite.names_of(sandbox.analysed(template))


def expression_names(source: str) -> tuple[str, ...]:
    """The dotted names that an expression uses, like names_in."""
    name = plain_name(source)
    if name is not None:
        return (dotted(name.root, name.keys),)
    from . import rewrite, sandbox  # noqa: PLC0415 imports the template engine

    return rewrite.names_of(sandbox.analysed(source, expression=True))
