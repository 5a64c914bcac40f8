"""From an argument list to a started child, or to the sentence that says why nothing was started.

Called by _process alone. Every failure in here is certain: the program has not run.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Mapping, Sequence

from ..errors import BadInput, HandlerError, Refused
from ._texts import bytes_of

LONGEST = 128 * 1024
"""Bytes of one argument or variable, its closing NUL included (MAX_ARG_STRLEN on Linux)."""
USE_STDIN = "hand the value over through `stdin`"

HINTS: Mapping[int, tuple[str, str]] = {
    errno.EACCES: ("{name} may not be executed", "check that it is a program, and its permissions: chmod +x"),
    errno.ENOEXEC: ("{name} is no program this machine can run", "begin a script with a line like #!/bin/sh"),
    errno.ENOTDIR: ("there is no program {name}", "a part of its path is no folder"),
    errno.EAGAIN: ("this machine cannot start another process now", "look at `ulimit -u` and what already runs"),
    errno.ENOMEM: ("this machine has no memory for another process", "look at what uses its memory"),
    errno.EMFILE: ("too many files are open to start {name}", "raise `ulimit -n`, or run fewer steps at once"),
}
"""errno to what is wrong and what to do; all else is told in the system's words."""


def start(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    *,
    piped: bool,
    behind: Sequence[str] = (),
    passed: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """The child, leader of a session of its own, its output in pipes. Raises BadInput or Refused.

    `behind` is the program that is really started and becomes the one meant; `passed` are descriptors it is handed.
    """
    words = [_bytes(word, "an argument") for word in argv]
    own = {_bytes(name, "a variable"): _bytes(value, f"the variable {name}") for name, value in env.items()}
    _check(words, own)
    try:
        # No preexec_fn: with it, the child would be forked in full instead of through vfork.
        return subprocess.Popen(
            [*map(os.fsencode, behind), *words],
            env={**os.environb, **own},
            cwd=_bytes(cwd, "the folder") or None,
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            pass_fds=passed,
        )
    except OSError as problem:
        raise refused(problem, behind[0] if behind else argv[0], words, own, cwd) from problem


def _bytes(text: str, what: str) -> bytes:
    if "\0" in text:
        raise BadInput(f"{what} holds a NUL byte, which cannot be handed to a program", USE_STDIN)
    return bytes_of(text, what)


def _check(words: Sequence[bytes], env: Mapping[bytes, bytes]) -> None:
    if not words or not words[0]:
        raise BadInput("there is no program to start: the first word is empty", "give at least the program")
    for name in env:
        if not name or b"=" in name:
            raise BadInput(f"{os.fsdecode(name)!r} is no name of a variable", "use letters, digits and _")
    for size in (*map(len, words), *(len(name) + 1 + len(value) for name, value in env.items())):
        if size >= LONGEST:
            message = f"one argument or variable is {size:,} bytes long, and the kernel takes less than {LONGEST:,}"
            raise BadInput(message, USE_STDIN)


def refused(
    problem: OSError, name: str, words: Sequence[bytes] = (), env: Mapping[bytes, bytes] | None = None, cwd: str = ""
) -> HandlerError:
    """Nothing was started, and why. The system names the folder when it was the folder that it could not enter."""
    if cwd and problem.filename == _bytes(cwd, cwd):
        hint = "~ stands for nothing here: write the whole path" if "~" in cwd else "create it, or change `cwd`"
        return Refused(f"the folder {cwd} cannot be entered: {problem.strerror}", hint)
    if problem.errno == errno.E2BIG:
        size = sum(map(len, words)) + sum(len(k) + len(v) for k, v in {**os.environb, **(env or {})}.items())
        message = f"arguments and environment are {size:,} bytes long together, more than the kernel takes"
        return BadInput(message, USE_STDIN)
    if problem.errno == errno.ENOENT:
        return _missing(name, cwd)
    if problem.errno is not None and problem.errno in HINTS:
        message, hint = HINTS[problem.errno]
        return Refused(message.format(name=name), hint)
    return Refused(f"{name} cannot be started: {problem.strerror}", "check the program and this machine")


def _missing(name: str, cwd: str) -> HandlerError:
    if "/" not in name:
        return Refused(f"{name} was not found on PATH", f"install {name}, or give its whole path")
    if os.path.exists(os.path.join(cwd, name)):
        return Refused(f"{name} is there, but what its first line names (#!) is not", "install that interpreter")
    return Refused(f"there is no program {name}", "check the path, or install it")
