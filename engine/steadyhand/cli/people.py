"""The person at this terminal: asked when a gate opens, in a thread of its own, so that nothing waits for typing."""

from __future__ import annotations

import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress

import click

from ..core.answers import Answer
from ..errors import UsageError
from ..events import GateOpened
from ..projections.narration import answers_of

Interpret = Callable[[GateOpened, str], Answer]


class Terminal:
    """Asks one question after the other. An answer that does not fit is asked for again."""

    def __init__(self) -> None:
        self._interpret: Interpret | None = None
        self._waiting: list[tuple[GateOpened, Callable[[Answer], None]]] = []
        self._changed = threading.Condition()
        self._reader: threading.Thread | None = None
        self._gone = False

    def understand(self, interpret: Interpret) -> None:
        """How typed words become an answer."""
        self._interpret = interpret

    def present(self) -> bool:
        """Whether somebody is here: both ends are a terminal, and nobody has said goodbye (Ctrl-D)."""
        return not self._gone and sys.stdin.isatty() and sys.stdout.isatty()

    def ask(self, gate: GateOpened, deliver: Callable[[Answer], None]) -> None:
        """Put a question without waiting for the answer."""
        if not self.present():
            return
        with self._changed:
            self._waiting.append((gate, deliver))
            self._changed.notify_all()
        if self._reader is None:
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()

    def withdraw(self, gate: str) -> None:
        """The question is settled elsewhere."""
        with self._changed:
            self._waiting = [(g, d) for g, d in self._waiting if g.gate != gate]
            self._changed.notify_all()

    def _read(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                gate, deliver = self._waiting[0]
            _forget_typed_ahead()
            click.echo(
                f"          {gate.gate} [{'/'.join(gate.options) if gate.kind != 'ask' else answers_of(gate)}]: ",
                nl=False,
            )
            line = sys.stdin.readline()
            if not line:
                self._gone = True
                click.echo()
                return
            self._take(gate, deliver, line)

    def _take(self, gate: GateOpened, deliver: Callable[[Answer], None], line: str) -> None:
        if not line.strip() or self._interpret is None:
            return
        with self._changed:
            if not any(g.gate == gate.gate and g.opening == gate.opening for g, _ in self._waiting):
                click.echo("          this question was settled meanwhile")
                return
        try:
            answer = self._interpret(gate, line)
        except UsageError as problem:
            click.echo(f"          {problem.message}; {problem.hint}".rstrip("; "))
            return
        self.withdraw(gate.gate)
        deliver(answer)


def _forget_typed_ahead() -> None:
    """What was typed before a question was shown is no answer to it."""
    with suppress(termios.error, OSError):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
