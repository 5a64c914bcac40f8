"""`steady token`: API tokens, for programs that act for a person."""

from __future__ import annotations

import click

from ...app import accounts, tokens
from ...app.access import Access
from ...app.accounts import Doing
from ...errors import Exit, UsageError
from ...model.people import EVERYTHING, Role
from ...projections.words import minute, rfc3339
from ...source import parse_duration
from ..shared import as_json, json_option, services

ROLES = [role.word for role in Role]


@click.group("token")
def command() -> None:
    """Make, list and revoke tokens for the API of a server."""


def _door(ctx: click.Context) -> tuple[Access, Doing]:
    desk = services(ctx)
    return Access(desk, desk.cells), Doing(desk.person, "cli")


@command.command("new")
@click.option("--person", required=True, help="Whose token it is; what it does is done in their name.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What it may do, never more than its person.")
@click.option(
    "--services", "listed", default="", help="For which services, by commas; all of its person's unless said."
)
@click.option("--expires", default="30d", metavar="TIME", help="How long it holds; 30d unless said, a year at most.")
@click.option("--label", default="", help="What it is for.")
@click.pass_context
def new(ctx: click.Context, person: str, role: str, listed: str, expires: str, label: str) -> int:
    """Make a token and print it, this once: only its digest is kept."""
    access, doing = _door(ctx)
    if person not in access.directory.people and not access.vouched(person):
        accounts.known(access, person)
    term = parse_duration(expires)
    if term is None:
        raise UsageError(f"{expires!r} is no time", "write 30d, 12h, 90d")
    names = tuple(word for word in listed.replace(",", " ").split() if word)
    text, token = tokens.issue(access, person, Role[role.upper()], names, term, label, doing)
    click.echo(text)
    click.echo(f"token {token.id} of {person} holds until {minute(token.expires)}; it is not shown again", err=True)
    return int(Exit.GOOD)


@command.command("list")
@click.option("--person", default="", help="Only those of this person.")
@json_option
@click.pass_context
def listing(ctx: click.Context, person: str, json_: bool) -> int:
    """List the tokens that hold: whose, what for, what they may, until when, when they were last used."""
    access, _ = _door(ctx)
    held = tokens.listed(access, person)
    if json_:
        as_json({"tokens": [_as_json(token) for token in held]})
        return int(Exit.GOOD)
    for token in held:
        services_ = ", ".join("everything" if name == EVERYTHING else name for name in token.services)
        used = f"used {minute(token.used)} from {token.used_from or 'here'}" if token.used else "never used"
        label = f"  {token.label}" if token.label else ""
        may = f"{Role(token.role).word} for {services_}"
        click.echo(f"{token.id}  {token.person}  {may}  until {minute(token.expires)}  {used}{label}")
    if not held:
        click.echo("there is no token", err=True)
    return int(Exit.GOOD)


@command.command("revoke")
@click.argument("token")
@click.option("--reason", default="", help="Why.")
@click.pass_context
def revoke(ctx: click.Context, token: str, reason: str) -> int:
    """End a token, by its id (`steady token list`)."""
    access, doing = _door(ctx)
    found = tokens.revoke(access, token, doing, why=reason)
    click.echo(f"token {token} of {found.person} holds no longer", err=True)
    return int(Exit.GOOD)


def _as_json(token: tokens.Token) -> dict[str, object]:
    return {
        "token": token.id,
        "person": token.person,
        "label": token.label,
        "role": Role(token.role).word,
        "services": list(token.services),
        "made_at": rfc3339(token.made),
        "expires_at": rfc3339(token.expires),
        "by": token.by,
        "used_at": rfc3339(token.used) if token.used else None,
        "used_from": token.used_from,
    }
