"""The server: everything that lives as long as it does, started and stopped in order. Its doors go through here.

The web room makes requests of it; `steady serve` starts it. It can be stopped at any moment: what was acknowledged is
in the journal, and the next server goes on from there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

from ..events import RunStarted
from ..model import SECOND, Mode, Runbook
from ..model.people import Identity
from ..schema import Settings
from . import library, runs
from .access import Access
from .alertmanagers import Alertmanagers
from .asks import Asks
from .board import Board
from .conductor import Conductor
from .hub import Broadcast, Hub
from .intake import Intake
from .meter import Meter
from .metered import metered
from .metrics import Metrics
from .oidc import SignOn
from .readiness import Readiness
from .receiving import Receiving
from .reloading import Difference, reload
from .replies import Replies
from .routing import Router
from .services import Services
from .traces import Traces, collector

log = logging.getLogger(__name__)


class Part(Protocol):
    """Something that lives as long as the server does, in threads of its own."""

    def start(self) -> None:
        """Begin; called when the hub follows the journal."""

    def stop(self) -> None:
        """End soon; nothing may be lost by it."""


class Server:
    """One server. `parts` are started in order after the conductor, and stopped before it, the last one first."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.metrics = Metrics()
        services.journal = metered(services.journal, self.metrics)
        self.board = Board(services.journal, self._revive)
        self.hub = Hub(services.journal, self.board)
        self.conductor = Conductor(services, self.hub, self.board, at_once=self.settings.server.runs)
        self.access = Access(services, services.cells)
        self.sign_on = SignOn(self.access)
        intake = Intake(services.journal, services.clock, actor=services.actor, poke=self.hub.poke)
        self.receiving = Receiving(services, intake, lambda name, by: self.meter.deduplicated.add(name, by=by))
        self.asks = Asks(services, self.access, self.board, self.hub, lambda: self.url)
        self.replies = Replies(services, self.access, self.asks)
        self.router = Router(services, self.hub, self.board, self.conductor)
        self.alertmanagers = Alertmanagers(services, self.board)
        self.draining = threading.Event()
        to = collector(services.environ, self.settings.server.traces)
        self.traces = Traces(services.journal, to, services.host)
        self.meter = Meter(self, self.metrics)
        self.readiness = Readiness(self)
        self.parts: list[Part] = [self.meter, self.traces, self.router, self.alertmanagers, self.receiving, self.asks]
        for listener in (self.meter.grown, self.traces.grown):
            self.hub.listen(listener)
        self.started_at = 0

    @property
    def settings(self) -> Settings:
        """The settings as of now."""
        return self.services.settings

    @cached_property
    def url(self) -> str:
        """How people and links reach the server."""
        serving = self.settings.server
        host = f"[{serving.host}]" if ":" in serving.host else serving.host
        return serving.url or f"http://{host}:{serving.port}"

    def _revive(self, started: RunStarted) -> Runbook:
        return library.revive(self.services, started.runbook, started.texts)

    def start(self) -> None:
        """Learn what there is, follow the journal, go on with what a server before this one left."""
        self.started_at = self.services.clock.now()
        self.hub.start()
        self.conductor.start()
        for part in self.parts:
            part.start()

    def stop(self) -> None:
        """Take nothing new, hand the runs over, and let go."""
        self.draining.set()
        for part in reversed(self.parts):
            try:
                part.stop()
            except Exception:
                log.exception("%s did not stop", type(part).__name__)
        self.conductor.stop(self.settings.server.grace / SECOND)
        self.hub.stop()

    def reload(self, who: Identity) -> Difference:
        """Read the settings anew. Raises SteadyError when they are refused; the old ones stay."""
        return reload(self, who)

    # --- use cases that start what the server then drives

    def run(self, who: Identity, runbook: Runbook, inputs: Mapping[str, Any], mode: Mode, **more: Any) -> str:
        """Start a run and drive it; the run's id, its first event durable."""
        driver = runs.start(
            self.services,
            runbook,
            inputs,
            mode,
            observer=Broadcast(self.hub, ""),
            requester=who.person,
            via=who.how,
            origin=who.origin,
            **more,
        )
        self.hub.poke()
        self.conductor.drive(driver.stream, driver)
        return driver.stream
