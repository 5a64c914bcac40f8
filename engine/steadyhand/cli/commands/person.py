"""`steady person`: accounts with a password that the server keeps."""

from __future__ import annotations

import click

from ...app import accounts
from ...app.access import Access
from ...app.accounts import Doing
from ...app.services import Services
from ...errors import Exit
from ...model.people import EVERYTHING
from ..passwords import asked
from ..shared import as_json, json_option, services


@click.group("person")
def command() -> None:
    """Say who may sign in on a server, with what password, and who may no longer.

    What people may do stands in steady.yaml under `people:`; whoever may write the store keeps the passwords.
    """


def _door(ctx: click.Context) -> tuple[Services, Access, Doing]:
    desk = services(ctx)
    return desk, Access(desk, desk.cells), Doing(desk.person, "cli")


@command.command("add")
@click.argument("person")
@click.pass_context
def add(ctx: click.Context, person: str) -> int:
    """Give somebody a password: typed here, or one line of standard input. They may change it in the browser."""
    _, access, doing = _door(ctx)
    accounts.known(access, person)
    accounts.add(access, person, asked(f"Password for {person}"), doing)
    click.echo(f"{person} can sign in", err=True)
    return int(Exit.GOOD)


@command.command("password")
@click.argument("person")
@click.pass_context
def password(ctx: click.Context, person: str) -> int:
    """Give somebody another password; wherever they were signed in, they are no longer."""
    _, access, doing = _door(ctx)
    accounts.known(access, person)
    accounts.set_password(access, person, asked(f"New password for {person}"), doing)
    click.echo(f"{person} has a new password, and is signed out everywhere", err=True)
    return int(Exit.GOOD)


@command.command("disable")
@click.argument("person")
@click.pass_context
def disable(ctx: click.Context, person: str) -> int:
    """Let somebody in no longer: no password, session, token or identity provider helps."""
    _, access, doing = _door(ctx)
    accounts.disable(access, person, doing)
    click.echo(f"{person} is let in no longer; to let them in again: steady person enable {person}", err=True)
    return int(Exit.GOOD)


@command.command("enable")
@click.argument("person")
@click.pass_context
def enable(ctx: click.Context, person: str) -> int:
    """Let somebody in again."""
    _, access, doing = _door(ctx)
    accounts.enable(access, person, doing)
    click.echo(f"{person} is let in again", err=True)
    return int(Exit.GOOD)


@command.command("rebind")
@click.argument("person")
@click.pass_context
def rebind(ctx: click.Context, person: str) -> int:
    """Forget which account at the identity provider somebody has: the next login there says it anew."""
    _, access, doing = _door(ctx)
    accounts.rebind(access, person, doing)
    click.echo(f"the next login of {person} at the identity provider says who that is", err=True)
    return int(Exit.GOOD)


@command.command("list")
@json_option
@click.pass_context
def listing(ctx: click.Context, json_: bool) -> int:
    """List people, what they may do, and how they can sign in."""
    _, access, _ = _door(ctx)
    rows = accounts.listed(access)
    if json_:
        as_json({"people": [_as_json(row) for row in rows]})
        return int(Exit.GOOD)
    for row in rows:
        click.echo(f"{row.person}  {_may(row)}  {_how(row)}")
    if not rows:
        click.echo("nobody: write `people:` into steady.yaml", err=True)
    return int(Exit.GOOD)


def _may(row: accounts.Row) -> str:
    if not row.known:
        return "not in steady.yaml"
    parts = (f"{role.word} for {_service(name)}" for name, role in sorted(row.rights.items()))
    return ", ".join(parts) or "no role of their own"


def _service(name: str) -> str:
    return "everything" if name == EVERYTHING else name


def _how(row: accounts.Row) -> str:
    if row.disabled:
        return "(disabled)"
    return "(password)" if row.password else "(no password)"


def _as_json(row: accounts.Row) -> dict[str, object]:
    return {
        "person": row.person,
        "email": row.email,
        "rights": {name: role.word for name, role in sorted(row.rights.items())},
        "password": row.password,
        "disabled": row.disabled,
        "known": row.known,
    }
