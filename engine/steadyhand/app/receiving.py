"""From the bytes of a request to alerts that are taken down: who may send, what the body says, what the sender is told.

Called by the hooks of the web room, which only carry bytes. The secrets of the intakes are had when the server starts
(or its settings are read again): an intake whose secret cannot be had takes nothing, and says so in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..alerts import sources, verify
from ..alerts.reading import IGNORED, Headers, Refusal
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore, forewarn
from ..errors import HandlerError, JournalError
from ..model import SECOND, SecretSource
from ..schema import Settings
from ..schema.intakes import IntakeSpec
from .intake import Busy, Intake, Receipt
from .services import Services

MOST = 2 * 1024 * 1024
"""Bytes of a body that is taken."""
SOON, LATER = 1, 10
"""Seconds after which a sender is to try again: when much waits, when the store cannot be written."""

log = logging.getLogger(__name__)


class Reply(Struct, frozen=True):
    """What a sender is told. `retry` is in how many seconds it is to come again, 0 for not at all."""

    status: int
    body: Mapping[str, Any]
    retry: int = 0
    ask: str = ""
    """How to say who one is, where that is missing (WWW-Authenticate)."""


Answer = Callable[[Reply], None]


class Keys:
    """The secrets of the settings, as they were when they were last had."""

    def __init__(self, services: Services, redactor: Redactor) -> None:
        self._services = services
        self._redactor = redactor
        self._values: Mapping[str, bytes] = {}

    def learn(self, sources_: Mapping[str, SecretSource], names: set[str]) -> dict[str, str]:
        """Get these secrets anew; those that cannot be had, with why not. All that are cheap are hidden from now on."""
        services = self._services
        store = SecretStore(sources_, self._redactor, services.cwd, services.environ)
        values: dict[str, bytes] = {}
        lacking: dict[str, str] = {}
        for name in sorted(names):
            try:
                values[name] = store.reveal(name).encode("utf-8", "surrogateescape")
                if not values[name]:
                    lacking[name] = f"secret {name} is empty"
            except HandlerError as problem:
                lacking[name] = problem.message
        forewarn(self._redactor, sources_, services.cwd, services.environ)
        self._values = {name: value for name, value in values.items() if value}
        return lacking

    def __call__(self, name: str) -> bytes:
        """The value of a secret; nothing where it could not be had, which fits nothing."""
        return self._values.get(name, b"")


class Receiving:
    """The intakes of a server. `known` is told how many deliveries of an intake had been recorded before."""

    def __init__(self, services: Services, intake: Intake, known: Callable[[str, int], None] = lambda *_: None) -> None:
        self._services = services
        self.intake = intake
        self._known = known
        self._keys = Keys(services, intake.redactor)
        self._intakes: Mapping[str, IntakeSpec] = {}

    def start(self) -> None:
        """Get the secrets, and begin to write."""
        self.reload(self._services.settings)
        self.intake.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        self.intake.stop()

    @property
    def alive(self) -> bool:
        """Whether what comes in is written down."""
        return self.intake.alive

    def reload(self, settings: Settings | None = None) -> None:
        """The settings as they are now: their intakes, and their secrets anew."""
        settings = settings or self._services.settings
        names = {name for spec in settings.intakes.values() for name in spec.secrets}
        names.update(name for asking in settings.asks for name in asking.signature)
        lacking = self._keys.learn(settings.secrets, names)
        for spec in settings.intakes.values():
            why = [lacking[name] for name in spec.secrets if name in lacking]
            if why:
                log.warning("intake %s: %s", spec.name, "; ".join(why))
            if spec.open:
                log.warning("intake %s asks nobody who they are: %s", spec.name, spec.open)
        for name in sorted({name for asking in settings.asks for name in asking.signature} & lacking.keys()):
            log.warning("buttons in Slack: %s", lacking[name])
        self._intakes = settings.intakes

    # --- one request

    def find(self, source: str, name: str) -> IntakeSpec | None:
        """The intake that an address means: the one of that name and source; without a name, the only one of it."""
        if name:
            found = self._intakes.get(name)
            return found if found is not None and found.source == source else None
        own = self._intakes.get(source)
        fitting = [own] if own is not None and own.source == source else []
        fitting = fitting or [spec for spec in self._intakes.values() if spec.source == source]
        return fitting[0] if len(fitting) == 1 else None

    def greet(self, spec: IntakeSpec, headers: Headers) -> Reply | None:
        """What is wrong with who sends, as far as that can be told before the body is read."""
        wrong = verify.shown(spec, headers, self._keys)
        return self._refused(spec, wrong) if wrong else None

    def receive(self, spec: IntakeSpec, headers: Headers, body: bytes, origin: str, answer: Answer) -> None:
        """Take a body; `answer` is told once, perhaps in another thread, and 202 only when all is durable."""
        now = self._services.clock.now() // SECOND
        wrong = verify.signed(spec, headers, body, self._keys, now) or _packed(headers)
        came: tuple[e.AlertReceived, ...] | Refusal = wrong or sources.read(body, headers, spec)
        if isinstance(came, Refusal):
            answer(self._refused(spec, came))
            return
        left_out = came[0].details.get("truncatedAlerts") if came else 0
        if left_out:
            log.warning("intake %s: its sender left out %s alerts of a group of more (max_alerts)", spec.name, left_out)

        def done(receipt: Receipt | Exception) -> None:
            if isinstance(receipt, Receipt) and receipt.known:
                self._known(spec.name, receipt.known)
            answer(_told(spec, receipt))

        try:
            self.intake.submit(came, origin, done)
        except JournalError as problem:
            answer(_told(spec, problem))

    def from_slack(self, headers: Headers, body: bytes) -> Refusal | None:
        """What is wrong with a request that Slack should have sent; None when all is well."""
        names = {name for asking in self._services.settings.asks for name in asking.signature}
        now = self._services.clock.now() // SECOND
        wrong = verify.slack(headers, body, [self._keys(name) for name in sorted(names)], now)
        if wrong is not None:
            log.info("a request in the name of Slack was refused with %s: %s", wrong.status, wrong.why)
        return wrong

    def _refused(self, spec: IntakeSpec, wrong: Refusal) -> Reply:
        why, hint = self.intake.redactor.text(wrong.why), self.intake.redactor.text(wrong.hint)
        if wrong.status == IGNORED:
            return Reply(IGNORED, {"alerts": 0, "new": 0, "known": 0, "ignored": why})
        log.info("intake %s refused a request with %s: %s", spec.name, wrong.status, why)
        ask = ("Basic" if spec.password else "Bearer") if wrong.status == 401 else ""
        return refusal(wrong.status, why, hint, ask=ask)


def _packed(headers: Headers) -> Refusal | None:
    """A body that is compressed could be of any size once it is not."""
    how = headers.get("content-encoding", "").strip().lower()
    return (
        Refusal(415, f"the body is compressed ({how[:40]})", "send it as it is")
        if how not in {"", "identity"}
        else None
    )


def _told(spec: IntakeSpec, came: Receipt | Exception) -> Reply:
    if isinstance(came, Receipt):
        return Reply(202, {"alerts": came.new + came.known, "new": came.new, "known": came.known})
    problem = came if isinstance(came, JournalError) else JournalError(str(came))
    if not isinstance(problem, Busy):
        log.error("intake %s could not write an alert down: %s", spec.name, problem.message)
    retry = SOON if isinstance(problem, Busy) else LATER
    return refusal(503, "the alert could not be written down, send it again", "see the log of the server", retry=retry)


def refusal(status: int, title: str, hint: str = "", *, retry: int = 0, ask: str = "") -> Reply:
    """A refusal as problem details (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, **({"detail": hint} if hint else {})}
    return Reply(status, body, retry, ask)
