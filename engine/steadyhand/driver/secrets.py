"""Fetches secrets as late as can be, once a run, and tells the redactor before it tells anybody else.

Made by the driver, used by the hands of every attempt, from any thread. Values stay in memory and go nowhere else; no
message in here ever holds one, nor what a command printed.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from msgspec import Struct

from ..errors import HandlerError, Refused, TimedOut
from ..events import RunStarted
from ..model import SecretSource
from .redaction import Redactor

PATIENCE = 10.0
"""Seconds that a command may take to give its secret."""
LARGEST = 1024 * 1024
"""Bytes of a value; what is longer is no secret but a mistake."""


class Found(Struct, frozen=True):
    """A value as its source gave it, and what is to be said about the source ('' for nothing)."""

    value: bytes
    note: str = ""


class SecretStore:
    """The secrets of one run, by name."""

    def __init__(
        self,
        sources: Mapping[str, SecretSource],
        redactor: Redactor,
        cwd: str,
        environ: Mapping[str, str],
        patience: float = PATIENCE,
    ) -> None:
        self._sources = sources
        self._redactor = redactor
        self._cwd = cwd
        self._environ = environ
        self._patience = patience
        self._locks = {name: threading.Lock() for name in sources}
        self._values: dict[str, str] = {}
        self._notes: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be recorded about the secrets revealed so far. No note holds a value."""
        return tuple(self._notes)

    def reveal(self, name: str) -> str:
        """The value of a secret (bytes that are not UTF-8 as lone surrogates); the redactor knows it already.

        Raises Refused when there is none, TimedOut when its command took too long.
        """
        source = self._source(name)
        with self._locks[name]:
            if name not in self._values:
                found = self._fetch(source)
                notes = (found.note, self._redactor.learn(name, found.value))
                self._notes.extend(note for note in notes if note)
                self._values[name] = found.value.decode("utf-8", "surrogateescape")
            return self._values[name]

    def check(self, name: str) -> tuple[str, bool, str]:
        """A row of preflight: (what, whether it can be had, why not). Reads no file and runs no command of it."""
        try:
            source = self._source(name)
            note = self._look(source)
        except HandlerError as problem:
            return f"secret {name}", False, f"{problem.message}: {problem.hint}"
        return f"secret {name}", True, note

    def _source(self, name: str) -> SecretSource:
        source = self._sources.get(name)
        if source is None:
            raise Refused(f"secret {name} is not declared", f"declare it: `secrets: {{{name}: {{env: VARIABLE}}}}`")
        return source

    def _fetch(self, source: SecretSource) -> Found:
        if source.kind == "env":
            return Found(_variable(source, self._environ).encode("utf-8", "surrogateescape"))
        if source.kind == "file":
            return _from_file(source.name, self._path(str(source.at)))
        if source.kind == "command":
            return Found(_from_command(source, self._cwd, self._environ, self._patience))
        raise _unknown(source)

    def _look(self, source: SecretSource) -> str:
        """Raises Refused when the secret cannot be had; otherwise what is to be said about it."""
        if source.kind == "env":
            _variable(source, self._environ)
            return ""
        if source.kind == "file":
            return _look_at_file(source.name, self._path(str(source.at)))
        if source.kind == "command":
            return _look_at_command(source, self._cwd, self._environ)
        raise _unknown(source)

    def _path(self, written: str) -> str:
        home = self._environ.get("HOME", "")
        if home and (written == "~" or written.startswith("~/")):
            return home + written[1:]
        return os.path.join(self._cwd, os.path.expanduser(written))


def settings_secrets(run: RunStarted | None) -> dict[str, SecretSource]:
    """The secrets that the settings held when the run began, under the names that their targets and channels use."""
    held = run.secrets if run is not None else {}
    return {
        f"settings.{name}": SecretSource(f"settings.{name}", *next(iter(source.items())))
        for name, source in held.items()
    }


def forewarn(redactor: Redactor, sources: Mapping[str, SecretSource], cwd: str, environ: Mapping[str, str]) -> None:
    """Teach the redactor what can be had at no cost (environment, files), before any step could print it."""
    for name, source in sources.items():
        if source.kind in {"env", "file"}:
            with suppress(HandlerError):
                SecretStore({name: source}, redactor, cwd, environ).reveal(name)


def _unknown(source: SecretSource) -> Refused:
    return Refused(
        f"secret {source.name} is read from {source.kind}, which comes with a later version",
        "read it from env, file or command instead",
    )


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
