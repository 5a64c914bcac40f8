"""`dns`: one question about a name, to the machine's resolver or to a server of its own.

That a name does not exist is an answer (`rcode: NXDOMAIN`), which an expectation can hold against or ask for; that
nobody answered is none. Looking changes nothing, so it is always a read. `_dns` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import Capabilities, Effect, HandlerSpec, Param, Plan, Result, Target
from . import _dns_names as names
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

TYPES = ("A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA", "SRV", "CAA", "PTR")


def effect_of(params: Mapping[str, Any]) -> Effect:
    """A question only looks."""
    del params
    return Effect.READ


spec = HandlerSpec(
    name="dns",
    summary="Ask the DNS for a name.",
    short="name",
    params=(
        Param("name", "text", "The name, in full; for PTR also an IP address.", "shop.example.com", required=True),
        Param("type", "text", "What is asked for; A unless said.", "MX", secret=False, choices=TYPES),
        Param(
            "server",
            "text",
            "The server to ask, as an IP address with or without a port; the machine's resolver unless said.",
            "192.0.2.53:53",
            secret=False,
        ),
        Param("tcp", "boolean", "Ask over TCP from the beginning.", True),
    ),
    results={
        "answers": "the records as a sorted list of texts: no dot at the end of a name, a TXT in one piece, an MX as "
        "`10 mail.example.com`",
        "count": "how many of them there are",
        "rcode": "what the server says of the question: NOERROR, NXDOMAIN, SERVFAIL, REFUSED, ...",
        "ttl": "the seconds for which the answer may be kept, the smallest of its records; null when there are none",
        "authoritative": "whether the server answers for the name itself, not from what it has heard",
        "server": "the server that answered, with its port",
        "truncated": "whether the answer did not fit in UDP, and was asked for again over TCP",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"rcode": "NOERROR", "count": {"gt": 0}},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True),
    modules=("dns",),
    extra="probes",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be asked of whom. Raises BadInput."""
    if target is not None:
        raise BadInput("a `dns` step takes no target", "write the server to ask into `server`")
    asked = text_of(params.get("type", "A"))
    kind = asked.masked().upper()
    if kind not in TYPES and (asked.secrets or names.settled(asked)):
        raise BadInput(f"`type` {kind[:40]!r} is none that can be asked for", f"it is one of {', '.join(TYPES)}")
    name = text_of(params["name"])
    if names.settled(name):
        names.checked(name.masked(), kind)
    request: dict[str, Any] = {"name": name, "type": kind, "tcp": params.get("tcp", False)}
    where = "the machine's resolver"
    if "server" in params:
        request["server"] = text_of(params["server"])
        where = request["server"].masked()
        if request["server"].secrets:
            raise BadInput("`server` cannot hold a secret: where a step looks is shown to people", "write it out")
        if names.settled(request["server"]):
            names.server_of(where)
    return Plan("dns", f"{kind} {name.masked()}\n# at {where}{', over TCP' if request['tcp'] else ''}", request)


def perform(plan: Plan, hands: Hands) -> Result:
    """Ask, until there is an answer or the time is over."""
    from . import _dns  # noqa: PLC0415 the client is not for `validate`

    return _dns.perform(plan.request, hands)
