"""The verbs of `kubectl` as a table: what each does to the world, which keys it takes, which it needs. Pure.

Called by kubectl, for the effect of a step, for findings about it, and for its plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..model import Effect


class Verb(Struct, frozen=True):
    """One verb: its effect, the keys that may stand beside it, and those that must."""

    effect: Effect
    keys: tuple[str, ...]
    needs: tuple[str, ...] = ()


_READ, _CHANGE, _DESTRUCTIVE = Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE

VERBS: Mapping[str, Verb] = {
    "get": Verb(_READ, ("name", "namespace")),
    "list": Verb(_READ, ("selector", "field_selector", "namespace", "all_namespaces", "limit")),
    "describe": Verb(_READ, ("name", "namespace")),
    "logs": Verb(_READ, ("namespace", "container", "tail", "since", "previous", "follow", "timestamps")),
    "top": Verb(_READ, ("name", "namespace", "all_namespaces", "selector")),
    "events": Verb(_READ, ("for", "types", "namespace", "all_namespaces", "selector", "limit")),
    "exec": Verb(_CHANGE, ("namespace", "container", "argv", "stdin"), ("argv",)),
    "rollout": Verb(_CHANGE, ("resource", "namespace", "wait", "to_revision"), ("resource",)),
    "scale": Verb(_CHANGE, ("name", "namespace", "replicas", "current_replicas", "wait"), ("replicas",)),
    "set_image": Verb(_CHANGE, ("name", "namespace", "images", "wait"), ("images",)),
    "patch": Verb(_CHANGE, ("name", "namespace", "type", "body"), ("body",)),
    "apply": Verb(_CHANGE, ("namespace", "field_manager", "force")),
    "delete": Verb(_DESTRUCTIVE, ("name", "namespace", "grace", "wait")),
    "cordon": Verb(_CHANGE, ()),
    "uncordon": Verb(_CHANGE, ()),
    "drain": Verb(_DESTRUCTIVE, ("ignore_daemonsets", "delete_emptydir", "force", "grace", "wait")),
    "wait": Verb(_READ, ("name", "namespace", "for", "within"), ("for",)),
    "label": Verb(_CHANGE, ("name", "namespace", "values", "overwrite"), ("values",)),
    "annotate": Verb(_CHANGE, ("name", "namespace", "values", "overwrite"), ("values",)),
    "can_i": Verb(_READ, ("resource", "name", "namespace", "subresource"), ("resource",)),
}
"""What a step can do, in the order of the documentation. `wait` is also a key of others: how long to wait."""

MANY = ("list", "top", "events", "apply", "can_i")
"""Verbs whose value is not the one object that they are about."""
ROLLOUTS = ("restart", "status", "undo", "history", "pause", "resume")
ROLLOUT_READS = frozenset({"status", "history"})
"""The words after `rollout` that only look."""
ROLLOUT_KEYS = {"to_revision": ("undo",), "wait": ("restart", "status", "undo", "resume")}
"""Keys beside `rollout` that only some of its words take."""
KEYS = frozenset(key for verb in VERBS.values() for key in verb.keys) | frozenset(VERBS)
DURATIONS = frozenset({"since", "follow", "grace", "within"})
BOOLEANS = frozenset(
    {"all_namespaces", "previous", "timestamps", "force", "ignore_daemonsets", "delete_emptydir", "overwrite"}
)


def verbs_in(params: Mapping[str, Any]) -> list[str]:
    """The verbs that stand there. `wait` is one when no other does."""
    found = [name for name in VERBS if name in params and name != "wait"]
    return found or [name for name in ("wait",) if name in params]


def effect_of(params: Mapping[str, Any]) -> Effect:
    """The verb says what is done. A key that is not known may mean anything, so that it is never taken for a read."""
    effects = [_effect_of_one(verb, params) for verb in verbs_in(params)]
    if _DESTRUCTIVE in effects:
        return _DESTRUCTIVE
    looks = bool(effects) and all(effect is _READ for effect in effects) and set(params) <= KEYS
    return _READ if looks else _CHANGE


def _effect_of_one(verb: str, params: Mapping[str, Any]) -> Effect:
    if verb == "rollout":
        return _READ if params["rollout"] in ROLLOUT_READS else _CHANGE
    return VERBS[verb].effect


def may_be_milder(params: Mapping[str, Any]) -> bool:
    """A command inside a container may only look: its author may say so. Nothing else leaves a choice."""
    return verbs_in(params) == ["exec"] and set(params) <= KEYS


def problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys as they are written: message and what to write instead."""
    found = verbs_in(params)
    if len(found) != 1:
        names = ", ".join(VERBS)
        what = "names no verb" if not found else f"names {len(found)} verbs: {', '.join(found)}"
        yield f"`kubectl` {what}", f"write one of {names}, such as kubectl: {{get: deployment, name: orders}}"
        return
    name = found[0]
    verb = VERBS[name]
    for key in verb.needs:
        if key not in params:
            yield f"`{name}` needs `{key}`", f"add `{key}:`"
    for key in params:
        if key != name and key not in verb.keys and key in KEYS:
            yield f"`{name}` takes no `{key}`", f"it takes {', '.join(verb.keys) or 'nothing else'}"
    if name == "rollout":
        yield from _rollout_problems(params)


def _rollout_problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    word = params["rollout"]
    if not isinstance(word, str) or "{{" in word:
        return
    if word not in ROLLOUTS:
        yield f"`rollout` cannot be {word[:40]!r}", f"one of {', '.join(ROLLOUTS)}"
        return
    for key, words in ROLLOUT_KEYS.items():
        if key in params and word not in words:
            yield f"`rollout: {word}` takes no `{key}`", f"{key} goes with {', '.join(words)}"
