"""`steady run`."""

from __future__ import annotations

from typing import Any

import click

from ...app import library, opening, preflight, runs
from ...app.services import Services
from ...errors import Exit, UsageError
from ...model import Mode, Runbook
from ...schema import inputs_of
from ..completion import runbooks
from ..driving import drive, leased, watchers
from ..shared import command_line, given_inputs, input_option, services
from ..streams import say


@click.command("run")
@click.argument("runbook", shell_complete=runbooks)
@input_option
@click.option(
    "--mode",
    type=click.Choice([m.value for m in Mode]),
    default="guided",
    show_default=True,
    help="How much runs unasked.",
)
@click.option("--dry-run", is_flag=True, help="The same as --mode dry-run: nothing is changed.")
@click.option("--probe", is_flag=True, help="In a dry run, carry out reads for real.")
@click.option(
    "--detach", is_flag=True, help="Only record the run: a server on this store drives it, or `steady resume`."
)
@click.option("--alert", metavar="FINGERPRINT", default="", help="An alert that was received: it fills in the inputs.")
@click.option("--quiet", is_flag=True, help="Print no events.")
@click.pass_context
def command(
    ctx: click.Context,
    runbook: str,
    inputs: tuple[str, ...],
    mode: str,
    dry_run: bool,
    probe: bool,
    detach: bool,
    alert: str,
    quiet: bool,
) -> int:
    """Run a runbook: live, step by step; questions are asked on the terminal."""
    desk = services(ctx)
    found = library.load(desk, runbook)
    opened = opening.prefill(desk, runbook, alert) if alert else None
    values = inputs_of(found, given_inputs(inputs)) if opened is None else completed(found, opened, inputs)
    chosen = Mode.DRY_RUN if dry_run else Mode(mode)
    if probe and chosen is not Mode.DRY_RUN:
        raise UsageError("--probe belongs to a dry run", "add --dry-run, or leave --probe out")
    refuse_what_cannot_run(desk, found, values, chosen)
    people, live = watchers(found, chosen.value, quiet=quiet)
    who = "" if detach else None
    known = opening.about(opened.alert) if opened is not None else None
    driver = runs.start(desk, found, values, chosen, probe=probe, people=people, observer=live, driver=who, alert=known)
    say(f"run {driver.stream}")
    if opened is not None:
        opening.belongs(desk, opened.alert, found.name, driver.stream)
    if detach:
        live.close()
        say(f"recorded; a server on this store drives it, or: {command_line(desk, 'resume', driver.stream)}")
        return int(Exit.WAITING)
    return drive(desk, found, driver, people, live, driver.stream, leased(desk, driver.stream))


def completed(found: Runbook, opened: opening.Opened, inputs: tuple[str, ...]) -> dict[str, Any]:
    """The inputs: what is given here, else what the alert says."""
    given = given_inputs(inputs)
    read = inputs_of(found, given, partial=True)
    missing = [f"{name}: {why}" for name, why in opened.missing.items() if name not in given]
    if missing:
        raise UsageError(f"the alert does not give all inputs: {'; '.join(missing)}", f"run {opened.line}")
    return inputs_of(found, {**opened.inputs, **{name: read[name] for name in given}}, texts=False)


def refuse_what_cannot_run(desk: Services, found: Runbook, values: dict[str, Any], mode: Mode) -> None:
    """Nothing is started that could not be finished: what can be told on this machine holds, or the run is refused."""
    missing = [row for row in preflight.check(desk, found, values, remote=False) if row.holds is False]
    if missing and mode is not Mode.DRY_RUN:
        listed = "".join(f"\n  {preflight.line(row)}" for row in missing)
        raise UsageError(
            f"the run was not started, since it could not be finished:{listed}", "`steady preflight` shows all of it"
        )
