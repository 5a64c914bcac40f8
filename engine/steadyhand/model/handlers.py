"""What the engine knows of a handler without having its hands: a specification that is pure data.

The specifications go *down* to the schema room, which checks a step's parameters against them, while the handlers
themselves stay behind the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

from .text import Syntax


class Effect(Enum):
    """What a step does to the world outside the run. The order is that of consequence."""

    READ = "read"
    CHANGE = "change"
    DESTRUCTIVE = "destructive"


class Param(Struct, frozen=True):
    """One parameter of a step kind.

    `type` is one of text, integer, number, boolean, duration, list, map, any. A `list` or `map` holds values of
    `items`. `fields` describes a map whose keys are known. `syntax` says how templates in it are quoted. `choices`
    lists the only words that are allowed, in upper case. `secret` says that a secret may stand here. `many` says that a
    text may as well be a list of such texts. `nullable` says that nothing may stand here (of a parameter of type any),
    and that this is a value too.
    """

    name: str
    type: str
    description: str
    example: Any
    required: bool = False
    syntax: Syntax = Syntax.PLAIN
    secret: bool = True
    items: str = "text"
    fields: tuple[Param, ...] = ()
    choices: tuple[str, ...] = ()
    many: bool = False
    nullable: bool = False


class Capabilities(Struct, frozen=True):
    """What a handler can do beside performing: be cancelled, stream its output, be probed in a dry run, and have what
    it starts confined to reading.
    """

    cancel: bool = True
    stream: bool = False
    dry_run: bool = False
    idempotent: bool = False
    probe: bool = True
    """Its reads may be carried out in a dry run that probes: they are noticed by nobody."""
    remote: bool = False
    """Its preflight logs in somewhere else, so that it says something about that place and not about this machine."""
    confine: bool = False


class Ability(Struct, frozen=True):
    """By what a machine can hold a read to reading: the `means` by name ('' for none), and in words how, or why not."""

    means: str
    words: str


def undeclared_is_a_change(params: Mapping[str, Any]) -> Effect:
    """The safe rule for a handler that cannot know: unless the step declares it, it changes something."""
    del params
    return Effect.CHANGE


def never(params: Mapping[str, Any]) -> bool:
    """Whatever the parameters are."""
    del params
    return False


def no_problems(params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The parameters' own descriptions say all that there is to check."""
    del params
    return ()


class TargetSpec(Struct, frozen=True):
    """A family of places that steps act on, as data: what `targets:` (or, for notifications, `channels:`) may hold.

    `hosts` names the parameter that lists hosts, over which `each: {target: ...}` goes; '' when there is none.
    """

    name: str
    summary: str
    params: tuple[Param, ...]
    hosts: str = ""
    open_params: bool = False


class HandlerSpec(Struct, frozen=True):
    """All that is known of a handler as data.

    `short` is the parameter that a bare value stands for (`shell: uptime` is `shell: {text: uptime}`).
    `one_of` lists groups of parameters of which exactly one must be given. `effect_of` infers the effect from the
    parameters as written. `effect_known` says that the inference is certain, so that a step declaring a milder effect
    is refused; `effect_open` says for which parameters a milder one may be declared all the same. `problems` finds what
    is wrong with the parameters as written and their descriptions cannot say: messages, each with a hint.
    `results` names what `perform` returns, with descriptions: the names an expectation may use.
    `default_expect` is the expectation of a step that states none.

    `targets` are the families of targets that a step may act on; `target_required` says that it needs one. `channels`
    are the families of notification channels that its parameter `to` may name. `lenient` says that a step which could
    not be carried out goes on to the next one unless its author says otherwise: telling people must not stop a fix.
    `modules` are the Python packages that `perform` imports, and `extra` is what `pip install 'steadyhand[extra]'`
    brings them with.
    """

    name: str
    summary: str
    params: tuple[Param, ...]
    short: str = ""
    one_of: tuple[tuple[str, ...], ...] = ()
    results: Mapping[str, str] = field(default_factory=dict)
    default_expect: Mapping[str, Any] = field(default_factory=dict)
    effect_of: Callable[[Mapping[str, Any]], Effect] = undeclared_is_a_change
    effect_known: bool = False
    effect_open: Callable[[Mapping[str, Any]], bool] = never
    problems: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = no_problems
    capabilities: Capabilities = Capabilities()
    open_params: bool = False
    targets: tuple[TargetSpec, ...] = ()
    target_required: bool = False
    channels: tuple[TargetSpec, ...] = ()
    lenient: bool = False
    modules: tuple[str, ...] = ()
    extra: str = ""
    version: str = "1"
