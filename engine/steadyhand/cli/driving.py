"""Drives a run from a command: live display, questions on the terminal, Ctrl-C, and the exit code at the end."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from ..app import runs
from ..app.answering import interpret
from ..app.services import Services
from ..driver import children
from ..driver.drive import Driver, Ending
from ..errors import Exit, UsageError
from ..events import GateOpened
from ..model import Conclusion, Runbook
from ..projections.dry import summary
from ..projections.narration import answers_of
from ..projections.transcript import draw
from ..projections.words import brief
from .live import Live
from .people import Terminal
from .shared import CONCLUSIONS, answer_lines, colour, command_line
from .streams import say

if TYPE_CHECKING:
    from ..app.runs import Lease


STOPPING = b"\nstopping: what runs is told to end; Ctrl-C again leaves at once\n"


def leased(services: Services, run: str) -> Lease:
    """The right to drive a run. Raises UsageError when another process of this machine drives it."""
    lease = runs.lease(services, run)
    if lease is None:
        who = runs.driven_elsewhere(services, run)
        raise UsageError(f"run {run} is driven by {who}", command_line(services, "watch", run))
    return lease


def drive(
    services: Services, runbook: Runbook, driver: Driver, people: Terminal, live: Live, run: str, lease: Lease
) -> int:
    """Drive to the end, or until the run must be left; what to type next is printed then."""

    def understand(gate: GateOpened, words: str) -> Any:
        return interpret(runbook, driver.state, gate, words, by=services.person, via="terminal")

    people.understand(understand)

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        driver.interrupt()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(OSError):  # not through the stream, which may be in the middle of a line
            os.write(2, STOPPING if number == signal.SIGINT else STOPPING[: STOPPING.index(b";")] + b"\n")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        ending = driver.drive()
    except KeyboardInterrupt:
        live.close()
        say(left(services, driver, run))
        raise
    finally:
        live.close()
        lease.release()
        for number, handler in before.items():
            signal.signal(number, handler)
    say_undelivered(services, runbook, run)
    return report(services, driver, ending, run)


def say_undelivered(services: Services, runbook: Runbook, run: str) -> None:
    """Who should have been told and was not: the run went on, and somebody has to tell them."""
    recorded = services.journal.read(run)
    for one in draw(recorded, runbook).undelivered:
        say(f"NOT DELIVERED: {brief(one.what, 400)} (step {one.path})")


def left(services: Services, driver: Driver, run: str) -> str:
    """What to know of a run that is left in the middle: what still runs of it, and how it goes on."""
    lines = [f"left at once; go on with: {command_line(services, 'resume', run)}"]
    for path in sorted(driver.state.running):
        change = driver.state.leaves[path].effect != "read"
        alive = next((orphan for orphan in children.find(run) if orphan.step == path), None)
        what = f"process {alive.pid} ({brief(alive.command, 60)}) still runs" if alive else "was not seen to end"
        lines.append(f"  {'change' if change else 'read'} {path}: {what}")
    return "\n".join(lines)


def report(services: Services, driver: Driver, ending: Ending, run: str) -> int:
    """Say how it stands and what to type next; the exit code."""
    if ending in {Ending.INTERRUPTED, Ending.HANDED_OVER}:
        say(f"{ending.value}; go on with: {command_line(services, 'resume', run)}")
        return int(Exit.INTERRUPTED)
    if ending is Ending.WAITING:
        for gate in driver.state.open_gates:
            say(f"waits for a person: {brief(gate.opened.prompt)}")
            say(f"  answers: {answers_of(gate.opened)}")
            for line in answer_lines(services, run, gate.opened):
                say(f"  {line}")
        return int(Exit.WAITING)
    for line in summary(services.journal.read(run)):
        click.echo(line)
    end = driver.state.conclusion
    assert end is not None  # noqa: S101 the loop returned concluded
    say(f"transcript: {command_line(services, 'transcript', run)}")
    return int(CONCLUSIONS[Conclusion(end.conclusion)])


def watchers(runbook: Runbook, mode: str, *, quiet: bool) -> tuple[Terminal, Live]:
    """The person and the display of this terminal."""
    return Terminal(), Live(runbook, sys.stdout, mode=mode, colour=colour(), quiet=quiet)
