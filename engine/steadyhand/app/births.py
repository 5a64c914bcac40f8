"""Starts the runs that routes have decided on, each once, under the id that was chosen for it. For the router."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import events as e
from ..alerts.meaning import names_of
from ..errors import JournalError, SteadyError, UsageError
from ..model import Mode, Runbook
from ..schema import inputs_of
from . import runs
from .conductor import Conductor
from .hub import Broadcast, Hub
from .services import Services


class Births:
    """Starts runs and gives them to the conductor."""

    def __init__(
        self, services: Services, hub: Hub, conductor: Conductor, runbook: Callable[[str, str], Runbook | None]
    ) -> None:
        self._services = services
        self._hub = hub
        self._conductor = conductor
        self._runbook = runbook

    def begin(self, route: str, started: e.RouteStarted) -> str:
        """Start the run, if nobody has; '' or why it cannot be started. Raises JournalError."""
        runbook = self._runbook(route, started.runbook)
        if runbook is None:
            return f"runbook {started.runbook} cannot be started: see `steady validate`"
        try:
            alert = self._alert(started)
            driver = runs.start(
                self._services,
                runbook,
                inputs_of(runbook, started.inputs, texts=False),
                Mode(started.mode),
                observer=Broadcast(self._hub, started.run),
                requester=f"alert:{alert['intake']}",
                via="alert",
                alert=alert,
                run=started.run,
            )
        except runs.AlreadyStarted:
            return ""  # whoever was cut off had come this far, and the conductor has it
        except JournalError:
            raise
        except SteadyError as problem:
            return f"runbook {started.runbook} cannot be started: {problem.message}"
        self._conductor.drive(driver.stream, driver)
        return ""

    def _alert(self, started: e.RouteStarted) -> Mapping[str, Any]:
        """What the run keeps of the alert that it is started for: the first one."""
        first = started.alerts[0]
        said = self._services.journal.read(first.stream, first.seq - 1)[0].event
        if not isinstance(said, e.AlertReceived):
            raise UsageError(f"event {first.seq} of {first.stream} is no delivery", "run `steady audit verify`")
        known = names_of(said, first.stream)
        del known["details"]
        return known
