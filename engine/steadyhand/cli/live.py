"""What a person sees while a run goes on: a line for everything that happened, and one that says what runs now."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from ..events import GateClosed, GateOpened, Recorded, StepIntended, StepInterrupted, StepSettled
from ..model import Runbook
from ..projections.narration import narrate
from .streams import abandon

COLOURS = {
    "NOT DELIVERED": "33;1",
    " pass": "32",
    " fail": "31",
    " error": "33",
    "? ": "1",
    "IN DOUBT": "31;1",
    "ESCALATE": "33;1",
}
TURN = 0.2
"""Seconds between two looks at what runs now."""
TAIL = 512
"""Bytes of output that are remembered to show the last line of it."""


class Live:
    """An observer that prints. On a terminal, a last line says what runs, for how long, and what it printed last."""

    def __init__(
        self,
        runbook: Runbook,
        out: TextIO | None = None,
        *,
        mode: str = "",
        colour: bool = False,
        quiet: bool = False,
    ) -> None:
        self._runbook = runbook
        self._mode = mode
        self._out = out or sys.stdout
        self._colour = colour
        self._quiet = quiet
        self._broken = False
        self._moving = self._out.isatty()
        self._lock = threading.RLock()
        self._running: dict[str, float] = {}
        self._last: dict[str, bytes] = {}
        self._shown = 0
        self._asking = 0
        self._stop = threading.Event()
        if self._moving and not quiet:
            threading.Thread(target=self._turn, daemon=True).start()

    def happened(self, recorded: Recorded) -> None:
        """Print the lines of an event."""
        with self._lock:
            self._note(recorded)
            if self._quiet:
                return
            for line in narrate(recorded, self._runbook, self._mode):
                self._clear()
                self._write(f"{self._coloured(line)}\n")
            self._write("", flush=True)

    def _note(self, recorded: Recorded) -> None:
        match recorded.event:
            case StepIntended(path=path):
                self._running[path] = time.monotonic()
            case StepSettled(path=path) | StepInterrupted(path=path):
                self._running.pop(path, None)
                self._last.pop(path, None)
            case GateOpened():
                self._asking += 1
            case GateClosed():
                self._asking = max(0, self._asking - 1)
            case _:
                pass

    def output(self, path: str, stream: str, data: bytes) -> None:
        """Remember the end of what an attempt prints: it is read only when it is shown."""
        del stream
        if self._moving and not self._quiet:
            with self._lock:
                self._last[path] = data[-TAIL:]

    def close(self) -> None:
        """The run has ended, or is left."""
        self._stop.set()
        with self._lock:
            self._clear()
            self._write("", flush=True)

    def _write(self, text: str, *, flush: bool = False) -> None:
        """The display may fail, the run goes on: a reader who has left, or a full disk, is not a reason to leave it."""
        if self._broken:
            return
        try:
            self._out.write(text)
            if flush:
                self._out.flush()
        except OSError as problem:
            self._broken = self._quiet = True
            if self._out is sys.stdout:
                abandon(problem)

    def _coloured(self, line: str) -> str:
        if not self._colour:
            return line
        code = next((code for word, code in COLOURS.items() if word in line[26:60] or word in line[:20]), "")
        return f"\x1b[{code}m{line}\x1b[0m" if code else line

    def _clear(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = 0

    def _turn(self) -> None:
        while not self._stop.wait(TURN):
            with self._lock:
                if self._running and not self._asking and not self._broken:
                    self._show()

    def _show(self) -> None:
        now = time.monotonic()
        parts = [f"{path} {now - since:.0f} s" for path, since in list(self._running.items())[:3]]
        more = f" and {len(self._running) - 3} more" if len(self._running) > 3 else ""
        last = last_line(next((self._last[path] for path in self._running if path in self._last), b""))
        self._clear()
        text = f"          … {', '.join(parts)}{more}  {last}"[:110]
        self._write(text, flush=True)
        self._shown = len(text)


def last_line(data: bytes) -> str:
    """The last line of output that is not empty, fit for a terminal."""
    lines = data.decode("utf-8", "replace").splitlines()
    text = next((line for line in reversed(lines) if line.strip()), "")
    return "".join(c if c.isprintable() else " " for c in text[:120])
