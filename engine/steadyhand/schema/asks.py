"""Reads `asks:` of the settings: where open questions are told, so that people can answer there. For settings.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from ..model import Target
from ..source import Mapping as MapNode
from ..source import Node, Sequence
from .intakes import names_of_secrets
from .reader import Reader, near


class Asking(Struct, frozen=True):
    """One place where questions are told. `roles` and `services` say which, all when empty.

    `email` and `slack` are names of channels; `signature` are names of secrets, with one of which Slack signs.
    """

    roles: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    email: str = ""
    slack: str = ""
    signature: tuple[str, ...] = ()


def read_asks(
    reader: Reader, node: Node | None, channels: Mapping[str, Target], secrets: Collection[str]
) -> tuple[Asking, ...]:
    """The places in order; `channels` and `secrets` are those of the settings."""
    if node is not None and not isinstance(node, Sequence):
        reader.say("SH103", node.span, "`asks` must be a list", "write [{roles: [approver], email: mail}]")
    found: list[Asking] = []
    for item in node.items if isinstance(node, Sequence) else ():
        values = reader.object("ask_people", item, "an item of `asks`")
        if values is None or not isinstance(item, MapNode):
            continue
        where = {key.text: value for key, value in item.entries}
        for kind in ("email", "slack"):
            if kind in values:
                _channel(reader, where[kind], kind, values[kind], channels)
        if not ({"email", "slack"} & values.keys()):
            reader.say("SH102", item.span, "an item of `asks` tells nobody", "add `email:` or `slack:` with a channel")
        if "slack" in values and not values.get("signature"):
            hint = "add `signature: [name of the secret that holds the app's signing secret]`"
            reader.say("SH102", item.span, "buttons in Slack need `signature`", hint, "anybody could press them")
        names_of_secrets(reader, values, where, ("signature",), secrets)
        found.append(
            Asking(
                roles=tuple(values.get("roles") or ()),
                services=tuple(values.get("services") or ()),
                email=values.get("email", ""),
                slack=values.get("slack", ""),
                signature=tuple(values.get("signature") or ()),
            )
        )
    return tuple(found)


def _channel(reader: Reader, node: Node, kind: str, name: str, channels: Mapping[str, Target]) -> None:
    channel = channels.get(name)
    if channel is None:
        hint = near(name, channels, "channels") if channels else f"declare it: `channels: {{{name}: {{{kind}: ...}}}}`"
        reader.say("SH304", node.span, f"there is no channel `{name[:80]}`", hint)
    elif channel.kind != kind:
        fitting = [one.name for one in channels.values() if one.kind == kind]
        hint = near(name, fitting, "channels") if fitting else f"declare one of kind {kind}"
        reader.say("SH201", node.span, f"the channel `{name}` is of kind {channel.kind}, not {kind}", hint)
    elif kind == "slack" and "token" not in channel.params:
        message = f"the channel `{name}` has a webhook, and buttons need a bot"
        reader.say("SH201", node.span, message, "give it `token:` and `channel:` instead")
