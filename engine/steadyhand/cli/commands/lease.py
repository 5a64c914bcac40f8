"""`steady lease`."""

from __future__ import annotations

from typing import Any

import click

from ...app import leases
from ...errors import UsageError
from ...projections.words import minute, rfc3339, took
from ...source import parse_duration
from ..completion import target_names
from ..shared import as_json, json_option, services

TERM = "1h"


@click.command("lease")
@click.argument("target", default="", shell_complete=target_names)
@click.option("--reason", default="", help="Why; needed to take a target, and to hand back somebody else's.")
@click.option("--for", "term", default=TERM, metavar="TIME", help=f"For how long; {TERM} unless said.")
@click.option("--return", "back", is_flag=True, help="Hand the target back.")
@json_option
@click.pass_context
def command(ctx: click.Context, target: str, reason: str, term: str, back: bool, json_: bool) -> int:
    """Take a target, so that automation and other people keep off it; without a target, list what is taken.

    Changes that lock the target wait for as long as somebody else's lease holds, and every gate shows it.
    """
    desk = services(ctx)
    if not target:
        if back:
            raise UsageError("name the target to hand back", "see `steady lease`")
        return _listed(desk, json_)
    if back:
        had = leases.give_back(desk, target, desk.person, reason)
        click.echo(f"{target} is free; {had} had it", err=True)
        return 0
    micros = parse_duration(term)
    if micros is None or micros <= 0:
        raise UsageError(f"{term!r} is no time", "write 30m, 2h, 1d")
    if not reason:
        raise UsageError("say why you take it", f"steady lease {target} --reason 'index rebuild'")
    lease = leases.take(desk, target, desk.person, reason, micros)
    if json_:
        as_json({"leases": [_row(lease)]})
    else:
        click.echo(f"{target} is yours until {minute(lease.until)}; hand it back: steady lease {target} --return")
    return 0


def _listed(desk: Any, json_: bool) -> int:
    held = leases.held(desk)
    if json_:
        as_json({"leases": [_row(lease) for lease in held]})
        return 0
    for lease in held:
        left = took(max(0, lease.until - desk.clock.now()))
        click.echo(f"{lease.target}  {lease.by}, for another {left} (until {minute(lease.until)}): {lease.reason}")
    if not held:
        click.echo("nothing is leased", err=True)
    return 0


def _row(lease: leases.Lease) -> dict[str, str]:
    return {
        "target": lease.target,
        "by": lease.by,
        "reason": lease.reason,
        "taken_at": rfc3339(lease.taken),
        "until": rfc3339(lease.until),
    }
