"""Step kinds whose hands are not in this version: they are read and checked, and a run that needs one says so first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Effect, HandlerSpec, Param, undeclared_is_a_change

READS = frozenset({"get", "list", "describe", "logs", "top", "events", "history", "status", "can-i", "wait"})
DESTROYS = frozenset({"delete", "drain"})


def _kubectl(params: Mapping[str, Any]) -> Effect:
    """The verb says what it does: reading verbs read, two destroy, the others change."""
    words = {*params, *(str(params[verb]) for verb in ("rollout",) if verb in params)}
    if "rollout" in params:
        return Effect.READ if str(params["rollout"]) in READS else Effect.CHANGE
    if words & DESTROYS:
        return Effect.DESTRUCTIVE
    return Effect.READ if words & READS else Effect.CHANGE


def _reads(params: Mapping[str, Any]) -> Effect:
    """Telling people changes nothing in what is being repaired."""
    del params
    return Effect.READ


def _spec(name: str, summary: str, short: str, example: Any, effect_of: Any = undeclared_is_a_change) -> HandlerSpec:
    return HandlerSpec(
        name=name,
        summary=summary,
        short=short,
        params=(Param(short, "any", f"What the `{name}` step does.", example),),
        open_params=True,
        effect_of=effect_of,
        available=f"`{name}` steps are read and checked, but this version cannot carry them out yet",
    )


SPECS: dict[str, HandlerSpec] = {
    "ssh": _spec("ssh", "Run a command on another machine.", "text", "uptime"),
    "kubectl": _spec("kubectl", "Look at or change Kubernetes resources.", "get", "deployment", _kubectl),
    "sql": _spec("sql", "Run a statement in a database.", "query", "select 1"),
    "notify": _spec("notify", "Tell people.", "message", "Checkout is slow", _reads),
}
