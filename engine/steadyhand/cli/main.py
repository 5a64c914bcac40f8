"""The one place that decides how the program dies, and the table of its commands.

Commands are loaded by name when they are called, so that `steady validate` pays for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from .. import __version__
from ..errors import Exit, InvalidDocument, SteadyError, UsageError
from .streams import abandon, is_output, say

COMMANDS: dict[str, str] = {
    "answer": "Answer a question that a run has put.",
    "audit": "Verify, export or list what was recorded.",
    "backup": "Write the whole store to one file.",
    "backtest": "Show what would have come of recorded alerts.",
    "doctor": "Say what this machine has and lacks.",
    "drill": "Break a disposable real service and have a runbook repair it.",
    "graph": "Draw the steps of a runbook.",
    "init": "Begin a library: settings, a runbook, its test, a CI snippet.",
    "lease": "Take a target, hand it back, or list what is taken.",
    "library": "List, show, copy and prove the runbooks of the library.",
    "note": "Write something down in a run.",
    "person": "Say who may sign in on a server.",
    "plan": "Show every path that a run could take; nothing is contacted.",
    "preflight": "Say whether every step could be carried out right now.",
    "restore": "Make a store of a backup.",
    "resume": "Go on with a run that was interrupted or waits.",
    "run": "Run a runbook.",
    "runs": "List runs, newest first.",
    "schema": "Print a JSON Schema.",
    "serve": "Serve: alerts in, web pages, the API.",
    "show": "Show one run.",
    "stop": "Ask a run to stop.",
    "store": "Copy one store into another.",
    "test": "Run runbooks against scripted worlds.",
    "token": "Make, list and revoke tokens for the API.",
    "transcript": "Write the transcript of a run.",
    "validate": "Check runbooks: document, schema, graph.",
    "watch": "Follow a run.",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by its name."""
        del ctx
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"steadyhand.cli.commands.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """A command, or the nearest one for a misspelt name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415 only for the message

            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="steady")
@click.option("--store", metavar="URL", help="Where the journal lies (or STEADY_STORE).", default="")
@click.option("--config", metavar="FILE", help="The settings; else steady.yaml is looked for upwards.", default="")
@click.pass_context
def steady(ctx: click.Context, store: str, config: str) -> None:
    """Executable runbooks for people on call."""
    if config and not Path(config).is_file():
        raise UsageError(f"there is no settings file {config}", "name an existing file with --config")
    ctx.obj = {"store": store, "config": config}


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. The only place where an exception becomes one."""
    try:
        code = steady.main(args=list(args) if args is not None else None, prog_name="steady", standalone_mode=False)
        return int(code) if isinstance(code, int) else int(Exit.GOOD)
    except InvalidDocument as invalid:
        from .reporters import text_of  # noqa: PLC0415 only when there is something to report

        say(text_of(invalid.diagnostics))
        return int(invalid.exit)
    except SteadyError as problem:
        hint = f"\n  {problem.hint}" if problem.hint else ""
        say(f"steady: {problem.message}{hint}")
        return int(problem.exit)
    except click.ClickException as problem:
        problem.show()
        return int(Exit.USAGE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return int(Exit.INTERRUPTED)
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit as left:  # the way out that click takes: completion, and a reader who has left
        return int(Exit.GOOD) if isinstance(left.__context__, BrokenPipeError) else int(left.code or 0)
    except BrokenPipeError as problem:
        abandon(problem)
        return int(Exit.GOOD)
    except OSError as problem:
        if not is_output(problem):
            return _bug(problem)
        abandon(problem)
        return int(Exit.USAGE)
    except Exception as bug:  # noqa: BLE001 whatever else happens is a bug of ours, and is reported as one
        return _bug(bug)


def _bug(bug: BaseException) -> int:
    from .bug import report  # noqa: PLC0415 only when there is one

    say(report(bug))
    return int(Exit.BROKEN)
