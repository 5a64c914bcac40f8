"""Could every step be carried out right now? Looked at before the first step, and by `steady preflight`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..core import State
from ..core.paths import Place, locate
from ..core.places import hosts
from ..core.rendering import Renderer
from ..driver.looking import LookingHands
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore, settings_secrets
from ..errors import BadInput, HandlerError, SteadyError
from ..events import Recorded
from ..graph import operations
from ..handlers.connections import Connections
from ..handlers.protocol import Permitted, Preflighted
from ..model import Effect, Mode, Need, Plan, Runbook, Target, plain, secrets_in
from . import library, runs
from .services import Services

AT_ONCE = 16
"""Looks that may be under way at once."""


class Row(Struct, frozen=True):
    """One need of one step ('' for the runbook as a whole; the path of an undo ends in `:undo`).

    `holds` is None when it could not be told. `why` says what was found, `how` how to get what is missing.
    """

    step: str
    what: str
    holds: bool | None
    why: str = ""
    how: str = ""


def check(services: Services, runbook: Runbook, inputs: Mapping[str, Any], *, remote: bool = True) -> tuple[Row, ...]:
    """What each step needs, and whether it holds: undo steps and called runbooks included. Nothing is changed.

    Without `remote`, the places that steps act on are not logged in to: a run that is there to find out what is wrong
    with a host must not be refused because the host cannot be reached. What `requires:` asks for is always checked.
    """
    connections = Connections()
    try:
        return tuple(dict.fromkeys(_Looker(services, runbook, inputs, connections, remote=remote).rows()))
    finally:
        connections.close()


class _Looker:
    """One runbook, looked at with the inputs that are known."""

    def __init__(
        self,
        services: Services,
        runbook: Runbook,
        inputs: Mapping[str, Any],
        connections: Connections,
        *,
        remote: bool,
        above: str = "",
    ) -> None:
        self._remote = remote
        self._services = services
        self._runbook = runbook
        self._connections = connections
        self._above = above
        started = runs.beginning(services, runbook, inputs, Mode.DRY_RUN)
        self._state = State().after(Recorded("preflight", 1, 0, "", 1, started))
        sources = {**runbook.secrets, **settings_secrets(started)}
        self._secrets = SecretStore(sources, Redactor(), services.cwd, services.environ)
        self._renderer = Renderer(services.specs_in_use, lambda k, p, t: services.handler(k).plan(p, t))

    def rows(self) -> list[Row]:
        """All rows, in the order of the document."""
        found = [*self._tools(), *self._own_secrets(), *self._handlers(), *self._confinement(), *self._access()]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for rows in pool.map(lambda one: self._step(*one), self._places()):
                found.extend(rows)
        for step, name in library.called(self._runbook.steps):
            if name in self._runbook.calls:
                found.extend(self._inside(step.id, self._runbook.calls[name]).rows())
        return found

    def _inside(self, step: str, called: Runbook) -> _Looker:
        known = {n: i.default for n, i in called.inputs.items() if not i.required}
        above = f"{self._above}{step}/"
        return _Looker(self._services, called, known, self._connections, remote=self._remote, above=above)

    def _handlers(self) -> Iterator[Row]:
        """Whether there are hands for each kind of step, and the packages that they import."""
        for kind in sorted({operation.kind for _, operation in operations(self._runbook)}):
            try:
                spec = self._services.handler(kind).spec
            except SteadyError as problem:
                yield Row(self._above, f"handler {kind}", False, problem.message, problem.hint)
                continue
            missing = [module for module in spec.modules if find_spec(module) is None]
            why = f"its package {missing[0]} is not installed" if missing else ""
            yield Row(
                self._above,
                f"handler {kind}",
                not missing,
                why,
                f"pip install 'steadyhand[{spec.extra}]'" if missing else "",
            )

    def _confinement(self) -> Iterator[Row]:
        """Whether reads can be confined: a need where a step says `confine: true`, else good to know."""
        specs = self._services.specs_in_use
        reads = [
            o for _, o in operations(self._runbook) if o.effect is Effect.READ and specs[o.kind].capabilities.confine
        ]
        demanded = any(operation.confine for operation in reads)
        if demanded or (self._remote and any(operation.confine is None for operation in reads)):
            found, hint = self._services.ability(), "install bubblewrap, or use a kernel with Landlock (Linux 6.12)"
            how = "" if found.means else hint
            yield Row(
                self._above,
                "confinement of reads",
                bool(found.means) or (False if demanded else None),
                found.words,
                how,
            )

    def _tools(self) -> Iterator[Row]:
        for tool in self._runbook.requires.tools:
            there = shutil.which(tool, path=self._services.environ.get("PATH")) is not None
            why, how = ("", "") if there else ("not on PATH", f"install {tool}")
            yield Row(self._above, f"tool {tool}", there, why, how)

    def _own_secrets(self) -> Iterator[Row]:
        for name in self._runbook.secrets:
            what, holds, detail = self._secrets.check(name, remote=self._remote)
            why, how = _parted(detail)
            yield Row(
                self._above, what, holds, "; ".join(filter(None, (why, how))) if holds else why, "" if holds else how
            )

    def _access(self) -> Iterator[Row]:
        """What `requires: {access: ...}` asks for, answered by the handler whose targets are of that kind."""
        for asked in self._runbook.requires.access:
            for kind, wanted in asked.items():
                yield self._allowed(kind, wanted if isinstance(wanted, Mapping) else {})

    def _allowed(self, kind: str, wanted: Mapping[str, Any]) -> Row:
        specs = self._services.specs_in_use
        name = next((n for n, s in specs.items() if any(f.name == kind for f in s.targets)), "")
        shown = " ".join(str(v) for v in wanted.values())
        try:
            handler: Any = self._services.handler(name or kind)
        except SteadyError as problem:
            return Row(self._above, f"{kind} access: {shown}", False, problem.message, problem.hint)
        if not isinstance(handler, Permitted):
            return Row(self._above, f"{kind} access: {shown}", None, f"the {name} handler cannot tell")
        try:
            need = handler.access(wanted, self._target(kind, wanted), self._hands())
        except HandlerError as problem:
            return Row(self._above, f"{kind} access: {shown}", False, problem.message, problem.hint)
        return Row(self._above, need.what, need.holds, need.why, need.how)

    def _target(self, kind: str, wanted: Mapping[str, Any]) -> Target | None:
        """The target that is meant: the one named, else the first of that kind."""
        own = [t for t in self._runbook.targets.values() if t.kind == kind]
        found = next((t for t in own if t.name == wanted.get("target")), next(iter(own), None))
        if found is None:
            return None
        return Target(found.name, kind, {k: plain(v) if isinstance(v, str) else v for k, v in found.params.items()})

    def _places(self) -> Iterator[tuple[str, Place]]:
        """Every operation with its place; one for each host where a step goes over the hosts of a target."""
        for path, _ in operations(self._runbook):
            if "/" in path:
                continue  # a step inside a branch of steps: it is looked at when the run comes to it
            try:
                place = locate(self._runbook, self._state, path)
                each = place.step.each
                listed = hosts(self._state, place, each.target) if each is not None and each.target else None
            except SteadyError:
                continue  # what cannot be rendered yet cannot be looked at yet; the run will say so
            if each is None or listed is None:
                yield path, place
            for host in listed or ():
                if each is not None:
                    yield f"{path}[{host}]", replace(place, item={**place.item, each.name: host})

    def _step(self, path: str, place: Place) -> list[Row]:
        assert place.operation is not None  # noqa: S101 only such places are looked at
        path = f"{self._above}{path}"
        try:
            handler = self._services.handler(place.operation.kind)
            if not isinstance(handler, Preflighted) or (handler.spec.capabilities.remote and not self._remote):
                return []
            plan = self._renderer.plan(self._state, place)
        except BadInput as problem:
            channels = self._services.specs_in_use[place.operation.kind].channels
            return [Row(path, "channels", False, problem.message, problem.hint)] if channels else []
        except SteadyError:
            return []  # without hands (said already), or not to be rendered yet: the run will say so
        if any(find_spec(module) is None for module in handler.spec.modules):
            return []
        try:
            needs = handler.preflight(plan, self._hands())
        except HandlerError as problem:
            needs = [Need("what it acts on", False, problem.message, problem.hint)]
        return [Row(path, n.what, n.holds, n.why, n.how) for n in (*needs, *self._of_settings(plan))]

    def _of_settings(self, plan: Plan) -> Iterator[Need]:
        """The secrets of the settings that a plan uses; those of the runbook have rows of their own."""
        for name in sorted(secrets_in(plan.request)):
            if name.startswith("settings."):
                what, holds, detail = self._secrets.check(name, remote=self._remote)
                yield Need(what, holds, *((detail, "") if holds else _parted(detail)))

    def _hands(self) -> LookingHands:
        return LookingHands(self._secrets, self._connections, self._services.environ, self._services.cwd)


def line(row: Row) -> str:
    """A row in one line, for where there is no table."""
    return ": ".join(part for part in (row.step, row.what, "; ".join(p for p in (row.why, row.how) if p)) if part)


def _parted(detail: str) -> tuple[str, str]:
    """What is wrong with a secret, and what to do; its name stands in the row already."""
    rest = detail.partition(": ")[2] or detail
    why, _, how = rest.partition(": ")
    return why, how
