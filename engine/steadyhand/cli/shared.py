"""What commands share: the services of this call, runs by name, colours, JSON."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from ..app.services import Services
from ..errors import Exit
from ..events import GateOpened
from ..model import Conclusion
from ..projections.words import brief

F = TypeVar("F", bound=Callable[..., Any])

CONCLUSIONS: dict[Conclusion, Exit] = {
    Conclusion.HEALTHY: Exit.GOOD,
    Conclusion.RESOLVED: Exit.GOOD,
    Conclusion.ESCALATED: Exit.NO,
    Conclusion.STOPPED: Exit.NO,
    Conclusion.BROKEN: Exit.BROKEN,
}
"""How the conclusion of a run is answered to the caller."""


def services(ctx: click.Context) -> Services:
    """The services of this call."""
    given = ctx.find_root().obj or {}
    return Services(store=given.get("store", ""), config=given.get("config", ""))


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, sort_keys=False, default=str))


def counted(number: int, what: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def json_option(command: F) -> F:
    """The option --json."""
    return click.option("--json", "json_", is_flag=True, help="Print one JSON document.")(command)


def input_option(command: F) -> F:
    """The option -i NAME=VALUE."""
    text = "An input of the runbook; may be repeated."
    return click.option("-i", "--input", "inputs", multiple=True, metavar="NAME=VALUE", help=text)(command)


def given_inputs(inputs: tuple[str, ...]) -> dict[str, str]:
    """Inputs from the words of the command line."""
    found: dict[str, str] = {}
    for word in inputs:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{word!r} is no input: write -i NAME=VALUE")
        found[name] = value
    return found


def colour() -> bool:
    """Whether colours may be used: on a terminal, and not where NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def command_line(services_: Services, *words: str) -> str:
    """A command as it must be typed here, with the store where it is not the default one."""
    given = services_.store_name if services_.named_store else ""
    return shlex.join(["steady", *(["--store", given] if given else []), *words])


def answer_lines(services_: Services, run: str, gate: GateOpened) -> Iterator[str]:
    """The commands that answer a question; what became of a change is not suggested, so each answer has its own."""
    if gate.kind == "ask":
        yield command_line(services_, "answer", run, gate.gate, "VALUE", "--resume")
        return
    for option, label in gate.options.items():
        line = command_line(services_, "answer", run, gate.gate, option, "--resume")
        if gate.kind != "doubt":
            yield line
            return
        yield f"{line}  # {brief(label)}"
