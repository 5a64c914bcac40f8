"""Secrets that this machine itself holds: in a variable, in a file, or as what a command prints.

Called by secrets.py. What a source gives is never part of a message, nor is what a command printed.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from msgspec import Struct

from ..errors import Refused, TimedOut
from ..model import SecretSource

LARGEST = 1024 * 1024
"""Bytes of a value; what is longer is no secret but a mistake."""


class Where(Struct, frozen=True):
    """What a source may need of the place that steady runs in. `patience` is how many seconds it may take."""

    cwd: str
    environ: Mapping[str, str]
    patience: float

    def path(self, written: str) -> str:
        """A path as it is written in a document."""
        home = self.environ.get("HOME", "")
        if home and (written == "~" or written.startswith("~/")):
            return home + written[1:]
        return os.path.join(self.cwd, os.path.expanduser(written))


class Found(Struct, frozen=True):
    """A value as its source gave it, and what is to be said about the source ('' for nothing)."""

    value: bytes
    note: str = ""


def from_variable(source: SecretSource, where: Where) -> Found:
    """The value of a variable."""
    return Found(_variable(source, where.environ).encode("utf-8", "surrogateescape"))


def look_at_variable(source: SecretSource, where: Where) -> str:
    """Raises Refused when it is not set."""
    _variable(source, where.environ)
    return ""


def from_file(source: SecretSource, where: Where) -> Found:
    """What a file holds."""
    return _from_file(source.name, where.path(str(source.at)))


def look_at_file(source: SecretSource, where: Where) -> str:
    """Raises Refused when it cannot be read."""
    return _look_at_file(source.name, where.path(str(source.at)))


def from_command(source: SecretSource, where: Where) -> Found:
    """What a command prints."""
    return Found(_from_command(source, where.cwd, where.environ, where.patience))


def look_at_command(source: SecretSource, where: Where) -> str:
    """Raises Refused when its program is not there."""
    return _look_at_command(source, where.cwd, where.environ)


def _variable(source: SecretSource, environ: Mapping[str, str]) -> str:
    value = environ.get(str(source.at), "")
    if not value:
        state = "empty" if str(source.at) in environ else "not set"
        raise Refused(
            f"secret {source.name}: the variable {source.at} is {state}",
            f"set it where steady is started: `export {source.at}=...`",
        )
    return value


# --- files


def _look_at_file(name: str, path: str) -> str:
    try:
        seen = os.stat(path)
        readable = os.access(path, os.R_OK)
    except (OSError, ValueError) as problem:
        raise _unreadable(name, path, problem) from None
    if not stat.S_ISREG(seen.st_mode):
        raise Refused(f"secret {name}: {path} is not a regular file", "give the path of a file that holds the value")
    if not readable:
        raise _unreadable(name, path, PermissionError(13, "Permission denied"))
    if not seen.st_size:
        raise _empty_file(name, path)
    if seen.st_mode & stat.S_IROTH:
        return f"secret {name}: everybody on this machine can read {path}: `chmod 600 {shlex.quote(path)}`"
    return ""


def _from_file(name: str, path: str) -> Found:
    note = _look_at_file(name, path)
    try:
        with open(path, "rb") as file:
            value = file.read(LARGEST + 1)
    except OSError as problem:
        raise _unreadable(name, path, problem) from None
    if len(value) > LARGEST:
        raise Refused(
            f"secret {name}: {path} is larger than 1 MiB", "give the path of a file that holds just the value"
        )
    value = value.rstrip(b"\r\n")
    if not value:
        raise _empty_file(name, path)
    return Found(value, note)


def _unreadable(name: str, path: str, problem: Exception) -> Refused:
    why = problem.strerror if isinstance(problem, OSError) else str(problem)
    return Refused(
        f"secret {name}: cannot read {path}: {why}",
        f"look at it as the user that steady runs as: `ls -l {shlex.quote(path)}`",
    )


def _empty_file(name: str, path: str) -> Refused:
    return Refused(f"secret {name}: the file {path} is empty", "write the value into it")


# --- commands


def _argv(source: SecretSource) -> list[str]:
    if isinstance(source.at, str):
        return ["/bin/sh", "-c", source.at]
    return [str(word) for word in source.at]


def _shown(source: SecretSource) -> str:
    return source.at if isinstance(source.at, str) else shlex.join(_argv(source))


def _from_command(source: SecretSource, cwd: str, environ: Mapping[str, str], patience: float) -> bytes:
    by_hand = f"run it by hand, as the user that steady runs as: `{_shown(source)}`"
    try:
        process = subprocess.Popen(
            _argv(source),
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as problem:
        raise Refused(f"secret {source.name}: its command cannot be started: {problem}", by_hand) from None
    assert process.stdout is not None  # noqa: S101 it was asked for
    over = time.monotonic() + patience
    try:
        value = _read(process.stdout, over)
        code = 0 if len(value) > LARGEST else process.wait(max(0.0, over - time.monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise TimedOut(f"secret {source.name}: its command did not end within {patience:g} s", by_hand) from None
    finally:
        _end(process)
    return _given(source, value, code, by_hand)


def _given(source: SecretSource, value: bytes, code: int, by_hand: str) -> bytes:
    if len(value) > LARGEST:
        raise Refused(f"secret {source.name}: its command printed more than 1 MiB", by_hand)
    if code:
        ended = f"exited with {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"
        raise Refused(f"secret {source.name}: its command {ended}", by_hand)
    value = value.rstrip(b"\r\n")
    if not value:
        raise Refused(f"secret {source.name}: its command printed nothing", by_hand)
    return value


def _read(pipe: IO[bytes], over: float) -> bytes:
    """All that comes, at most one byte more than LARGEST. Raises TimeoutError."""
    taken = bytearray()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    while len(taken) <= LARGEST:
        left = over - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        data = os.read(pipe.fileno(), 64 * 1024)
        if not data:
            break
        taken += data
    return bytes(taken[: LARGEST + 1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it if it has not ended. One that has may have left an agent behind on purpose, and its group id is free."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()


def _look_at_command(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    """Whether the executable is there. What a shell would make of more than a plain word is not guessed at."""
    word = _first_word(source)
    if not word:
        return "cannot be told without running its command"
    path = environ.get("PATH", os.defpath)
    if "/" in word:
        found = shutil.which(os.path.join(cwd, word)) is not None
    elif isinstance(source.at, str):
        asked = subprocess.run(
            ["/bin/sh", "-c", 'command -v "$1"', "sh", word],
            env={"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        found = asked.returncode == 0
    else:
        found = shutil.which(word, path=path) is not None
    if not found:
        raise Refused(f"secret {source.name}: {word} is not found", f"install it, or put it on the PATH ({path})")
    return ""


def _first_word(source: SecretSource) -> str:
    if not isinstance(source.at, str):
        return next(iter(_argv(source)), "")
    try:
        words = shlex.split(source.at)
    except ValueError:
        return ""
    word = next((word for word in words if "=" not in word), "")
    plain = word.replace("/", "").replace(".", "").replace("_", "").replace("-", "")
    return word if plain.isalnum() and not word.startswith("-") else ""
