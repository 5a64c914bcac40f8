"""Carries a `kubectl` step out: the verb in a thread beside the attempt's own, held to the step's time.

Called by kubectl. A name's resolution, a handshake or a credential plug-in cannot be interrupted from outside: the
attempt's thread waits for the end, the deadline or a cancellation, and abandons the work for the last two. `unsure` is
what _kube_wire knows: whether a request for a change had left, and was not refused.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Cancelled, HandlerError, TimedOut
from . import _kube_failures
from ._kube_kinds import Job
from ._kube_login import cluster
from ._kube_wire import Abandoned, Wire
from .protocol import Hands

VERBS: Mapping[str, str] = {
    "get": "_kube_reads:get",
    "list": "_kube_reads:many",
    "describe": "_kube_reads:describe",
    "events": "_kube_reads:events",
    "top": "_kube_reads:top",
    "can_i": "_kube_access:can_i",
    "logs": "_kube_logs:logs",
    "exec": "_kube_exec:command",
    "rollout": "_kube_rollout:rollout",
    "wait": "_kube_watch:wait",
    "scale": "_kube_changes:scale",
    "set_image": "_kube_changes:set_image",
    "patch": "_kube_changes:patch",
    "label": "_kube_changes:label",
    "annotate": "_kube_changes:annotate",
    "delete": "_kube_apply:delete",
    "apply": "_kube_apply:apply",
    "cordon": "_kube_nodes:cordon",
    "uncordon": "_kube_nodes:uncordon",
    "drain": "_kube_nodes:drain",
}
"""The module and the function in which a verb is written."""
LONGEST = 3600.0
"""Seconds that one sleep lasts at most."""


def carry_out(request: Mapping[str, Any], hands: Hands, *, dry: bool = False) -> dict[str, Any]:
    """The result of the verb. Raises the named failures of a handler."""

    def verb(job: Job) -> dict[str, Any]:
        module, _, function = VERBS[job.verb].partition(":")
        found: dict[str, Any] = getattr(importlib.import_module(f"{__package__}.{module}"), function)(job)
        return found

    return work(request, hands, verb, dry=dry)


def work(
    request: Mapping[str, Any], hands: Hands, what: Callable[[Job], dict[str, Any]], *, dry: bool = False
) -> dict[str, Any]:
    """What a piece of work gives, with how long it took."""
    if hands.cancelled():
        raise Cancelled("it was told to stop before anything was sent")
    start = time.monotonic()
    found = _Work(request, hands, what, dry=dry).result()
    return {**found, "duration": int((time.monotonic() - start) * 1_000_000)}


class _Work:
    """One piece of work under way."""

    def __init__(
        self, request: Mapping[str, Any], hands: Hands, what: Callable[[Job], dict[str, Any]], *, dry: bool
    ) -> None:
        self._request = request
        self._hands = hands
        self._what = what
        self._dry = dry
        self._wake = threading.Event()
        self._wire: Wire | None = None
        self._stopped = False
        self._ended: dict[str, Any] | BaseException | None = None

    def result(self) -> dict[str, Any]:
        threading.Thread(target=self._work, daemon=True).start()
        self._hands.on_cancel(self._wake.set)
        while self._ended is None:
            if self._hands.cancelled() or self._hands.remaining() <= 0:
                raise self._abandon()
            self._wake.wait(min(self._hands.remaining(), LONGEST))
        if isinstance(self._ended, Abandoned):
            raise self._abandon()
        if isinstance(self._ended, _kube_failures.Answered):
            raise _kube_failures.named(self._ended, unsure=self._unsure()) from self._ended
        if isinstance(self._ended, HandlerError):
            self._ended.unsure = self._ended.unsure or self._unsure()
        if isinstance(self._ended, BaseException):
            raise self._ended
        return self._ended

    def _unsure(self) -> bool:
        return self._wire is not None and self._wire.changed

    def _abandon(self) -> HandlerError:
        self._stopped = True
        if self._wire is not None:
            self._wire.abandon()
        unsure = self._unsure()
        if self._hands.cancelled():
            return Cancelled("it was told to stop before it was done", unsure=unsure)
        when = "the cluster had not done it" if unsure else "the cluster had not answered"
        hint = "give the step a longer `timeout:`, or look at the control plane of the cluster"
        return TimedOut(f"{when} when the step's time was over", hint, unsure=unsure)

    def _work(self) -> None:
        ended: dict[str, Any] | BaseException
        wire: Wire | None = None
        try:
            wire = Wire(cluster(self._request["place"], self._hands), self._hands, dry=self._dry)
            self._wire = wire
            if self._stopped:
                wire.abandon()
            ended = self._what(Job(wire, self._request))
        except BaseException as problem:  # noqa: BLE001 told in the attempt's thread
            ended = problem
        if wire is not None:
            wire.let_go()
        self._ended = ended
        self._wake.set()
