"""The person at this terminal, on a real one."""

from __future__ import annotations

import sys
import time

import pexpect
import pytest

from .steady import environment, steady

TWO = """\
steadyhand: 1
name: two
title: Two questions
steps:
  first:
    title: First
    shell: echo first >> effects
    gate: {prompt: "Do the first?"}
    undo: {none: a test}
    next: {pass: second, fail: end.escalated, error: end.escalated, rejected: second}
  second:
    title: Second
    shell: echo second >> effects
    gate: {prompt: "Do the second?"}
    undo: {none: a test}
    next: {pass: check, fail: end.escalated, error: end.escalated, rejected: end.stopped}
  check:
    title: Check
    purpose: verification
    shell: "true"
    effect: read
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "two.yaml").write_text(TWO)
    return tmp_path


def spawn(folder):
    return pexpect.spawn(
        sys.executable, ["-m", "steadyhand", "run", "two.yaml"], cwd=str(folder), env=environment(folder),
        timeout=30, encoding="utf-8",
    )  # fmt: skip


def test_what_was_typed_before_a_question_is_no_answer_to_it(folder):
    child = spawn(folder)
    child.expect(r"first \[approve/reject\]: ")
    child.send("yes\nyes\n")  # the second is typed before the second question is shown
    child.expect(r"second \[approve/reject\]: ")
    time.sleep(1)
    assert (folder / "effects").read_text() == "first\n", "nobody has seen the second question yet"
    child.sendline("no")
    child.expect("stopped")
    child.expect(pexpect.EOF)
    child.close()
    assert (folder / "effects").read_text() == "first\n"


def test_a_question_that_is_answered_elsewhere_is_not_asked_any_more(folder):
    child = spawn(folder)
    child.expect(r"first \[approve/reject\]: ")
    assert steady(folder, "answer", "last", "first", "reject").returncode == 0
    child.expect("Do the second")
    child.sendline("yes")  # typed at the line of the first question, which is settled
    child.expect("this question was settled meanwhile")
    child.expect(r"second \[approve/reject\]: ")
    assert not (folder / "effects").exists()
    child.sendline("yes")
    child.expect("resolved")
    child.expect(pexpect.EOF)
    child.close()
    assert (folder / "effects").read_text() == "second\n"


def test_the_end_of_input_leaves_the_run_to_be_answered_elsewhere(folder):
    child = spawn(folder)
    child.expect(r"first \[approve/reject\]: ")
    child.sendeof()
    child.expect("paused: waiting")
    child.expect(r"steady answer \S+ first approve --resume")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 4
    assert not (folder / "effects").exists()
    done = steady(folder, "answer", "last", "first", "reject", "--resume")
    assert (done.returncode, "Do the second" in done.stdout) == (4, True)
