"""Use cases around one run: start, resume, answer, stop, note, list, show. Every door (CLI, web) goes through here."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from .. import events as e
from ..core import State, fold
from ..core.answers import Answer, admit
from ..core.tables import AFTER_THE_END
from ..driver.drive import Driver, Ending
from ..driver.ports import Nobody, Observer, People, Unobserved
from ..driver.recall import Unknown, recall
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore, forewarn, settings_secrets
from ..errors import Fenced, HeadMoved, NotFound, SteadyError, UsageError
from ..model import Conclusion, Mode, Runbook
from . import library
from .services import Services

if TYPE_CHECKING:
    from ..journal.lease import Lease as Lease  # noqa: PLC0414 for the doors, which may not reach the journal

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = r"r[0-9a-z][0-9a-z-]{0,62}"
"""What a run may be called. Ids sort by time where they are made here."""

LAST = "last"
"""The word for the newest run, wherever a run is named."""


class Ended(Struct, frozen=True):
    """How driving a run came to its end for now."""

    run: str
    ending: Ending
    state: State

    @property
    def conclusion(self) -> Conclusion | None:
        """The run's conclusion, if it has one."""
        end = self.state.conclusion
        return Conclusion(end.conclusion) if end else None


def new_id(at: int, chance: int | None = None) -> str:
    """An id for a run: `r`, the time in tenths of a second, and chance, so that ids sort by time.

    Who gives 20 bits in place of chance gets the same id again, and must add what makes it one of its kind.
    """
    number = (at // 100_000) << 20 | (secrets.randbits(20) if chance is None else chance)
    digits = ""
    while number:
        number, rest = divmod(number, 32)
        digits = _ALPHABET[rest] + digits
    return f"r{digits}"


def start(
    services: Services,
    runbook: Runbook,
    inputs: Mapping[str, Any],
    mode: Mode,
    *,
    probe: bool = False,
    people: People | None = None,
    observer: Observer | None = None,
    requester: str = "",
    via: str = "cli",
    origin: str = "",
    alert: Mapping[str, Any] | None = None,
    run: str = "",
    driver: str | None = None,
    traceparent: str = "",
) -> Driver:
    """A new run, its first event durable; `drive` goes on with it.

    `requester` is who starts it (this command line's person when left out), `via` and `origin` how and from where,
    `alert` what is known of the alert that does. A run whose id is given (`run`) is started once: AlreadyStarted
    otherwise. `driver` is who will drive it: this process when left out, '' for whoever takes it up.
    """
    if run and not re.fullmatch(_ID, run):
        raise UsageError(f"{run!r} cannot be the id of a run", "begin with `r`, and go on with a-z, 0-9 and `-`")
    started = beginning(services, runbook, inputs, mode, probe=probe)
    started = replace(
        started,
        requester=requester or services.person,
        driver=services.actor if driver is None else driver,
        handlers={kind: services.handler(kind).spec.version for kind in kinds(runbook)},
        alert=alert or {},
        via=via,
        origin=origin,
        traceparent=traceparent,
    )
    while True:
        made = _driver(services, runbook, run or new_id(services.clock.now()), started, people, observer)
        try:
            made.start(started)
        except HeadMoved:
            if run:
                raise AlreadyStarted(run) from None
            continue  # another run has this id: chance met twice in a tenth of a second
        return made


class AlreadyStarted(UsageError):
    """A run with the id that was given is there: whoever asked before has started it."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} was started already", "look at it with `steady show`")
        self.run = run


def beginning(
    services: Services, runbook: Runbook, inputs: Mapping[str, Any], mode: Mode, *, probe: bool = False
) -> e.RunStarted:
    """The first event of a run: everything of the documents and the settings that the run will ever need."""
    settings = services.settings
    return e.RunStarted(
        runbook=runbook.name,
        digest=runbook.digest,
        mode=mode.value,
        requester=services.person,
        inputs=inputs,
        texts=library.texts_of(runbook),
        digests=library.digests_of(runbook),
        driver=services.actor,
        seed=secrets.token_hex(8),
        probe=probe,
        roles=settings.roles,
        contacts=settings.contacts,
        targets={t.name: {t.kind: t.params} for t in settings.targets.values()},
        channels={c.name: {c.kind: c.params} for c in settings.channels.values()},
        secrets={s.name: {s.kind: s.at} for s in settings.secrets.values()},
        version=_version(),
    )


def _version() -> str:
    from .. import __version__  # noqa: PLC0415 the package's own top

    return __version__


def kinds(runbook: Runbook) -> tuple[str, ...]:
    """The handler kinds that a runbook (and all it calls) uses, sorted."""
    from ..graph import operations  # noqa: PLC0415 not for `validate`

    found = {operation.kind for _, operation in operations(runbook)}
    return tuple(sorted(found.union(*(kinds(inner) for inner in runbook.calls.values()))))


def resume(services: Services, run: str, *, people: People | None = None, observer: Observer | None = None) -> Driver:
    """A driver that has taken the run over. Raises UsageError when another one drives it on this machine."""
    recorded = services.journal.read(run)
    started = recorded[0].event
    assert isinstance(started, e.RunStarted)  # noqa: S101 the fold refuses anything else
    runbook = library.revive(services, started.runbook, started.texts)
    driver = _driver(services, runbook, run, started, people, observer)
    driver.resume()
    return driver


def _driver(
    services: Services,
    runbook: Runbook,
    stream: str,
    started: e.RunStarted,
    people: People | None,
    observer: Observer | None,
) -> Driver:
    redactor = Redactor()
    _forewarn(services, redactor, runbook, started)
    return Driver(
        services.ports(),
        runbook,
        stream,
        people=people or Nobody(),
        observer=observer or Unobserved(),
        redactor=redactor,
    )


def _forewarn(services: Services, redactor: Redactor, runbook: Runbook, started: e.RunStarted) -> None:
    """Teach the redactor the secrets of the runbook, of all that it calls, and of the settings."""
    for sources in (settings_secrets(started), *(one.secrets for one in library.family(runbook))):
        forewarn(redactor, sources, services.cwd, services.environ)


def find(services: Services, word: str) -> str:
    """The id of a run: the whole id, a beginning that fits only one, or `last`. Raises NotFound."""
    if word == LAST:
        newest = next(services.journal.streams("r"), None)
        if newest is None:
            raise NotFound("there is no run yet", "start one with `steady run RUNBOOK`")
        return newest.stream
    if services.journal.head(word) is not None:
        return word
    fitting = [head.stream for head in services.journal.streams(word)] if word else []
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NotFound(f"{word} fits {len(fitting)} runs", f"say more of it: {', '.join(fitting[:5])}")
    raise NotFound(f"there is no run {word} in {services.store_name}", "see `steady runs`; --store names another store")


def state_of(services: Services, run: str) -> State:
    """The state of a run as of now."""
    return fold(services.journal.read(run))


def wake_at(services: Services, run: str) -> int | None:
    """When a run that nobody drives must be looked at next (microseconds); None: when somebody has said something."""
    from ..core.waking import wake_at as due  # noqa: PLC0415 only a server asks

    recorded = services.journal.read(run)
    started = recorded[0].event
    assert isinstance(started, e.RunStarted)  # noqa: S101 the fold refuses anything else
    runbook = library.revive(services, started.runbook, started.texts)
    return due(runbook, fold(recorded), services.clock.now())


def answer(services: Services, run: str, given: Answer) -> e.GateAnswered | e.AnswerRefused:
    """Record what a person says to a gate; what comes back says whether it counts. Both are durable."""

    def respond(state: State, at: int) -> e.Event:
        return admit(state, given, at)

    event = append(services, run, respond, by=given.by)
    assert isinstance(event, (e.GateAnswered, e.AnswerRefused))  # noqa: S101 admit makes nothing else
    return event


def stop(services: Services, run: str, by: str, reason: str, via: str = "cli", origin: str = "") -> State:
    """Ask for a run to stop. Raises UsageError when it has already ended."""

    def respond(state: State, _at: int) -> e.Event:
        if state.conclusion is not None:
            raise UsageError(f"run {run} has already ended: {state.conclusion.conclusion}")
        return e.StopRequested(by, reason, via, origin)

    append(services, run, respond, by=by)
    return state_of(services, run)


def stop_all(services: Services, by: str, reason: str, via: str = "cli", origin: str = "") -> tuple[str, ...]:
    """Ask every run that has not ended to stop, those too that start meanwhile; none is waited for."""
    told: dict[str, None] = {}
    seen: set[str] = set()
    while True:
        new = [head.stream for head in services.journal.streams("r") if head.stream not in seen]
        if not new:
            return tuple(told)
        for run in new:
            seen.add(run)
            if state_of(services, run).conclusion is None:
                try:
                    stop(services, run, by, reason, via, origin)
                except UsageError:
                    continue  # it has ended by itself in this very moment
                told[run] = None


def alert_changed(services: Services, run: str, status: str, by: str = "", at: int = 0) -> bool:
    """Tell a run how its alert stands now; false when it has ended or knows it already."""
    changed = e.AlertChanged(status, by, at)

    def respond(state: State, _at: int) -> e.Event:
        if state.conclusion is not None or state.alarm.status == status:
            raise NoNews
        return changed

    try:
        append(services, run, respond, by=by or "alert")
    except NoNews:
        return False
    return True


class NoNews(Exception):
    """What a run would be told it knows already, or need not know any more."""


def note(services: Services, run: str, by: str, text: str, via: str = "cli", origin: str = "") -> None:
    """Write something down in a run."""
    append(services, run, lambda *_: e.NoteAdded(by, text, via, origin), by=by)


def append(services: Services, run: str, respond: Any, *, by: str) -> e.Event:
    """Append one event that depends on the state and the time, however often somebody else is faster.

    The time is that of the record: an answer that was in time must not be written down as one that was late.
    """
    redactor = Redactor()
    while True:
        recorded = services.journal.read(run)
        state = fold(recorded)
        at = max(services.clock.now(), state.at)
        event: e.Event = respond(state, at)
        if state.conclusion is not None and e.name_of(event) not in AFTER_THE_END:
            raise UsageError(f"run {run} has already ended: {state.conclusion.conclusion}")
        unknown = _learn_secrets(services, recorded, redactor)
        clean: e.Event = redactor.event(_withheld(event, unknown) if unknown is not None else event)
        try:
            services.journal.append(run, state.seq, [clean], actor=f"{by}@{services.host}", at=at, epoch=state.epoch)
        except (HeadMoved, Fenced):  # a driver has appended, or has taken the run over, in this very moment
            continue
        return clean


def _learn_secrets(services: Services, recorded: Sequence[e.Recorded], redactor: Redactor) -> Unknown | None:
    """What a person types may hold a secret of the run: hide it there as well. What it has used and is unknown here."""
    started = recorded[0].event
    assert isinstance(started, e.RunStarted)  # noqa: S101 the fold has refused anything else
    try:
        runbook = library.revive(services, started.runbook, started.texts)
    except SteadyError:
        return None
    _forewarn(services, redactor, runbook, started)
    held = settings_secrets(started)

    def reveal(owner: Runbook, name: str) -> str:
        return SecretStore({**owner.secrets, **held}, redactor, services.cwd, services.environ).reveal(name)

    try:
        recall(runbook, recorded, reveal)
    except Unknown as problem:
        return problem
    return None


def must_know_secrets(services: Services, recorded: Sequence[e.Recorded]) -> None:
    """Raises UsageError when a secret that the run has used cannot be had here: then it cannot be driven on."""
    unknown = _learn_secrets(services, recorded, Redactor())
    if unknown is not None:
        raise unknown


def _withheld(event: e.Event, unknown: Unknown) -> e.Event:
    """An event that is written though a secret cannot be hidden in it: one without words, or a stop without its own.

    Raises what is unknown for anything else. A stop is never held up.
    """
    match event:
        case e.StopRequested(reason=reason):
            return (
                replace(event, reason="(withheld: a secret could not be had to be hidden in it)") if reason else event
            )
        case e.GateAnswered(comment="", value=None) | e.AnswerRefused(comment=""):
            return event
        case _:
            raise unknown


def driven_elsewhere(services: Services, run: str) -> str:
    """Who drives the run right now ('' when nobody does): on this machine, or on any that has the same PostgreSQL."""
    return services.leases.holder(run)


def interrupted(services: Services, run: str) -> bool:
    """Whether nobody drives a run that has not ended. Where that cannot be told, it is taken to be driven."""
    try:
        return not driven_elsewhere(services, run)
    except SteadyError:
        return False


def lease(services: Services, run: str) -> Lease | None:
    """The right to drive a run, or None when another process has it."""
    return services.leases.acquire(run, services.actor)
