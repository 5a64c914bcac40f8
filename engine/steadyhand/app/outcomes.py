"""Writes down in the streams of alerts what has come of their deliveries, once. For the router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .. import events as e
from ..alerts.state import AlertState, Decision, fold_alert
from ..errors import HeadMoved, JournalError
from ..journal.protocol import Append
from .board import Board
from .services import Services


def news(state: AlertState, decisions: Sequence[Decision]) -> list[Decision]:
    """Those of the decisions that the alert does not know."""
    decided = state.decision.seq if state.decision is not None else 0

    def unknown(one: Decision) -> bool:
        match one:
            case e.AlertRouted(seq=seq, run=run):
                return seq > decided or run not in state.runs
            case e.AlertUnrouted(seq=seq):
                return seq > decided or (seq == decided and isinstance(state.decision, e.AlertHeld))
            case _:
                return one.seq > decided

    return [one for one in decisions if unknown(one)]


class Teller:
    """Appends to many streams with few flushes."""

    def __init__(self, services: Services, board: Board) -> None:
        self._services = services
        self._board = board

    def tell(self, told: Mapping[str, Sequence[Decision]]) -> None:
        """Write down what has come of alerts, by stream. Raises JournalError; what was written then stays."""
        journal = self._services.journal
        states = {stream: self._board.alert(stream) for stream in told}
        while True:
            appends = []
            for stream, known in states.items():
                state = known or fold_alert(journal.read(stream))
                new = tuple(news(state, sorted(told[stream], key=lambda one: one.seq)))
                if new:
                    now = self._services.clock.now()
                    appends.append(Append(stream, state.seq, new, self._services.actor, now, 1))
            states = {}
            for append, came in zip(appends, journal.append_all(appends) if appends else (), strict=True):
                if isinstance(came, HeadMoved):
                    states[append.stream] = None
                elif isinstance(came, JournalError):
                    raise came
            if not states:
                return
