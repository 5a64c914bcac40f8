"""`steady store copy`."""

from __future__ import annotations

import click

from ...app.stores import Copied, copy_store
from ...errors import Exit
from ..shared import as_json, json_option


@click.group("store")
def command() -> None:
    """Copy one store into another."""


@command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def copy(source: str, target: str, json_: bool) -> int:
    """Copy all runs, with their artifacts, as they stand: FROM a store TO another, file or PostgreSQL.

    The hashes are the same afterwards, and what was copied is verified. A second copy brings what is new. Where a run
    differs in the two stores, nothing is copied.
    """
    copied = copy_store(source, target)
    if json_:
        faults = [{"stream": f.stream, "seq": f.seq, "problem": f.problem} for f in copied.faults]
        counts = {"streams": copied.streams, "events": copied.events, "artifacts": copied.artifacts}
        as_json({"holds": not faults, **counts, "faults": faults})
    else:
        _told(copied)
    return int(Exit.NO if copied.faults else Exit.GOOD)


def _told(copied: Copied) -> None:
    for fault in copied.faults:
        click.echo(f"{fault.stream}, event {fault.seq}: {fault.problem}")
    if not copied.streams:
        click.echo("nothing was new")
        return
    counts = (_many(copied.streams, "stream"), _many(copied.events, "event"), _many(copied.artifacts, "artifact"))
    holds = "" if copied.faults else "; every chain holds"
    click.echo(f"copied: {', '.join(counts)}{holds}")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"
