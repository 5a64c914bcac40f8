"""`shell`: run a command on this machine, as text for a shell or as an argument list.

A value that a placeholder puts into `text` is one quoted word already (the template engine's duty). A secret never
stands on the command line there: it travels in a variable of the child's environment, and the text names the variable.
The process itself is `_process`'s business.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import (
    MASK,
    Capabilities,
    HandlerSpec,
    Need,
    Param,
    Plan,
    Result,
    Secret,
    Syntax,
    Target,
    Text,
    plain,
)
from ._texts import bytes_of, in_shell, text_of, variable

if TYPE_CHECKING:
    from .protocol import Hands

SHOWN = 200
"""Characters of the standard input that a preview shows."""

spec = HandlerSpec(
    name="shell",
    summary="Run a command on this machine.",
    short="text",
    one_of=(("text", "argv"),),
    params=(
        Param(
            "text",
            "text",
            "The command, for the shell. Every placeholder is one quoted word.",
            "systemctl is-active {{ inputs.unit }}",
            syntax=Syntax.SHELL,
        ),
        Param(
            "argv",
            "list",
            "The program and its arguments; no shell, nothing to quote.",
            ["df", "-P", "{{ inputs.path }}"],
        ),
        Param("env", "map", "Further variables of its environment.", {"PGPASSWORD": "{{ secrets.db_password }}"}),
        Param("cwd", "text", "The folder to start in.", "/srv/app"),
        Param("stdin", "text", "What it reads from its standard input; nothing unless said.", "{{ facts.sql }}"),
        Param("shell", "text", "The shell that reads `text`, called with -c; /bin/sh unless said.", "/bin/bash"),
    ),
    results={
        "exit_code": "the exit code; -9 when signal 9 ended it",
        "stdout": "what it printed, at most 1 MiB of it",
        "stderr": "what it printed as errors, at most 1 MiB of it",
        "signal": "the name of the signal that ended it (SIGKILL), or nothing",
        "duration": "microseconds from its start to its end",
        "held_open": "whether something it had started still held its output open when it ended",
    },
    default_expect={"exit_code": 0},
    capabilities=Capabilities(cancel=True, stream=True, confine=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The command as it would run, with its secrets by name. Raises BadInput."""
    if target is not None:
        raise BadInput("a `shell` step runs on this machine and takes no target", "use `ssh` for other machines")
    env: dict[str, Any] = {name: text_of(value) for name, value in params.get("env", {}).items()}
    if "argv" in params:
        argv, command, carried = _words(params["argv"]), "", {}
        if "shell" in params:
            raise BadInput("`shell` reads `text`, and `argv` needs no shell", "remove `shell`, or write `text`")
        command = " ".join(_shown(word) for word in argv)
    else:
        text = text_of(params["text"])
        argv = [text_of(params.get("shell", "/bin/sh")), plain("-c"), Text(tuple(map(in_shell, text.parts)))]
        command, carried = text.masked(), {variable(name): Text((Secret(name),)) for name in text.secrets}
    request = {name: text_of(params[name]) for name in ("cwd", "stdin") if name in params}
    preview = "\n".join([command, *_circumstances(params, argv if "argv" in params else ())])
    return Plan("shell", preview, {**request, "argv": argv, "env": {**env, **carried}})


def _words(given: Any) -> list[Text]:
    """The argument list. Raises BadInput when there is no program in it."""
    words = [text_of(word) for word in given]
    if not words or not words[0].parts or words[0] == plain(""):
        raise BadInput("`argv` names no program", "give at least the program, as its first item")
    return words


def _shown(word: Text) -> str:
    """A word as a person would type it, its secrets as dots."""
    if not word.secrets:
        return shlex.quote(word.masked())
    return "".join(MASK if isinstance(part, Secret) else part.text and shlex.quote(part.text) for part in word.parts)


def _circumstances(params: Mapping[str, Any], argv: Sequence[Text]) -> list[str]:
    """What else an approval should know, a line each."""
    lines = [f"# with {name}={_shown(text_of(value))}" for name, value in params.get("env", {}).items()]
    if "cwd" in params:
        lines.append(f"# in {_shown(text_of(params['cwd']))}")
    if "shell" in params:
        lines.append(f"# by {_shown(text_of(params['shell']))}")
    if "stdin" in params:
        text = text_of(params["stdin"]).masked()
        more = f" ... ({len(text):,} characters)" if len(text) > SHOWN else ""
        lines.append(f"# reading {text[:SHOWN]!r}{more}")
    names = ", ".join(dict.fromkeys(name for word in argv for name in word.secrets))
    if names:
        lines.append(f"# {names} will stand in the process list, for every user of this machine; `env` is safer")
    return lines


def perform(plan: Plan, hands: Hands) -> Result:
    """Run it to its end."""
    from . import _process  # noqa: PLC0415 subprocess and selectors are not for `validate`

    request = plan.request
    start = time.monotonic()
    ended = _process.run(
        [hands.reveal(word) for word in request["argv"]],
        hands,
        env={name: hands.reveal(value) for name, value in request["env"].items()},
        cwd=os.path.join(hands.cwd, hands.reveal(request["cwd"])) if "cwd" in request else hands.cwd,
        stdin=bytes_of(hands.reveal(request["stdin"]), "`stdin`") if "stdin" in request else b"",
    )
    return Result(
        {
            "exit_code": ended.exit_code,
            "stdout": hands.sink("stdout").text(),
            "stderr": hands.sink("stderr").text(),
            "signal": ended.signal,
            "duration": int((time.monotonic() - start) * 1_000_000),
            "held_open": ended.held_open,
        }
    )


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the program and the folder are there. What only a secret could tell is not looked at."""
    argv, cwd = plan.request["argv"], plan.request.get("cwd")
    needs: list[Need] = []
    folder = hands.cwd if cwd is None else os.path.join(hands.cwd, cwd.masked())
    if not argv[0].secrets:
        needs.append(_program(argv[0].masked(), folder, plan.request["env"].get("PATH")))
    if cwd is not None and not cwd.secrets:
        there = os.path.isdir(folder)
        how = "" if there else "create it, or change `cwd`"
        needs.append(Need(f"folder {folder}", there, "" if there else "there is no such folder", how))
    return needs


def _program(name: str, folder: str, path: Text | None) -> Need:
    """A name is looked for on the PATH that the step will have; a path is read from the folder it starts in."""
    if "/" in name:
        there = os.access(os.path.join(folder, name), os.X_OK)
        missing = ("not there, or not to be executed", "check the path, and that it may be executed")
        return Need(f"program {name}", there, *(("", "") if there else missing))
    import shutil  # noqa: PLC0415 brings every compressor along

    there = shutil.which(name, path=path.masked() if path is not None else None) is not None
    return Need(f"program {name}", there, *(("", "") if there else ("not on PATH", f"install {name}")))
