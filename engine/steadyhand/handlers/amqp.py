"""`amqp`: how deep is a queue, and, when somebody says so, the end of all that waits in it.

This is the half without hands: the specification, the plan, its preview. A queue that is not there is an answer
(`found: false`); a broker that does not answer is none. `_amqp` asks on a connection of its own, and only by declaring
passively: no step ever makes a queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import MASK, Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target, TargetSpec
from ._texts import bytes_of, text_of

if TYPE_CHECKING:
    from .protocol import Hands

ACTIONS = ("DEPTH", "PURGE")
LONGEST = 255
"""Bytes that the protocol allows a name."""
OWN = ("host", "port", "vhost", "user", "password", "tls")
"""What a `url` says instead."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """To look at a depth only looks. An action that a placeholder gives may be the other one."""
    return Effect.READ if str(params.get("action", "depth")).upper() == "DEPTH" else Effect.DESTRUCTIVE


FAMILY = TargetSpec(
    "amqp",
    "A RabbitMQ, or what speaks AMQP 0-9-1.",
    (
        Param("host", "text", "The host; localhost unless said.", "mq1.example.com"),
        Param("port", "text", "The port; 5672 unless said, 5671 with TLS.", 5673),
        Param("vhost", "text", "The virtual host; / unless said.", "shop"),
        Param("user", "text", "The user to log in as; guest unless said.", "steady"),
        Param("password", "text", "The password.", "{{ secrets.amqp_password }}"),
        Param(
            "url", "text", "All of it as one address, instead of the keys above.", "amqps://ops@mq1.example.com/shop"
        ),
        Param("tls", "boolean", "Speak TLS, and check the server's certificate.", True),
        Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/mq-ca.pem"),
        Param("connect_timeout", "duration", "The time to connect and log in; 5s unless said.", "2s"),
    ),
)

spec = HandlerSpec(
    name="amqp",
    summary="Look how deep a queue of a message broker is, or empty it.",
    short="queue",
    params=(
        Param("queue", "text", "The queue.", "orders", required=True, secret=False),
        Param(
            "action", "text", "To look (depth, unless said), or to throw all away (purge).", "purge", choices=ACTIONS
        ),
    ),
    results={
        "found": "whether there is such a queue",
        "messages": "how many messages wait in it, those that a consumer holds not counted; for a purge, before it; "
        "null when there is no queue",
        "consumers": "how many consumers it has; null when there is no queue",
        "purged": "how many messages a purge threw away; else null",
        "server": "what answered, such as RabbitMQ 3.10.8",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"found": True},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, remote=True),
    targets=(FAMILY,),
    target_required=True,
    modules=("pika",),
    extra="probes",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The queue, what is done to it, and where. Raises BadInput."""
    if target is None:
        raise BadInput("an `amqp` step needs a target", "add `target:`, declared under `targets:` as amqp")
    queue, action = text_of(params["queue"]), text_of(params.get("action", "depth")).masked().lower()
    if action.upper() not in ACTIONS:
        raise BadInput(f"`action` cannot be {action[:40]}", "write depth or purge")
    if queue.secrets:
        raise BadInput("`queue` cannot hold a secret: where a step acts is shown to people", "write it out")
    name = queue.masked()
    if not 0 < len(bytes_of(name, "`queue`")) <= LONGEST:
        raise BadInput(f"`queue` must have 1 to {LONGEST} bytes", "write the name of one queue")
    place = {key: value for key, value in target.params.items() if value is not None}
    _check(target.name, place)
    user, where, secret = _where(place)
    shown = name if name.isprintable() and " " not in name else repr(name)
    what = f"purge the queue {shown}: all that waits in it is lost" if action == "purge" else f"depth of queue {shown}"
    request = {"server": place, "queue": queue, "action": action}
    login = f"{user}:{MASK}@" if secret else f"{user}@" if user else ""
    whole = f"{user}@{where}" if user else where
    return Plan("amqp", f"{what}\n# on {target.name}, {login}{where}", request, (f"{target.name}/{whole}",))


def perform(plan: Plan, hands: Hands) -> Result:
    """Ask, or purge, once."""
    from . import _amqp  # noqa: PLC0415 the client is not for `validate`

    return _amqp.perform(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the broker can be reached and logged in to."""
    from . import _amqp  # noqa: PLC0415 the client is not for `validate`

    return _amqp.preflight(plan.request, hands, plan.targets[0])


def _check(name: str, place: Mapping[str, Any]) -> None:
    if "url" in place:
        beside = [key for key in OWN if key in place]
        if beside:
            raise BadInput(f"target {name} has both `url` and `{beside[0]}`", "keep one of them")
        return
    port = text_of(place.get("port", 1)).masked()
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):
        raise BadInput(f"target {name} has no port {port[:40]}", "port is a number")
    if "ca" in place and not place.get("tls"):
        raise BadInput(f"target {name} has a `ca` and speaks no TLS", "add tls: true")
    if ("user" in place) != ("password" in place):
        has, lacks = ("user", "password") if "user" in place else ("password", "user")
        raise BadInput(f"target {name} has a `{has}` and no `{lacks}`", f"add `{lacks}`")
    for key in ("host", "port", "vhost", "user"):
        if key in place and text_of(place[key]).secrets:
            raise BadInput(f"`{key}` cannot hold a secret: where a step acts is shown to people", "write it out")


def _where(place: Mapping[str, Any]) -> tuple[str, str, bool]:
    """The user, the broker and its virtual host as people name them; and whether there is a password."""
    from . import _amqp_url  # noqa: PLC0415 only for a target that is planned

    if "url" in place:
        url = text_of(place["url"])
        try:
            place = _amqp_url.place_of(url.masked())
        except ValueError:
            if url.secrets:
                return "", MASK, False
            raise BadInput(*_amqp_url.NONE) from None
    host = text_of(place.get("host", "localhost")).masked()
    port = text_of(place.get("port", 5671 if place.get("tls") else 5672)).masked()
    vhost = text_of(place.get("vhost", "/")).masked()
    base = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    where = base if vhost == "/" else f"{base} vhost {vhost}"
    return text_of(place.get("user", "")).masked(), where, "password" in place
