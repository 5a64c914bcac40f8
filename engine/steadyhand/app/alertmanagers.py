"""Asks Alertmanagers whether alerts of runs that go on are silenced or inhibited: by themselves they tell nobody.

A part of the server. Only an intake whose settings name a `url` is asked, and only while a run that came from it goes
on. What is heard is appended to the alert's stream; the router tells the run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..alerts.state import AlertState
from ..errors import HeadMoved, JournalError
from .board import Board
from .services import Services

EVERY = 15.0
"""Seconds between two questions to the same Alertmanager."""
LONGEST = 300.0
"""The longest time between two, while it does not answer."""
MOST = 64 * 1024 * 1024
"""Bytes of an answer that are read."""
QUERY = "/api/v2/alerts?active=true&silenced=true&inhibited=true"

log = logging.getLogger(__name__)


class Unanswered(Exception):
    """It could not be asked, or what it said could not be understood."""


class Muting(Struct, frozen=True):
    """How an alert stands there: silenced or inhibited (`how`, '' for neither), by these ids."""

    how: str = ""
    by: tuple[str, ...] = ()


class _Asked(Struct):
    """When an Alertmanager is asked next (monotonic seconds), and how long it was waited for last."""

    due: float = 0.0
    wait: float = 0.0


class Alertmanagers:
    """Asks in a thread of its own."""

    def __init__(self, services: Services, board: Board, every: float = EVERY) -> None:
        self._services = services
        self._board = board
        self._every = every
        self._asked: dict[str, _Asked] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alertmanagers", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(15)

    def _run(self) -> None:
        while not self._stopping.wait(min(self._every / 5, 1.0)):
            try:
                self.look()
            except JournalError as problem:
                log.warning("what an Alertmanager said could not be written down: %s", problem.message)
            except Exception:
                log.exception("an Alertmanager could not be asked: a bug of ours")

    def look(self) -> None:
        """Ask those that are due. Raises JournalError."""
        intakes = self._services.settings.intakes
        urls = {name: one.url for name, one in intakes.items() if one.url and one.source == "alertmanager"}
        now = self._services.clock.monotonic()
        due = {name for name in urls if now >= self._asked.setdefault(name, _Asked()).due}
        watched: dict[str, list[AlertState]] = {name: [] for name in due}
        for alert in self._watched() if due else ():
            if alert.said is not None and alert.said.intake in due:
                watched[alert.said.intake].append(alert)
        for name, alerts in watched.items():
            asked = self._asked[name]
            if not alerts:
                asked.due, asked.wait = now + self._every, 0.0
                continue
            try:
                known = ask(urls[name])
            except Unanswered as problem:
                if asked.wait <= self._every:
                    log.warning("%s: silences are not known for now: %s", name, problem)
                asked.wait = min(max(asked.wait, self._every) * 2, LONGEST)
            else:
                asked.wait = self._every
                for alert in alerts:
                    self._hear(alert, known)
            asked.due = now + asked.wait

    def _watched(self) -> Iterator[AlertState]:
        """The alerts that fire, and have led to a run that goes on."""
        for alert in self._board.alerts():
            if alert.said is None or alert.said.status == "resolved":
                continue
            rows = (self._board.run(run) for run in alert.runs)
            if any(row is not None and not row.conclusion for row in rows):
                yield alert

    def _hear(self, alert: AlertState, known: Mapping[str, Muting]) -> None:
        """Write down what is news of an alert. One that is not known there has resolved, which it will say itself."""
        said = alert.said
        if said is None or said.fingerprint not in known:
            return
        found = known[said.fingerprint]
        if found.how == (alert.muted.how if alert.muted is not None else ""):
            return
        try:
            now = self._services.clock.now()
            event = e.AlertMuted(found.how, found.by)
            self._services.journal.append(alert.stream, alert.seq, [event], actor=self._services.actor, at=now, epoch=1)
        except HeadMoved:
            return  # something else was heard of it: next time


def ask(url: str) -> dict[str, Muting]:
    """How the alerts of an Alertmanager stand, by fingerprint. Raises Unanswered."""
    import httpx  # noqa: PLC0415 only where an Alertmanager is asked

    whole = b""
    try:
        with httpx.stream("GET", f"{url.rstrip('/')}{QUERY}", timeout=10.0) as answer:
            if answer.status_code != httpx.codes.OK:
                raise Unanswered(f"it answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                whole += chunk
                if len(whole) > MOST:
                    raise Unanswered(f"it knows more than {MOST // 1024 // 1024} MiB of alerts")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Unanswered(str(problem) or type(problem).__name__) from problem
    return read(whole)


def read(body: bytes) -> dict[str, Muting]:
    """What an answer says, by fingerprint. Raises Unanswered."""
    import json  # noqa: PLC0415 only where an Alertmanager is asked

    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unanswered("it answered with something that is no JSON") from problem
    if not isinstance(found, list):
        raise Unanswered("it answered with something that is no list of alerts")
    return {str(one["fingerprint"]): _muting(one) for one in found if isinstance(one, dict) and "fingerprint" in one}


def _muting(one: Mapping[str, Any]) -> Muting:
    status = one.get("status")
    for how, key in (("silenced", "silencedBy"), ("inhibited", "inhibitedBy")):
        by = status.get(key) if isinstance(status, Mapping) else None
        if isinstance(by, list) and by:
            return Muting(how, tuple(str(name)[:100] for name in by[:10]))
    return Muting()
