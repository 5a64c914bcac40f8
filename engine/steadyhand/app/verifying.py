"""The verification of the whole store as a job: begun by a person, carried out aside, told when it is over."""

from __future__ import annotations

import logging
import threading

from msgspec import Struct

from ..errors import SteadyError
from ..journal.protocol import Fault
from . import watching
from .services import Services

log = logging.getLogger(__name__)


class Verified(Struct, frozen=True):
    """What came of it. Times are microseconds (UTC), `ended` is 0 while it goes on; `trouble` says why it failed."""

    by: str
    begun: int
    ended: int = 0
    events: int = 0
    faults: tuple[Fault, ...] = ()
    trouble: str = ""


class Verifying:
    """One verification at a time; the last one is remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: Verified | None = None

    def begin(self, services: Services, by: str) -> bool:
        """Begin, unless one goes on; whether it was begun."""
        with self._lock:
            if self.last is not None and not self.last.ended:
                return False
            self.last = begun = Verified(by, services.clock.now())
        threading.Thread(target=self._carry_out, args=(services, begun), name="verification", daemon=True).start()
        return True

    def _carry_out(self, services: Services, begun: Verified) -> None:
        events, trouble = 0, ""
        faults: tuple[Fault, ...] = ()
        try:
            faults, events = watching.verify(services)
        except SteadyError as problem:
            trouble = problem.message
        except Exception:
            log.exception("the store could not be verified: a bug of ours")
            trouble = "a bug of ours; it is in the log of the server"
        self.last = Verified(begun.by, begun.begun, services.clock.now(), events, faults, trouble)
