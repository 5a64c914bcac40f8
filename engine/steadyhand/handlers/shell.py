"""`shell`: a command on this machine, as text for /bin/sh or as a list of arguments.

Values were quoted by the template engine. Secrets never stand on a command line: in text, each becomes a variable of
the child's environment.
"""

from __future__ import annotations

import os
import shlex
import shutil
import time
from collections.abc import Mapping
from typing import Any

from ..errors import BadInput
from ..model import MASK, Capabilities, HandlerSpec, Literal, Param, Plan, Result, Secret, Syntax, Target, Text, plain
from .protocol import Hands

VARIABLE = "STEADY_SECRET_"

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
        Param("stdin", "text", "What it reads from its standard input.", "{{ facts.sql }}"),
        Param("shell", "text", "The shell that reads `text`; /bin/sh unless said otherwise.", "/bin/bash"),
    ),
    results={
        "exit_code": "the exit code; -9 when signal 9 ended it",
        "stdout": "what it printed, at most 1 MiB of it",
        "stderr": "what it printed as errors, at most 1 MiB of it",
        "signal": "the name of the signal that ended it, or nothing",
        "duration": "microseconds from its start to its end",
        "held_open": "whether something it started still held its output open",
    },
    default_expect={"exit_code": 0},
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The command as it would run, with its secrets by name."""
    if target is not None:
        raise BadInput("a `shell` step runs on this machine and takes no target", "use `ssh` for other machines")
    request: dict[str, Any] = {key: params[key] for key in ("cwd", "stdin") if key in params}
    env: dict[str, Any] = dict(params.get("env", {}))
    if "argv" in params:
        argv = [word if isinstance(word, Text) else plain(str(word)) for word in params["argv"]]
        if not argv:
            raise BadInput("`argv` is empty", "give at least the program")
        preview = shlex.join(word.masked() for word in argv).replace(f"'{MASK}'", MASK)
    else:
        text: Text = params["text"]
        shell = params.get("shell", plain("/bin/sh"))
        argv = [shell, plain("-c"), Text(tuple(_in_shell(part) for part in text.parts))]
        env.update({f"{VARIABLE}{name}": Text((Secret(name),)) for name in text.secrets})
        preview = text.masked()
    request.update(argv=argv, env=env)
    return Plan("shell", preview, request)


def _in_shell(part: Any) -> Any:
    return Literal(f'"${{{VARIABLE}{part.name}}}"') if isinstance(part, Secret) else part


def perform(plan: Plan, hands: Hands) -> Result:
    """Run it to its end."""
    from . import _process  # noqa: PLC0415 subprocess is not for `validate`

    request = plan.request
    argv = [hands.reveal(word) for word in request["argv"]]
    own = {name: hands.reveal(value) for name, value in request["env"].items()}
    env = {**os.environ, **own, **hands.environment}
    cwd = os.path.join(hands.cwd, hands.reveal(request["cwd"])) if "cwd" in request else hands.cwd
    stdin = os.fsencode(hands.reveal(request["stdin"])) if "stdin" in request else b""
    start = time.monotonic()
    ended = _process.run(argv, hands, env=env, cwd=cwd, stdin=stdin)
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


def preflight(plan: Plan, hands: Hands) -> list[tuple[str, bool, str]]:
    """Whether the program and the folder are there."""
    first = plan.request["argv"][0]
    name = first.masked()
    there = shutil.which(name, path=os.environ.get("PATH")) is not None
    rows = [(f"program {name}", there, "" if there else f"install {name}, or put it on PATH")]
    if "cwd" in plan.request:
        cwd = os.path.join(hands.cwd, plan.request["cwd"].masked())
        rows.append((f"folder {cwd}", os.path.isdir(cwd), "" if os.path.isdir(cwd) else "create it, or change `cwd`"))
    return rows
