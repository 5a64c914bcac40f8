"""What the tests beside a runbook walk of it, told to the pages: counted aside, once for each content.

A page never waits for tests: it asks, is told what is known, and asks again.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ..errors import NotFound, SteadyError
from ..rehearsal.coverage import Coverage
from . import rehearsing
from .services import Services

MOST = 500
"""How many results are kept."""


class Covered(Struct, frozen=True):
    """What came of the tests. `failed` are cases that came out otherwise; `trouble` says why nothing was walked."""

    cases: int = 0
    failed: tuple[str, ...] = ()
    coverage: Coverage | None = None
    trouble: str = ""


class Coverages:
    """Results by content; one thread counts, while there is something to count."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._found: dict[str, Covered] = {}
        self._asked: dict[str, threading.Event] = {}
        self._work: queue.SimpleQueue[tuple[str, tuple[Path, ...]]] = queue.SimpleQueue()
        self._busy = False

    def of(self, path: Path, text: str, patience: float = 0.0) -> Covered | None:
        """What is known of the runbook in that file: None while it is counted. NotFound when it has no test."""
        files = tuple(rehearsing.test_files(path))
        key = _key(text, files)
        with self._lock:
            known = self._found.get(key)
            if known is not None:
                return known
            done = self._asked.get(key)
            if done is None:
                done = self._asked[key] = threading.Event()
                self._work.put((key, files))
            if not self._busy:
                self._busy = True
                threading.Thread(target=self._count, name="coverage", daemon=True).start()
        done.wait(patience)
        with self._lock:
            return self._found.get(key)

    def _count(self) -> None:
        while True:
            with self._lock:
                if self._work.empty():
                    self._busy = False
                    return
            key, files = self._work.get()
            try:
                found = covered(self._services(), files)
            except SteadyError as problem:
                found = Covered(trouble=problem.message)
            with self._lock:
                while len(self._found) >= MOST:
                    self._found.pop(next(iter(self._found)))
                self._found[key] = found
                self._asked.pop(key).set()


def covered(services: Services, files: tuple[Path, ...]) -> Covered:
    """Run the tests in these files, which are about one runbook."""
    tested = [rehearsing.test(services, file) for file in files]
    findings = [found for one in tested for found in one.findings]
    walked = rehearsing.walked(tested)
    failed = tuple(report.case for one in tested for report in one.reports if report.problems)
    cases = sum(len(one.reports) for one in tested)
    return Covered(cases, failed, walked[0].coverage if walked else None, findings[0].message if findings else "")


def _key(text: str, files: tuple[Path, ...]) -> str:
    total = hashlib.sha256(text.encode())
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as problem:
            raise NotFound(f"{file} cannot be read: {problem.strerror}") from problem
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()
