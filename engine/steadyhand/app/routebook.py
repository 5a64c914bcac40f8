"""The routes with the runbooks that they start: read from settings and library, kept up to date, and checked.

Called by the router of a server, by the backtest, and by `steady validate` of the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..alerts.routing import Way, implied
from ..errors import Diagnostic, Severity, Span, SteadyError
from ..model import Input, Runbook
from ..schema import problems, read_settings
from ..schema.reader import near
from ..schema.routes import Fixed, Route, path_problem
from ..schema.targets import UNKNOWN_FAMILY
from . import library
from .services import Services, read_bytes

AGAIN = 2.0
"""Seconds between two looks at whether a file has changed."""


class _Kept(Struct, frozen=True):
    stamp: tuple[int, int]
    read: library.Read


class Routebook:
    """The ways that alerts can go. Asking for them is cheap; files that have changed are read again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: dict[Path, _Kept] = {}
        self._ways: tuple[Way, ...] = ()
        self._looked = 0.0

    def ways(self) -> tuple[Way, ...]:
        """All routes in the order in which they are asked."""
        now = self._services.clock.monotonic()
        if not self._looked or now - self._looked >= AGAIN:
            self._looked = now
            self._ways = tuple(self._read())
        return self._ways

    def reload(self) -> None:
        """Look at everything again when asked next, the settings too."""
        self._looked = 0.0

    def _read(self) -> Iterator[Way]:
        files = dict(library.named(self._services))
        routes = self._services.settings.routes
        for route in routes or ():
            yield self._way(route, files)
        if routes == ():
            return
        spoken_for = {route.runbook for route in routes or ()}
        *own, _ = library.folders(self._services)
        for path in files.values():
            if not any(path.is_relative_to(folder) for folder in own):
                continue  # it comes with the package, and nobody has asked for it
            runbook = self._runbook(path).runbook
            if runbook is not None and runbook.alerts and runbook.name not in spoken_for:
                yield Way(implied(runbook), runbook)

    def _way(self, route: Route, files: Mapping[str, Path]) -> Way:
        path = files.get(route.runbook)
        if path is None:
            return Way(route, None, f"there is no runbook {route.runbook}")
        read = self._runbook(path)
        if not read.valid:
            return Way(route, None, f"runbook {route.runbook} is not valid: see `steady validate {path}`")
        return Way(route, read.runbook)

    def _runbook(self, path: Path) -> library.Read:
        """A runbook, as its file says it now. One that is not valid has none."""
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            kept = self._kept.get(path)
            if kept is None or kept.stamp != stamp:
                read = library.read(self._services, path)
                kept = _Kept(stamp, read if read.valid else library.Read(read.path, None, read.diagnostics))
                self._kept[path] = kept
        except (OSError, SteadyError):
            return library.Read(str(path), None, ())
        return kept.read


# --- checking


def check(services: Services, path: Path) -> library.Read:
    """The settings in a file, with everything that is wrong with them; routes are held against the library."""
    content = read_bytes(path)
    specs = services.specs
    settings, found = read_settings(content, str(path), specs)
    if any(d.code == UNKNOWN_FAMILY for d in found):
        settings, found = read_settings(content, str(path), services.all_specs())
    if settings is not None and not any(d.severity is Severity.ERROR for d in found):
        named = str(path.absolute())
        desk = Services(store=services.named_store, config=named, environ=services.environ, cwd=services.cwd)
        lines = content.decode("utf-8-sig", "replace").split("\n")
        more = (replace(one, span=replace(one.span, source=str(path))) for one in _findings(desk, lines))
        found = (*found, *more)
    return library.Read(str(path), None, tuple(sorted(found, key=lambda d: (d.span, d.code))))


def refuse_wrong_routes(services: Services) -> None:
    """Raises InvalidSettings where a route of the settings could never start its runbook."""
    from .services import InvalidSettings  # noqa: PLC0415 only when something is started

    path = services.config_path
    if path is None or not services.settings.routes:
        return
    found = tuple(_findings(services, read_bytes(path).decode("utf-8-sig", "replace").split("\n")))
    if any(d.severity is Severity.ERROR for d in found):
        raise InvalidSettings(found)


def _findings(services: Services, lines: list[str]) -> Iterator[Diagnostic]:
    known = dict(library.named(services))
    for route in services.settings.routes or ():
        for code, span, message, hint in _of_route(services, route, known):
            text = lines[span.line - 1].rstrip("\r") if 0 < span.line <= len(lines) else ""
            yield Diagnostic(code, message, span, library.CODES[code][1], hint, text)


Finding = tuple[str, Span, str, str]


def _of_route(services: Services, route: Route, known: Mapping[str, Path]) -> Iterator[Finding]:
    try:
        runbook = library.load(services, str(known[route.runbook])) if route.runbook in known else None
    except SteadyError as problem:
        message = f"runbook {route.runbook} cannot be started: {problem.message}"
        yield "SA003", route.spans["runbook"], message, f"run `steady validate {known[route.runbook]}`"
        return
    if runbook is None:
        hint = near(route.runbook, known, "runbooks") if known else "put it into a folder of `library:`"
        yield "SA003", route.spans["runbook"], f"there is no runbook {route.runbook}", hint
        return
    yield from _of_inputs(route, runbook)


def _of_inputs(route: Route, runbook: Runbook) -> Iterator[Finding]:
    known = ", ".join(runbook.inputs) or "none"
    for name, source in route.inputs.items():
        span = route.spans[f"inputs.{name}"]
        spec = runbook.inputs.get(name)
        if spec is None:
            yield "SA004", span, f"runbook {runbook.name} has no input `{name}`", near(name, runbook.inputs, "inputs")
        elif isinstance(source, Fixed):
            for problem in problems(_schema(route, spec), source.value):
                yield "SA004", span, f"`{name}` does not fit: {problem}", f"see `inputs:` of {runbook.name}"
    storm = route.storm
    if storm is not None:
        spec = runbook.inputs.get(storm.input)
        if spec is None or spec.schema.get("type") != "array":
            message = f"`{storm.input}` is no list input of runbook {runbook.name}"
            yield "SA004", route.spans["storm"], message, f"inputs: {known}; one of `type: array` holds a storm"
    for name, spec in runbook.inputs.items():
        if name not in route.inputs:
            yield from _from(route, runbook, name, spec)


def _from(route: Route, runbook: Runbook, name: str, spec: Input) -> Iterator[Finding]:
    """An input that the route leaves to the runbook."""
    span = route.spans.get("inputs", route.span)
    if not spec.source and spec.required:
        hint = f"add `inputs: {{{name}: alert.labels.{name}}}`, or `from:` or `default:` in the runbook"
        yield "SA004", span, f"nothing gives the input `{name}` that runbook {runbook.name} needs", hint
    elif spec.source:
        message, hint = path_problem(spec.source)
        if message:
            yield "SA004", span, f"`from:` of the input `{name}` of runbook {runbook.name}: {message}", hint


def _schema(route: Route, spec: Input) -> Mapping[str, Any]:
    listed = route.storm is not None and route.storm.input == spec.name
    found: Mapping[str, Any] = spec.schema.get("items", {}) if listed else spec.schema
    return found
