"""Tells runs how the alerts stand that they are for: resolved, silenced, firing again. For the router.

A run that several alerts have led to has gone quiet only when all of them have.
"""

from __future__ import annotations

from collections.abc import Iterable

from .. import events as e
from ..alerts.routing import together
from ..core import State
from ..errors import NotFound, UsageError
from ..schema.routes import FIRING
from . import runs
from .board import Board
from .services import Services


class _Known(UsageError):
    """The run knows it already."""


class Alarms:
    """Which alerts the runs that go on are for, and what they were told last."""

    def __init__(self, services: Services, board: Board) -> None:
        self._services = services
        self._board = board
        self._alerts: dict[str, dict[str, None]] = {}
        self._runs: dict[str, list[str]] = {}
        self._told: dict[str, str] = {}

    def learn(self) -> None:
        """At start: what the alerts of the board have led to, as far as it goes on."""
        for alert in self._board.alerts():
            for run in alert.runs:
                row = self._board.run(run)
                if row is not None and not row.conclusion:
                    self.belongs(alert.stream, run)
        self.changed(tuple(self._alerts))

    def belongs(self, stream: str, run: str) -> None:
        """An alert has led to a run."""
        row = self._board.run(run)
        if row is not None and row.conclusion:
            return
        alerts = self._alerts.setdefault(run, {})
        if stream not in alerts:
            alerts[stream] = None
            self._runs.setdefault(stream, []).append(run)

    def over(self, run: str) -> None:
        """The run has ended."""
        self._told.pop(run, None)
        for stream in self._alerts.pop(run, ()):
            left = [other for other in self._runs.get(stream, ()) if other != run]
            if left:
                self._runs[stream] = left
            else:
                self._runs.pop(stream, None)

    def runs_of(self, stream: str) -> tuple[str, ...]:
        """The runs of an alert that go on, the latest first."""
        return tuple(reversed(self._runs.get(stream, ())))

    def news(self, streams: Iterable[str]) -> None:
        """Something was heard of these alerts, those included that have not been heard of for long."""
        found: dict[str, None] = {}
        for stream in streams:
            alert = self._board.alert(stream)
            for run in alert.runs if alert is not None and stream not in self._runs else ():
                self.belongs(stream, run)
            found |= dict.fromkeys(self._runs.get(stream, ()))
        self.changed(found)

    def changed(self, found: Iterable[str]) -> None:
        """Tell runs how their alerts stand, where that is news. Raises JournalError."""
        for run in found:
            alerts = [a for s in self._alerts.get(run, ()) if (a := self._board.alert(s)) is not None]
            if not alerts:
                continue
            latest = max(alerts, key=lambda alert: alert.at)
            status = together(alerts, latest.status)
            if self._told.get(run) != status:
                self._tell(run, status, latest.said.intake if latest.said else "", latest.at)
                self._told[run] = status

    def _tell(self, run: str, status: str, intake: str, at: int) -> None:
        def respond(state: State, _now: int) -> e.Event:
            if (state.alarm.status or FIRING) == status:
                raise _Known(status)
            return e.AlertChanged(status, intake, at)

        try:
            runs.append(self._services, run, respond, by=f"alert:{intake}")
        except (UsageError, NotFound):
            return  # it knows already, has ended, or has not begun: then it begins with what is known then
