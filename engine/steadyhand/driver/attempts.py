"""The attempts that run now, each in a thread of its own: started, told to stop, and what they are lent.

Used by the driver, in its thread; what comes of an attempt is put into the driver's inbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from .. import events as e
from ..core import State
from ..core.judging import verdict_of
from ..core.names import names
from ..core.paths import visit
from ..core.recording import Job
from ..handlers.connections import Connections
from ..model import SECOND, Runbook
from . import children
from .attempt import asked, perform, really, simulated, unstarted
from .hands import AttemptHands
from .ports import Observer, Ports
from .redaction import Redactor
from .secrets import SecretStore, settings_secrets


class Attempts:
    """The attempts of one run. `put` takes what comes of them; `orphaned` ends what an engine before left of a path."""

    def __init__(
        self,
        ports: Ports,
        runbook: Runbook,
        stream: str,
        *,
        observer: Observer,
        redactor: Redactor,
        put: Callable[[e.Event], None],
        orphaned: Callable[[str], tuple[e.Event, ...]],
    ) -> None:
        self._ports = ports
        self._runbook = runbook
        self._stream = stream
        self._observer = observer
        self._redactor = redactor
        self._put = put
        self._orphaned = orphaned
        self._connections = Connections()
        self._secrets: dict[str, SecretStore] = {}
        self._running: dict[str, AttemptHands] = {}

    def __bool__(self) -> bool:
        """Whether any runs."""
        return bool(self._running)

    def start(self, job: Job, state: State) -> tuple[e.Event, ...]:
        """Start an attempt whose intent is durable. Returns what is known at once (a dry run, what could not start)."""
        assert job.place is not None  # noqa: S101 a job with a plan has a place
        assert job.place.operation is not None  # noqa: S101 and an operation
        assert state.run is not None  # noqa: S101 a run that starts steps has started
        run, operation = state.run, job.place.operation
        number = visit(state, job.path)
        # After a change that was only simulated, a read would see a world in which it did not happen.
        changed = any(leaf.simulated and leaf.effect != "read" for leaf in state.leaves.values())
        handler = self._ports.handler(operation.kind)
        probed = run.probe and not changed and handler.spec.capabilities.probe
        carried_out = really(run.mode, probed, operation.effect)
        dry = not carried_out and asked(handler, job, operation.effect)
        if not carried_out and not dry:
            return (simulated(job, number),)
        stopped = self._orphaned(job.path)
        known = names(state, job.place, tolerate=run.mode == "dry-run")
        hands = self._hands(job, state, known)
        self._running[job.path] = hands

        def attempt() -> None:
            self._put(perform(handler, job, hands, known, number, self._ports.clock, dry=dry))

        try:
            threading.Thread(target=attempt, name=f"attempt {job.path}", daemon=True).start()
        except RuntimeError as problem:  # the machine has no room for another thread: nothing was done
            self._running.pop(job.path)
            hint = "run fewer steps at once (`limit:`), or raise `ulimit -u`"
            return (*stopped, unstarted(job, number, f"it could not be started: {problem}", hint))
        return stopped

    def settled(self, path: str) -> None:
        """An attempt has come to its end."""
        self._running.pop(path, None)

    def cancel(self, path: str) -> None:
        """Tell the attempt at a path to stop, if it runs."""
        hands = self._running.get(path)
        if hands is not None:
            hands.cancel()

    def cancel_all(self) -> None:
        """Tell all attempts to stop."""
        for hands in list(self._running.values()):
            hands.cancel()

    def close(self) -> None:
        """Close what the attempts have shared."""
        self._connections.close()

    def secrets(self, runbook: Runbook, run: e.RunStarted | None) -> SecretStore:
        """The secrets of the runbook that a step stands in: a called one has its own."""
        if runbook.name not in self._secrets:
            ports = self._ports
            sources = {**runbook.secrets, **settings_secrets(run)}
            self._secrets[runbook.name] = SecretStore(sources, self._redactor, ports.cwd, ports.environ)
        return self._secrets[runbook.name]

    def _hands(self, job: Job, state: State, known: Mapping[str, Any]) -> AttemptHands:
        assert job.place is not None  # noqa: S101 a job to start has a place
        operation = job.place.operation
        assert operation is not None  # noqa: S101 and an operation
        spec = self._ports.specs[operation.kind]

        def on_child(pid: int) -> None:
            started = children.start_time(pid)
            self._put(e.ChildStarted(job.path, job.attempt, pid, pid, started, self._ports.host))

        return AttemptHands(
            self._ports,
            job,
            confine=job.confine,
            timeout=(operation.timeout or job.place.runbook.limits.timeout) / SECOND,
            limit=self._runbook.limits.output,
            environment={
                "STEADY_RUN": self._stream,
                "STEADY_STEP": job.path,
                "STEADY_VISIT": str(visit(state, job.path)),
                "STEADY_ATTEMPT": str(job.attempt),
                "STEADY_FENCE": f"{self._stream}:{state.epoch}",
            },
            redactor=self._redactor,
            secrets=self.secrets(job.place.runbook, state.run),
            on_child=on_child,
            on_output=lambda stream, data: self._observer.output(job.path, stream, data),
            connections=self._connections,
            verdict=lambda values: verdict_of(operation, spec, values, known),
        )
