"""Parameters, rendered as their specification says: each text for the syntax of its place. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..expressions import render_text, render_value
from ..model import Param


def rendered(
    params: Sequence[Param], given: Mapping[str, Any], known: Mapping[str, Any], tolerate: bool, open_params: bool
) -> dict[str, Any]:
    """The given values, rendered. With `tolerate`, what is not known yet stands there by its name."""
    found = {p.name: _param(p, given[p.name], known, tolerate) for p in params if p.name in given}
    if open_params:
        rest = {k: v for k, v in given.items() if k not in found}
        found.update({k: render_value(v, known, tolerate_unknown=tolerate) for k, v in rest.items()})
    return found


def _param(param: Param, value: Any, known: Mapping[str, Any], tolerate: bool) -> Any:
    """One parameter, rendered for the place it stands in."""
    if isinstance(value, str) and param.type == "text":
        return render_text(value, known, param.syntax, tolerate_unknown=tolerate)
    if isinstance(value, Mapping) and param.fields:
        inner = {f.name: f for f in param.fields}
        return {k: _param(inner[k], v, known, tolerate) if k in inner else v for k, v in value.items()}
    if (param.type in {"list", "map"} and param.items == "text") or param.many:
        return _texts(value, known, param, tolerate)
    return render_value(value, known, tolerate_unknown=tolerate)


def _texts(value: Any, known: Mapping[str, Any], param: Param, tolerate: bool) -> Any:
    if isinstance(value, Mapping):
        return {k: _texts(v, known, param, tolerate) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_texts(v, known, param, tolerate) for v in value]
    text = (
        value if isinstance(value, str) else ("true" if value else "false") if isinstance(value, bool) else str(value)
    )
    return render_text(text, known, param.syntax, tolerate_unknown=tolerate)
