"""What a person sees while a run goes on."""

from __future__ import annotations

import io
import time

from steadyhand import events as e
from steadyhand.cli.live import TAIL, TURN, Live, last_line

from ..core.playbook import runbook
from ..rehearsal.documents import ENDS

BOOK = runbook(f"steps:\n  look: {{title: Look, shell: a, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n")
INTENDED = e.StepIntended("look", 1, 1, "shell", "read", False, "d", "sleep 9")
SETTLED = e.StepSettled("look", 1, 1, "pass")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(live, *events):
    for event in events:
        live.happened(e.Recorded("r1", 1, 0, "me", 1, event))


def test_in_a_pipe_there_are_plain_lines_only():
    out = io.StringIO()
    live = Live(BOOK, out)
    told(live, INTENDED)
    live.output("look", "stdout", b"hello\n")
    time.sleep(2 * TURN)
    told(live, SETTLED)
    live.close()
    assert out.getvalue() == "00:00:00  look              $ sleep 9\n00:00:00  look              pass\n"


def test_on_a_terminal_a_last_line_says_what_runs_how_long_and_what_it_printed():
    out = Terminal()
    live = Live(BOOK, out)
    told(live, INTENDED)
    live.output("look", "stdout", b"first\nsecond \x1b[31mred\n")
    time.sleep(3 * TURN)
    assert "          … look 0 s  second  [31mred" in out.getvalue()
    told(live, SETTLED)
    live.close()
    assert out.getvalue().endswith("\r\x1b[K00:00:00  look              pass\n")


def test_nothing_moves_while_a_question_is_typed():
    out = Terminal()
    live = Live(BOOK, out)
    told(live, INTENDED, e.GateOpened("g", "look", "confirm", 1, "Do it?", {"approve": "", "reject": ""}, "d"))
    time.sleep(3 * TURN)
    assert "…" not in out.getvalue()
    told(live, e.GateClosed("g", 1, "approved"))
    time.sleep(3 * TURN)
    assert "… look" in out.getvalue()
    live.close()


def test_quiet_is_quiet_and_colour_is_only_where_it_was_asked_for():
    out, colour = io.StringIO(), io.StringIO()
    told(Live(BOOK, out, quiet=True), INTENDED, SETTLED)
    told(Live(BOOK, colour, colour=True), SETTLED)
    assert out.getvalue() == ""
    assert colour.getvalue() == "\x1b[32m00:00:00  look              pass\x1b[0m\n"


def test_the_end_of_a_dry_run_says_that_nothing_was_changed():
    out = io.StringIO()
    told(Live(BOOK, out, mode="dry-run"), e.RunConcluded("resolved"))
    assert "no change was carried out" in out.getvalue()


def test_only_the_end_of_much_output_is_kept():
    live = Live(BOOK, Terminal())
    live.output("look", "stdout", b"x" * 1_000_000)
    assert len(live._last["look"]) == TAIL
    live.close()


def test_the_last_line_that_says_something():
    assert last_line(b"one\ntwo\n\n  \n") == "two"
    assert last_line(b"") == ""
    assert last_line(b"\xff\x00\x1b]0;title\x07") == "�  ]0;title "
