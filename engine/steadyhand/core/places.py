"""Where an operation acts: its target or channels, from the runbook or the settings the run began with, rendered.

Pure. A step that goes over the hosts of a target acts on one host at a time, so the target that its handler gets has
that host alone. What the settings hold is rendered with the secrets of the settings: a runbook cannot put its own in
their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadInput
from ..expressions import SecretRef, render_native
from ..model import HandlerSpec, Operation, Target, TargetSpec, Text, plain
from .names import names
from .parameters import rendered
from .paths import Place
from .state import State

CHANNELS = "channels"
"""The kind of the target that a handler of notifications gets: its parameters are channels by name."""
CONSOLE = "console"
"""The channel that is always there: whoever watches the run."""


def place_of(
    state: State, place: Place, operation: Operation, spec: HandlerSpec, params: Mapping[str, Any], *, dry: bool
) -> Target | None:
    """What the handler is given to act on; None when it needs nothing. Raises SteadyError."""
    if spec.channels:
        return _channels(state, spec, params)
    each = place.step.each
    waved = each.target if each is not None else ""
    name = operation.target or (waved if spec.targets else "")
    if not name:
        return None
    own = place.runbook.targets.get(name)
    target = own or _of_settings(state, name)
    family = next((f for f in spec.targets if f.name == target.kind), None)
    if family is None:
        kinds = " or ".join(f.name for f in spec.targets)
        hint = f"name a target of kind {kinds}" if kinds else "remove `target:`"
        raise BadInput(f"a `{spec.name}` step cannot act on {name}, which is of kind {target.kind}", hint)
    known = names(state, place, tolerate=dry) if own else _names_of_settings(state)
    found = _rendered(target, family, known, dry=dry)
    if family.hosts and each is not None and name == waved and each.name in place.item:
        host = plain(str(place.item[each.name]))
        return Target(found.name, found.kind, {**found.params, family.hosts: [host]})
    return found


def hosts(state: State, place: Place, name: str) -> list[Any] | None:
    """The hosts of a target, rendered; None when it has no list of them."""
    own = place.runbook.targets.get(name)
    known = names(state, place) if own else _names_of_settings(state)
    listed = (own or _of_settings(state, name)).params.get("hosts")
    found = render_native(listed, known) if isinstance(listed, (list, tuple)) else None
    return list(found) if found is not None else None


def _rendered(target: Target, family: TargetSpec, known: Mapping[str, Any], *, dry: bool) -> Target:
    return Target(target.name, target.kind, rendered(family.params, target.params, known, dry, family.open_params))


def _of_settings(state: State, name: str) -> Target:
    found = state.run.targets.get(name) if state.run else None
    if not isinstance(found, Mapping) or not found:
        raise BadInput(f"target {name} is not known", "declare it under `targets:` in the runbook or in steady.yaml")
    kind, params = next(iter(found.items()))
    return Target(name, kind, params)


def _names_of_settings(state: State) -> dict[str, Any]:
    run = state.run
    assert run is not None  # noqa: S101 there are no places before the start
    return {"secrets": {n: SecretRef(f"settings.{n}") for n in run.secrets}, "contacts": dict(run.contacts)}


def _channels(state: State, spec: HandlerSpec, params: Mapping[str, Any]) -> Target:
    """The channels that `to` names, each rendered as its family asks."""
    assert state.run is not None  # noqa: S101 there are no places before the start
    listed = params.get("to", ())
    named = listed if isinstance(listed, (list, tuple)) else [listed]
    wanted = [name.masked() if isinstance(name, Text) else str(name) for name in named]
    families = {family.name: family for family in spec.channels}
    known = _names_of_settings(state)
    found: dict[str, Any] = {}
    for name in wanted or [CONSOLE]:
        declared = state.run.channels.get(name) or ({CONSOLE: {}} if name == CONSOLE else None)
        if declared is None:
            listed_names = ", ".join([*state.run.channels, CONSOLE])
            raise BadInput(f"there is no channel {name}", f"channels: {listed_names}; declare it in steady.yaml")
        kind, values = next(iter(declared.items()))
        if kind not in families:
            raise BadInput(f"channel {name} is of no known kind {kind}", f"kinds: {', '.join(families)}")
        found[name] = {kind: _rendered(Target(name, kind, values), families[kind], known, dry=False).params}
    return Target(",".join(found), CHANNELS, found)
