"""Step kinds whose hands are not in this version: they are read and checked, and a run that needs one says so first.

Data only, for the registry. Their parameters are open: the schema room takes what stands there, and reads `target` and
`timeout` out of it as it does for every kind. Their effects are told where the words tell them, and a word that is not
known here is never taken for a read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Effect, HandlerSpec, Param, TargetSpec, undeclared_is_a_change

READS = frozenset({"get", "list", "describe", "logs", "top", "events"})
"""The verbs of kubectl that only look."""
ROLLOUT_READS = frozenset({"history", "status"})
"""The words after `rollout` that only look."""
DESTROYS = frozenset({"delete", "drain"})
QUALIFIERS = frozenset(
    {"name", "namespace", "all_namespaces", "selector", "field_selector", "resource", "kind", "context"}
) | frozenset({"container", "previous", "since", "tail", "limit", "output", "wait"})
"""Keys beside a verb that change nothing about what it does."""


def kubectl_effect(params: Mapping[str, Any]) -> Effect:
    """The verb says what it does: {get: pods}, {rollout: status, ...}, or the first words of {command: get pods}."""
    words = str(params.get("command", "")).split()
    verbs = set(params) - QUALIFIERS - {"command"}
    rollout = words[1] if words[:1] == ["rollout"] and len(words) > 1 else str(params.get("rollout", ""))
    verbs |= set(words[:1])
    if verbs & DESTROYS:
        return Effect.DESTRUCTIVE
    looks = verbs <= READS or (verbs == {"rollout"} and rollout in ROLLOUT_READS)
    return Effect.READ if verbs and looks else Effect.CHANGE


def _spec(
    name: str,
    summary: str,
    short: Param,
    effect_of: Callable[[Mapping[str, Any]], Effect] = undeclared_is_a_change,
    target: str = "",
) -> HandlerSpec:
    return HandlerSpec(
        name=name,
        summary=summary,
        short=short.name,
        params=(short,),
        open_params=True,
        results={},
        effect_of=effect_of,
        targets=(TargetSpec(target, f"What {name} acts on.", (), open_params=True),) if target else (),
        available=f"`{name}` steps are read and checked, but this version cannot carry them out yet",
    )


SPECS: Mapping[str, HandlerSpec] = {
    "ssh": _spec(
        "ssh",
        "Run a command on other machines.",
        Param("text", "any", "The command, for the shell there.", "uptime"),
        target="ssh",
    ),
    "kubectl": _spec(
        "kubectl",
        "Look at Kubernetes resources, or change them.",
        Param("command", "any", "What to do, as kubectl would be told.", "get pods"),
        kubectl_effect,
        "kubernetes",
    ),
}
