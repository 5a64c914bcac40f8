"""The composition root: where settings, store, handlers and the machine come together, once per command.

Everything heavy is made when it is first needed, so that `steady validate` never opens a store.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidDocument, NotFound, Severity, UsageError
from ..handlers import registry
from ..model import Ability, HandlerSpec
from ..schema import UNKNOWN_FAMILY, Settings, read_settings

if TYPE_CHECKING:
    from ..access.protocol import Cells
    from ..driver.ports import Clock, Ports
    from ..graph import Around
    from ..handlers.protocol import Handler
    from ..journal.lease import Leases
    from ..journal.protocol import Journal

SETTINGS = "steady.yaml"


class Services:
    """What the use cases need: settings, specifications and hands of the handlers, the journal, time, and who acts.

    `store` and `config` are the words of the command line ('' when not given); `environ` and `cwd` are the process's;
    `engine` is what this process is (engine, server).
    """

    def __init__(
        self,
        *,
        store: str = "",
        config: str = "",
        environ: Mapping[str, str] | None = None,
        cwd: str = "",
        clock: Clock | None = None,
        engine: str = "engine",
    ) -> None:
        self.environ: Mapping[str, str] = environ if environ is not None else dict(os.environ)
        self.cwd = cwd or os.getcwd()
        self._clock = clock
        self._engine = engine
        self._store = store
        self._config = config

    @cached_property
    def config_path(self) -> Path | None:
        """The settings file: the one named, or the first steady.yaml from here upwards; None when there is none."""
        named = self._config or self.environ.get("STEADY_CONFIG", "")
        if named:
            path = Path(self.cwd, named)
            if not path.is_file():
                raise UsageError(f"there is no settings file {named}", "name an existing file with --config")
            return path
        here = Path(self.cwd)
        return next((d / SETTINGS for d in (here, *here.parents) if (d / SETTINGS).is_file()), None)

    @cached_property
    def settings(self) -> Settings:
        """The settings; the defaults when there is no file. Raises InvalidDocument."""
        return self.fresh_settings()

    def adopt_settings(self, settings: Settings) -> None:
        """From now on, these are the settings. Whoever has asked for them before keeps what they had."""
        self.settings = settings
        self.__dict__.pop("around", None)

    def fresh_settings(self) -> Settings:
        """The settings as the file has them now. Raises InvalidDocument, UsageError."""
        path = self.config_path
        if path is None:
            return Settings()
        content = read_bytes(path)
        settings, diagnostics = read_settings(content, str(path), self.specs)
        if any(d.code == UNKNOWN_FAMILY for d in diagnostics):
            settings, diagnostics = read_settings(content, str(path), self.all_specs())
        if settings is None or any(d.severity is Severity.ERROR for d in diagnostics):
            raise InvalidSettings(diagnostics)
        if settings.changes.freezes:
            from ..driver.freezes import zone_of  # noqa: PLC0415 the driver is not for `validate`

            for freeze in settings.changes.freezes:
                zone_of(freeze.zone)
        return settings

    @cached_property
    def around(self) -> Around:
        """What the proofs may know of the settings. Raises InvalidDocument, UsageError."""
        from ..graph import Around  # noqa: PLC0415 not for commands that read no runbook

        if self.config_path is None:
            return Around()
        from .around import around  # noqa: PLC0415 only where there are settings

        return around(self.settings, self.config_path, read_bytes)

    @cached_property
    def store_url(self) -> str:
        """Where the journal lies: --store, STEADY_STORE, the settings, or SQLite under the state folder.

        For people it is `store_name`: the address of a database may hold a password.
        """
        named = self._store or self.environ.get("STEADY_STORE", "")
        if named:
            return named
        from_settings = self.settings.store
        if from_settings and "://" not in from_settings and self.config_path is not None:
            from_settings = str(self.config_path.parent / from_settings)
        state = self.environ.get("XDG_STATE_HOME") or os.path.join(self.environ.get("HOME", "~"), ".local", "state")
        return from_settings or f"{state}/steadyhand/journal.db"

    @property
    def store_name(self) -> str:
        """Where the journal lies, for people."""
        from ..journal.addresses import shown  # noqa: PLC0415 not for `validate`

        return shown(self.store_url)

    @property
    def named_store(self) -> str:
        """The store as it was named on the command line; '' when it was not."""
        return self._store

    @cached_property
    def journal(self) -> Journal:
        """The store, opened (and made where it does not exist)."""
        from ..journal.open import open_journal  # noqa: PLC0415 sqlite3 is not for `validate`

        return open_journal(self.store_url)

    @cached_property
    def cells(self) -> Cells:
        """The access store beside the journal: accounts, sessions, tokens (made where it does not exist)."""
        from ..access.open import open_cells  # noqa: PLC0415 sqlite3 is not for `validate`

        return open_cells(self.store_url, self.clock.now)

    @cached_property
    def leases(self) -> Leases:
        """The locks that let one process at a time drive a run: files beside the store, or sessions of PostgreSQL."""
        from ..journal.lease import leases  # noqa: PLC0415 not for `validate`

        return leases(self.store_url)

    def close(self) -> None:
        """Let go of the store, if it was opened."""
        for name in ("leases", "journal", "cells"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    @cached_property
    def _plugins(self) -> tuple[Mapping[str, Handler], tuple[str, ...]]:
        return registry.plugins()

    @cached_property
    def specs(self) -> Mapping[str, HandlerSpec]:
        """The specifications of the built-in handlers. Those of plug-ins are found by `all_specs`."""
        return registry.specs()

    def all_specs(self) -> Mapping[str, HandlerSpec]:
        """The specifications of all handlers, plug-ins too (looked for once, when a document needs them)."""
        handlers, _ = self._plugins
        return {**{name: h.spec for name, h in handlers.items()}, **self.specs}

    @property
    def plugin_problems(self) -> tuple[str, ...]:
        """Why plug-ins could not be loaded, a sentence each."""
        return self._plugins[1]

    @property
    def specs_in_use(self) -> Mapping[str, HandlerSpec]:
        """The specifications as far as a document has asked for them: those of plug-ins once they were looked for."""
        return self.all_specs() if "_plugins" in self.__dict__ else self.specs

    def spec(self, name: str) -> HandlerSpec:
        """The specification of a step kind."""
        return self.specs[name] if name in self.specs else self.all_specs()[name]

    def ability(self) -> Ability:
        """By what this machine can confine a read, or why not."""
        from ..handlers._confine import ability  # noqa: PLC0415 not for `validate`

        return ability()

    def handler(self, name: str) -> Handler:
        """The handler of a step kind. Raises NotFound."""
        if name in self.specs:
            return registry.handler(name)
        handlers, _ = self._plugins
        if name not in handlers:
            raise NotFound(f"there is no handler for {name} steps here", "install the package that brings it")
        return handlers[name]

    @cached_property
    def clock(self) -> Clock:
        """The only source of time."""
        from ..driver.ports import SystemClock  # noqa: PLC0415 the driver is not for `validate`

        return self._clock or SystemClock()

    @cached_property
    def host(self) -> str:
        """The name of this machine."""
        return os.uname().nodename

    @cached_property
    def person(self) -> str:
        """Who acts on this command line: the operating system's user, whatever its environment claims.

        Only the superuser may act for somebody else: behind `sudo`, that is who called it.
        """
        import pwd  # noqa: PLC0415 not for `validate`

        behind = self.environ.get("SUDO_USER", "")
        if os.getuid() == 0 and behind:
            return behind
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return f"uid-{os.getuid()}"

    @property
    def actor(self) -> str:
        """What this process is called where it appends as an engine."""
        return f"{self._engine}@{self.host}/{os.getpid()}"

    def ports(self) -> Ports:
        """The doors of a driver."""
        from ..driver.ports import Ports  # noqa: PLC0415 the driver is not for `validate`

        find: Callable[[str], Any] = self.handler
        return Ports(
            journal=self.journal,
            specs=self.specs_in_use,
            handler=find,
            environ=self.environ,
            cwd=self.cwd,
            actor=self.actor,
            host=self.host,
            clock=self.clock,
            changes=self.settings.changes,
            ability=self.ability,
            lock=self.store_url,
        )


class InvalidSettings(InvalidDocument):
    """The settings file has findings; nothing was started."""

    exit = UsageError.exit


def read_bytes(path: Path) -> bytes:
    """A file's bytes, or a UsageError that says why not."""
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a file") from None
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}", "check the path, or run `steady validate .`") from None
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong with a file that the user has named is told as that. Raises UsageError."""
    try:
        yield
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror}", "name another place") from problem
