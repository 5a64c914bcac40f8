"""`redis`: one command to a Redis, or to what speaks its protocol.

This is the half without hands: the specification, the plan, its preview. The effect is told from the command by tables
(_redis_words); what is not known to only read is a change. `_redis` sends it on a connection of its own, so that no
step leaves anything on one for the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import (
    MASK,
    Capabilities,
    Effect,
    HandlerSpec,
    Need,
    Param,
    Plan,
    Result,
    Secret,
    Target,
    TargetSpec,
    Text,
    unknown_in,
)
from . import _redis_words as words
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

SHOWN = 200
"""Characters of a word that a preview shows."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """The command says what it does; one whose name a placeholder gives may do anything."""
    return words.effect_of(params.get("command", ""))


FAMILY = TargetSpec(
    "redis",
    "A Redis server.",
    (
        Param("host", "text", "The host; localhost unless said.", "cache1.example.com"),
        Param("port", "text", "The port; 6379 unless said.", 6380),
        Param("socket", "text", "A Unix socket instead of a host.", "/run/redis/redis.sock"),
        Param("db", "text", "The number of the database; 0 unless said.", 2),
        Param("username", "text", "The user to log in as; the default one unless said.", "steady"),
        Param("password", "text", "The password.", "{{ secrets.redis_password }}"),
        Param("tls", "boolean", "Speak TLS, and check the server's certificate.", True),
        Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/redis-ca.pem"),
        Param("connect_timeout", "duration", "The time to connect; 5s unless said.", "2s"),
    ),
)

spec = HandlerSpec(
    name="redis",
    summary="Send one command to a Redis.",
    short="command",
    params=(
        Param(
            "command",
            "text",
            "The command, as a text or as a list of words. A placeholder is never more than one word, and cannot give "
            "the command's name.",
            "LLEN queue:{{ inputs.queue }}",
            required=True,
            many=True,
        ),
    ),
    results={
        "value": "the answer as JSON: text, integer, list, map or null; texts of at most 1 MiB in all",
        "type": "what `value` is: text, integer, number, boolean, list, map or null",
        "info": "the answer to INFO as a map, numbers as numbers, lists such as db0 as maps; else empty",
        "truncated": "whether there was more than is kept",
        "duration": "microseconds from the start to the end",
    },
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, remote=True),
    targets=(FAMILY,),
    target_required=True,
    modules=("redis",),
    extra="probes",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The command word by word, and where it would go. Raises BadInput."""
    if target is None:
        raise BadInput("a `redis` step needs a target", "add `target:`, declared under `targets:` as redis")
    place = {name: value for name, value in target.params.items() if value is not None}
    _check(target.name, place)
    given = params["command"]
    found = [text_of(word) for word in given] if isinstance(given, (list, tuple)) else words.words_of(text_of(given))
    names = words.names_of(found)
    where = _where(place)
    request = {
        "server": place,
        "command": found,
        "names": list(names),
        "changes": words.effect(names) is not Effect.READ,
    }
    shown = " ".join(_shown(word) for word in found)
    return Plan("redis", f"{shown}\n# on {target.name}, {where}", request, (f"{target.name}/{where}",))


def perform(plan: Plan, hands: Hands) -> Result:
    """Send it, once."""
    from . import _redis  # noqa: PLC0415 the client is not for `validate`

    return _redis.perform(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the server can be reached and logged in to."""
    from . import _redis  # noqa: PLC0415 the client is not for `validate`

    return _redis.preflight(plan.request, hands, plan.targets[0])


def _check(name: str, place: Mapping[str, Any]) -> None:
    if "socket" in place and "host" in place:
        raise BadInput(f"target {name} has both `socket` and `host`", "keep one of them")
    for key, most in (("port", 65_535), ("db", 2**31)):
        text = text_of(place.get(key, 1)).masked()
        if not unknown_in(place.get(key)) and not (
            text.isascii() and text.isdigit() and (key == "db" or int(text)) and int(text) <= most
        ):
            raise BadInput(f"target {name} has no {key} {text[:40]}", f"{key} is a number")
    if "ca" in place and not place.get("tls"):
        raise BadInput(f"target {name} has a `ca` and speaks no TLS", "add tls: true")
    if "username" in place and "password" not in place:
        raise BadInput(f"target {name} has a `username` and no `password`", "add it, as a secret")
    for key in ("host", "port", "socket", "db"):
        if key in place and text_of(place[key]).secrets:
            raise BadInput(f"`{key}` cannot hold a secret: where a step acts is shown to people", "write it out")


def _where(place: Mapping[str, Any]) -> str:
    """The server as people name it."""
    host, port = text_of(place.get("host", "localhost")).masked(), text_of(place.get("port", 6379)).masked()
    base = (
        text_of(place["socket"]).masked()
        if "socket" in place
        else f"[{host}]:{port}"
        if ":" in host
        else f"{host}:{port}"
    )
    db = text_of(place.get("db", 0)).masked()
    user = f"{text_of(place['username']).masked()}@" if "username" in place else ""
    return f"{user}{base}" + (f" db {db}" if db != "0" else "")


def _shown(word: Text) -> str:
    """A word as redis-cli would take it."""
    text = "".join(MASK if isinstance(part, Secret) else part.text for part in word.parts)
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text):,} characters)"
    plain = bool(cut) and all(char.isprintable() and char not in " \"'\\" for char in cut)
    return cut if plain else '"' + "".join(_escaped(char) for char in cut) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
