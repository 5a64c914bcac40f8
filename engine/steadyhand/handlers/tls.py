"""`tls`: which certificate a server shows, and whether it holds.

What is wrong with a certificate is an answer (`valid: false`, with the reason), so that a runbook can tell an expired
one from one for another name; that nobody can be connected to is none. Looking changes nothing. `_handshake` does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target, unknown_in
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

PORTS: Mapping[str, int] = {"": 443, "SMTP": 25, "IMAP": 143, "POSTGRESQL": 5432}
"""The port of an address that names none, by what is spoken before TLS."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Looking at a certificate changes nothing."""
    del params
    return Effect.READ


spec = HandlerSpec(
    name="tls",
    summary="Look at the certificate of a server.",
    short="address",
    params=(
        Param(
            "address",
            "text",
            "Host and port; 443 unless said, or the usual one of `starttls`.",
            "shop.example.com:443",
            required=True,
            secret=False,
        ),
        Param("server_name", "text", "The name that it must be for; the host unless said.", "shop.example.com"),
        Param(
            "ca",
            "text",
            "A file of the authorities to trust, instead of the system's; empty for those.",
            "/etc/ssl/internal.pem",
        ),
        Param("starttls", "text", "What is spoken before TLS begins.", "smtp", choices=tuple(PORTS)[1:]),
        Param("connect_timeout", "duration", "How long the connection may take; 5s unless said.", "2s"),
    ),
    results={
        "valid": "whether the certificate holds: trusted, in its time, for that name",
        "reason": "why it does not; empty when it does",
        "names": "the names and addresses that it is for",
        "issuer": "who signed it",
        "not_before": "when it begins to hold (UTC)",
        "not_after": "when it ends (UTC)",
        "days_left": "whole days until then; negative once it is over",
        "chain": "what the server sent, its own first: a list of {subject, issuer, not_after}",
        "self_signed": "whether it is signed by itself",
        "fingerprint": "SHA-256 of it (hex)",
        "protocol": "the version of TLS, such as TLSv1.3",
        "cipher": "the cipher",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"valid": True, "days_left": {"gt": 0}},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True),
    modules=("cryptography",),
    extra="probes",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be looked at. Raises BadInput."""
    from . import _dial  # noqa: PLC0415 sockets are not for `validate`

    if target is not None:
        raise BadInput("a `tls` step takes no target", "write the host into `address`")
    texts = {n: text_of(params[n]) for n in ("address", "server_name", "ca") if n in params}
    request: dict[str, Any] = {n: text for n, text in texts.items() if n == "address" or text.masked()}
    before = text_of(params.get("starttls", "")).masked().upper()
    if before not in PORTS:
        raise BadInput(f"`starttls` cannot be {before.lower()[:40]!r}", "one of smtp, imap, postgresql")
    request["starttls"] = before
    if unknown_in(request["address"]):
        shown = request["address"].masked()
    else:
        request["host"], request["port"] = _dial.split(request["address"], PORTS[before])
        shown = _dial.joined(request["host"], request["port"])
    if "connect_timeout" in params:
        request["connect_timeout"] = params["connect_timeout"]
        if request["connect_timeout"] <= 0:
            raise BadInput("`connect_timeout` must be above 0", "leave it out, or give more")
    lines = [f"look at the certificate of {shown}"]
    if before:
        lines.append(f"# TLS begins within {before.lower()}")
    words = {"server_name": "for the name", "ca": "trusting"}
    lines += [f"# {word} {request[name].masked()}" for name, word in words.items() if name in request]
    return Plan("tls", "\n".join(lines), request)


def perform(plan: Plan, hands: Hands) -> Result:
    """Look, once."""
    from . import _handshake  # noqa: PLC0415 not for `validate`

    return _handshake.look(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the name has an address. Nobody is connected to."""
    from . import _dial  # noqa: PLC0415 sockets are not for `validate`

    return _dial.named(plan.request["host"], plan.request["port"], hands)
