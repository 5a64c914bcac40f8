"""`notify`: tell people, on any number of channels at once.

This is the half without hands: the specification, the plan, its preview. Where a channel leads stands in steady.yaml,
so that a runbook names only who is to know; what is said stands in the runbook, once or for each audience. Telling
changes nothing in the estate, so it is a read; and a step that could not tell anybody lets the run go on, for a fix
must not wait for a chat service. It is said wherever the run is shown instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target
from . import _channels
from ._notice import ACTIONS, AUDIENCES, SAID, check, noticed

if TYPE_CHECKING:
    from .protocol import Hands

CONSOLE = "console"
GRAVE = ("SEV1", "SEV2", "SEV3", "SEV4", "critical", "error", "warning", "info")
"""How a severity may be written."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """A read: telling people changes nothing in the estate that is being repaired, and a message that says an incident
    is going on must not wait for somebody's yes. Sending it twice does no harm either.
    """
    del params
    return Effect.READ


spec = HandlerSpec(
    name="notify",
    summary="Tell people.",
    short="message",
    params=(
        Param(
            "message",
            "any",
            "What to tell: a text, or one for each audience (responders, company, customers). No secret may be in it.",
            "Checkout is slow",
            required=True,
            secret=False,
        ),
        Param("to", "any", "The channel, or a list of channels; whoever watches the run unless said.", ["oncall"]),
        Param("title", "any", "A line above it; a text, or one for each audience.", "SEV2: checkout", secret=False),
        Param(
            "audience",
            "text",
            "Whom a single message is written for. Customers read nothing that is not written for them.",
            "customers",
            choices=AUDIENCES,
        ),
        Param("severity", "text", "How grave it is.", "SEV2", choices=GRAVE),
        Param(
            "action", "text", "What is to come of it where alerts and incidents are kept.", "resolve", choices=ACTIONS
        ),
        Param("link", "text", "Where to look.", "https://grafana.example.com/d/checkout"),
        Param(
            "links",
            "map",
            "More places to look: a label and an address for each.",
            {"Logs": "https://logs.example.com"},
        ),
        Param(
            "key", "text", "What it is about: what has the same key is one alert. The run unless said.", "checkout-slow"
        ),
    ),
    results={
        "sent": "the channels that took it",
        "failed": "the channels that did not, and why",
        "ids": "what each service calls the message, where it says so",
        "attempts": "how often each channel was tried",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"failed": {"equals": {}}},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, idempotent=True, remote=True, probe=False),
    channels=_channels.FAMILIES,
    lenient=True,
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """Who would be told what, with the channels' secrets by name. Raises BadInput."""
    check(params)
    said = {name: params[name] for name in SAID if name in params}
    channels = {
        name: _declared(name, kinds) for name, kinds in (target.params if target else {CONSOLE: {CONSOLE: {}}}).items()
    }
    request = {"said": said, "to": params.get("to", CONSOLE), "channels": channels}
    return Plan("notify", _preview(said, channels), request, tuple(channels))


def perform(plan: Plan, hands: Hands) -> Result:
    """Tell them."""
    from . import _deliver  # noqa: PLC0415 the clients are not for `validate`

    return _deliver.deliver(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether each channel can be reached and logged in to. Nobody is told anything."""
    from . import _reach  # noqa: PLC0415 the clients are not for `validate`

    return _reach.needs(plan.request["channels"], hands)


def _declared(name: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """A channel as it will be used: its kind, its parameters, and who reads it."""
    kind, params = next(iter(kinds.items()))
    try:
        _channels.check(kind, params)
        return {"kind": kind, "params": params, "audience": _channels.audience(kind, params)}
    except BadInput as problem:
        raise BadInput(f"channel {name}: {problem.message}", problem.hint) from None


def _preview(said: Mapping[str, Any], channels: Mapping[str, Any]) -> str:
    """Each text once, with those who get it."""
    groups: dict[str, list[str]] = {}
    for name, declared in channels.items():
        kind = declared["kind"]
        where = _channels.place(kind, declared["params"])
        notice = noticed(said, name, declared["audience"])
        marks = ", ".join(part for part in (notice.severity, notice.action) if part)
        lines = [*([notice.title] if notice.title else []), notice.message, *(f"{k}: {v}" for k, v in notice.links)]
        text = f"{f'[{marks}] ' if marks else ''}{chr(10).join(lines)}"
        groups.setdefault(text, []).append(name if name == kind else f"{name} ({kind}{f' {where}' if where else ''})")
    return "\n".join(f"{', '.join(names)}: {text}" for text, names in groups.items())
