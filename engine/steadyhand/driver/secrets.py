"""Fetches secrets as late as can be, once a run, and tells the redactor before it tells anybody else.

Made by the driver, used by the hands of every attempt, from any thread. Values stay in memory and go nowhere else; no
message in here ever holds one. Where they come from is in a module for each kind of source, imported when it is needed.
"""

from __future__ import annotations

import importlib
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..errors import HandlerError, Refused
from ..events import RunStarted
from ..model import SecretSource
from .redaction import Redactor
from .sources import Found, Where

PATIENCE = 10.0
"""Seconds that a source may take to give its secret."""
KINDS: Mapping[str, tuple[str, str]] = {
    "env": ("steadyhand.driver.sources", "variable"),
    "file": ("steadyhand.driver.sources", "file"),
    "command": ("steadyhand.driver.sources", "command"),
    "kubernetes": ("steadyhand.driver.cluster", "cluster"),
    "vault": ("steadyhand.driver.vault", "vault"),
    "keyring": ("steadyhand.driver.keyrings", "keyring"),
}
"""The kind of a source to the module with its `from_` and `look_at_`, and how those are called."""
REMOTE = frozenset({"kubernetes", "vault"})
"""Sources on another machine."""


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
        self._where = Where(cwd, environ, patience)
        self._locks = {name: threading.Lock() for name in sources}
        self._values: dict[str, str] = {}
        self._notes: deque[str] = deque()

    def take_notes(self) -> tuple[str, ...]:
        """What is to be recorded about the secrets, and was not taken yet: once is enough. No note holds a value."""
        taken = []
        with suppress(IndexError):
            while True:
                taken.append(self._notes.popleft())
        return tuple(taken)

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

    def check(self, name: str, *, remote: bool = True) -> tuple[str, bool, str]:
        """A row of preflight: (what, whether it can be had, why not). Reads no file and runs no command of it; without
        `remote`, what lies on another machine is not asked for.
        """
        try:
            source = self._source(name)
            note = self._look(source) if remote or source.kind not in REMOTE else ""
        except HandlerError as problem:
            return f"secret {name}", False, f"{problem.message}: {problem.hint}"
        return f"secret {name}", True, note

    def _source(self, name: str) -> SecretSource:
        source = self._sources.get(name)
        if source is None:
            raise Refused(f"secret {name} is not declared", f"declare it: `secrets: {{{name}: {{env: VARIABLE}}}}`")
        return source

    def _fetch(self, source: SecretSource) -> Found:
        found: Found = _module(source)[0](source, self._where)
        return found

    def _look(self, source: SecretSource) -> str:
        """Raises Refused when the secret cannot be had; otherwise what is to be said about it."""
        note: str = _module(source)[1](source, self._where)
        return note


def _module(source: SecretSource) -> tuple[Any, Any]:
    """What fetches from a source of that kind, and what looks at it."""
    if source.kind not in KINDS:
        raise Refused(
            f"secret {source.name} comes from {source.kind}, which is not known", f"one of {', '.join(KINDS)}"
        )
    module, what = KINDS[source.kind]
    found = importlib.import_module(module)
    return getattr(found, f"from_{what}"), getattr(found, f"look_at_{what}")


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
