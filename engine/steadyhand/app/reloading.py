"""Reads the settings anew while the server runs. Called on SIGHUP and by an admin.

New settings are read whole and checked before any of the old ones is let go; what is wrong is refused in words, and
nothing changes. A run that is on its way keeps what it was started with: that is in its first event.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from .. import events as e
from ..errors import InvalidDocument, SteadyError
from ..model.people import Identity, Role
from ..schema import Settings
from . import ledger

if TYPE_CHECKING:
    from .whole import Whole

AT_START = ("store", "server.host", "server.port", "server.proxies", "server.runs", "server.traces")
"""What counts from the next start on."""
FAULTS = 5
"""How many findings are journaled."""

log = logging.getLogger(__name__)


class Difference(Struct, frozen=True):
    """The names of the settings that differ, and of those among them that count from the next start on."""

    changed: tuple[str, ...] = ()
    at_start: tuple[str, ...] = ()


def compare(old: Settings, new: Settings) -> Difference:
    """What differs between two settings. Names alone: values may be nobody's business. Pure."""
    changed = []
    for name in Settings.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if name == "server":
            changed += [f"server.{f}" for f in before.__struct_fields__ if getattr(before, f) != getattr(after, f)]
        elif before != after:
            changed.append(name)
    return Difference(tuple(changed), tuple(name for name in changed if name in AT_START))


def reload(server: Whole, who: Identity) -> Difference:
    """Read the settings anew. Raises InvalidDocument, or another SteadyError, when they are refused; the old stay."""
    try:
        new = server.services.fresh_settings()
    except SteadyError as problem:
        findings = problem.diagnostics[:FAULTS] if isinstance(problem, InvalidDocument) else ()
        words = "; ".join(f"{d.span}: {d.message}" for d in findings) or problem.message
        # The journal keeps where and what kind, never the text: people write passwords into the wrong line.
        refused = tuple(f"{d.span} {d.code}" for d in findings) or (type(problem).__name__,)
        ledger.record(server.services, e.SettingsRead(who.person, who.how, who.origin, refused=refused))
        told = "the settings were refused, and the old ones stay: %s"
        log.error(told, words, extra={"person": who.person})  # noqa: TRY400 no bug of ours
        raise
    found = compare(server.settings, new)
    server.services.adopt_settings(new)
    ledger.record(server.services, e.SettingsRead(who.person, who.how, who.origin, found.changed, found.at_start))
    for part in server.parts:
        if hasattr(part, "reload"):
            try:
                part.reload()
            except Exception:
                log.exception("%s goes on with the old settings", type(part).__name__)
    log.info(
        "the settings were read anew: %s",
        ", ".join(found.changed) or "nothing has changed",
        extra={"person": who.person},
    )
    if found.at_start:
        log.warning("these count from the next start on: %s", ", ".join(found.at_start))
    return found


def on_hangup(server: Whole, around: Callable[[], AbstractContextManager[None]] = nullcontext) -> Callable[..., None]:
    """What SIGHUP does: the settings are read anew, in a thread, so that serving goes on. `around` is put around it."""

    def read() -> None:
        desk = server.services
        who = Identity(desk.person, "signal", "", {"*": Role.ADMIN})
        with suppress(SteadyError), around():  # what was refused is in the log, and in the journal
            reload(server, who)

    def hung_up(*_: object) -> None:
        threading.Thread(target=read, name="reload", daemon=True).start()

    return hung_up
