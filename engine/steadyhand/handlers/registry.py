"""Where step kinds are found: the built-in ones by name, those of plug-ins through the entry-point group.

Nothing is imported before it is asked for. A plug-in that cannot be loaded is a sentence, never a traceback.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..model import HandlerSpec
from . import later

if TYPE_CHECKING:
    from .protocol import Handler

GROUP = "steadyhand.handlers"

BUILT_IN = {"shell": "steadyhand.handlers.shell", "http": "steadyhand.handlers.http"}


def specs() -> Mapping[str, HandlerSpec]:
    """The specifications of all built-in step kinds, those of later versions too."""
    return {**{name: handler(name).spec for name in BUILT_IN}, **later.SPECS}


def handler(name: str) -> Handler:
    """A built-in handler. Raises NotFound for what this version cannot carry out."""
    if name in BUILT_IN:
        module: Any = importlib.import_module(BUILT_IN[name])
        found: Handler = module
        return found
    if name in later.SPECS:
        raise NotFound(later.SPECS[name].available, "do this step by hand (`manual`), or from a `shell` step")
    raise NotFound(f"there is no handler for {name} steps", "install the package that brings it")


def plugins() -> tuple[Mapping[str, Handler], tuple[str, ...]]:
    """The handlers of installed packages by step kind, and what is wrong with those that cannot be used."""
    from importlib.metadata import entry_points  # noqa: PLC0415 costs more than the rest of a cold start

    found: dict[str, Handler] = {}
    problems: list[str] = []
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else "an installed package"
        try:
            loaded = point.load()
        except Exception as problem:  # noqa: BLE001 a plug-in may fail in any way, and none may take us with it
            problems.append(f"{package}: handler {point.name} cannot be loaded: {type(problem).__name__}: {problem}")
            continue
        wrong = _wrong(point.name, loaded, found)
        if wrong:
            problems.append(f"{package}: handler {point.name} {wrong}")
        else:
            found[point.name] = loaded
    return found, tuple(problems)


def _wrong(name: str, loaded: Any, found: Mapping[str, Any]) -> str:
    """Why what a plug-in brings is no handler; '' when it is one."""
    if name in BUILT_IN or name in later.SPECS:
        return "may not take the place of a built-in one"
    if name in found:
        return "is brought by two packages"
    spec = getattr(loaded, "spec", None)
    if not isinstance(spec, HandlerSpec):
        return "has no `spec`"
    if spec.name != name:
        return f"calls itself {spec.name}"
    missing = [part for part in ("plan", "perform") if not callable(getattr(loaded, part, None))]
    return f"has no {missing[0]}" if missing else ""
