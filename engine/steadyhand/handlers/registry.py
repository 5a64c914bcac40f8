"""Where step kinds are found: the built-in ones by name, those of plug-ins through the entry-point group.

Called by the app alone. Nothing is imported before it is asked for, and a plug-in that cannot be used is a sentence
that names its package, never a traceback.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import NotFound
from ..model import HandlerSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from .protocol import Handler

GROUP = "steadyhand.handlers"
"""The entry-point group of plug-ins: the entry's name is the step kind, its object the handler."""

BUILT_IN: Mapping[str, str] = {
    "shell": "steadyhand.handlers.shell",
    "http": "steadyhand.handlers.http",
    "ssh": "steadyhand.handlers.ssh",
    "kubectl": "steadyhand.handlers.kubectl",
    "sql": "steadyhand.handlers.sql",
    "notify": "steadyhand.handlers.notify",
    "tcp": "steadyhand.handlers.tcp",
    "dns": "steadyhand.handlers.dns",
    "tls": "steadyhand.handlers.tls",
    "prometheus": "steadyhand.handlers.prometheus",
    "redis": "steadyhand.handlers.redis",
    "amqp": "steadyhand.handlers.amqp",
    "disk": "steadyhand.handlers.disk",
    "process": "steadyhand.handlers.process",
}
"""Step kind to module. The modules import nothing heavy: their hands come in when a step runs."""


class Specs(Mapping[str, HandlerSpec]):
    """The specifications of all built-in step kinds. A module is imported when its kind is asked for."""

    def __getitem__(self, name: str) -> HandlerSpec:
        """The specification of a kind. Raises KeyError."""
        if name not in BUILT_IN:
            raise KeyError(name)
        return handler(name).spec

    def __iter__(self) -> Iterator[str]:
        """The kinds, in the order in which they are listed for people."""
        yield from BUILT_IN

    def __len__(self) -> int:
        """How many there are."""
        return len(BUILT_IN)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a kind; nothing is imported to tell."""
        return name in BUILT_IN


def specs() -> Mapping[str, HandlerSpec]:
    """The specifications of all built-in step kinds."""
    return Specs()


def handler(name: str) -> Handler:
    """A built-in handler. Raises NotFound for any other kind."""
    if name in BUILT_IN:
        module: Any = importlib.import_module(BUILT_IN[name])
        found: Handler = module
        return found
    raise NotFound(f"there is no handler for {name} steps", "install the package that brings it")


def plugins() -> tuple[Mapping[str, Handler], tuple[str, ...]]:
    """The handlers of installed packages by step kind, and what is wrong with those that cannot be used."""
    from importlib.metadata import entry_points  # noqa: PLC0415 costs more than the rest of a cold start

    found: dict[str, Handler] = {}
    owners: dict[str, str] = {}
    problems: list[str] = []
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, _package(point)))
    for point in points:
        loaded, wrong = _loaded(point)
        wrong = wrong or _wrong(point.name, loaded, owners)
        if wrong:
            problems.append(f"{_package(point)}: handler `{point.name}` {wrong}")
        else:
            found[point.name], owners[point.name] = loaded, _package(point)
    return found, tuple(problems)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"


def _loaded(point: EntryPoint) -> tuple[Any, str]:
    """The object of an entry, or why it cannot be loaded."""
    if point.name in BUILT_IN:
        return None, "may not take the place of a built-in one"
    try:
        return point.load(), ""
    except (Exception, SystemExit) as problem:  # noqa: BLE001 a plug-in may fail in any way, and none may take us with it
        text = " ".join(str(problem).split())[:200]
        return None, f"cannot be loaded from {point.value}: {type(problem).__name__}{': ' if text else ''}{text}"


def _wrong(name: str, loaded: Any, owners: Mapping[str, str]) -> str:
    """Why what a plug-in brings is no handler; '' when it is one."""
    if name in owners:
        return f"is already brought by {owners[name]}"
    spec = getattr(loaded, "spec", None)
    if not isinstance(spec, HandlerSpec):
        return "has no `spec`"
    if spec.name != name:
        return f"calls itself `{spec.name}`"
    missing = [part for part in ("plan", "perform") if not callable(getattr(loaded, part, None))]
    return f"has no `{missing[0]}`" if missing else ""
