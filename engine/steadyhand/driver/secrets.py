"""Where secrets come from: looked up when a step needs them, kept in memory alone, known to the redactor first."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from ..errors import HandlerError, Refused, TimedOut
from ..model import SecretSource
from .redaction import Redactor

PATIENCE = 10.0
"""Seconds that a command may take to give a secret."""


class SecretStore:
    """The secrets of one run. Each is looked up once, when it is first revealed."""

    def __init__(
        self, sources: Mapping[str, SecretSource], redactor: Redactor, cwd: str, environ: Mapping[str, str]
    ) -> None:
        self._sources = sources
        self._redactor = redactor
        self._cwd = cwd
        self._environ = environ
        self._values: dict[str, str] = {}
        self._lock = threading.Lock()

    def reveal(self, name: str) -> str:
        """The value of a secret. Raises Refused or TimedOut; nothing has happened then."""
        with self._lock:
            if name not in self._values:
                source = self._sources.get(name)
                if source is None:
                    raise Refused(f"secret {name} is not declared", "declare it under `secrets:`")
                value = look_up(source, self._cwd, self._environ)
                self._redactor.learn(name, value)
                self._values[name] = value
            return self._values[name]

    def check(self, name: str) -> tuple[str, bool, str]:
        """A row of a preflight: whether the secret could be looked up, without looking at it."""
        source = self._sources[name]
        problem = missing(source, self._cwd, self._environ)
        return (f"secret {name} ({source.kind})", not problem, problem)


def look_up(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    """The value from its source. Raises Refused when there is none, or an empty one."""
    problem = missing(source, cwd, environ)
    if problem:
        raise Refused(f"secret {source.name} cannot be had: {problem}", _hint(source))
    value = {"env": _from_env, "file": _from_file, "command": _from_command}[source.kind](source, cwd, environ)
    if not value:
        raise Refused(f"secret {source.name} is empty", _hint(source))
    return value


def missing(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    """Why a secret could not be looked up, without looking at it; '' when nothing speaks against it."""
    match source.kind:
        case "env":
            return "" if environ.get(str(source.at)) else f"the environment has no {source.at}"
        case "file":
            path = _path(source, cwd)
            return "" if os.access(path, os.R_OK) and path.is_file() else f"{path} cannot be read"
        case "command":
            argv = _argv(source)
            return "" if shutil.which(argv[0], path=environ.get("PATH")) else f"there is no command {argv[0]}"
        case _:
            return f"{source.kind} secrets are not in this version"


def known_values(sources: Mapping[str, SecretSource], cwd: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The values that can be had at no cost (environment and files), so that they are hidden before they are used."""
    found: dict[str, str] = {}
    for name, source in sources.items():
        if source.kind in {"env", "file"} and not missing(source, cwd, environ):
            try:
                found[name] = look_up(source, cwd, environ)
            except HandlerError:
                continue
    return found


def _hint(source: SecretSource) -> str:
    return {
        "env": f"export {source.at}=... before the run",
        "file": f"put it into {source.at}, readable for this user alone",
        "command": "run the command by hand and see what it says",
    }.get(source.kind, "take it from env, file or command")


def _path(source: SecretSource, cwd: str) -> Path:
    return Path(cwd, Path(str(source.at)).expanduser())


def _argv(source: SecretSource) -> list[str]:
    return [str(part) for part in source.at] if isinstance(source.at, (list, tuple)) else ["/bin/sh", "-c", str(source.at)]


def _from_env(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    del cwd
    return environ[str(source.at)]


def _from_file(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    del environ
    return _path(source, cwd).read_bytes().decode("utf-8", "surrogateescape").rstrip("\r\n")


def _from_command(source: SecretSource, cwd: str, environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 the command is the runbook's own
            _argv(source), cwd=cwd, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(f"secret {source.name}: its command gave nothing within {PATIENCE:g} s", _hint(source)) from None
    except OSError as problem:
        raise Refused(f"secret {source.name}: its command cannot be run: {problem.strerror}", _hint(source)) from None
    if done.returncode:
        raise Refused(f"secret {source.name}: its command exited {done.returncode}", _hint(source))
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\r\n")
