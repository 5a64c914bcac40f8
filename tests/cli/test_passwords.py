"""A password is typed at a terminal, twice and unseen, or comes on standard input."""

from __future__ import annotations

import sys

import pexpect

from .steady import environment, steady
from .test_person import OTHER, PASSWORD, folder_with_people

STEADY = f"{sys.executable} -m steadyhand"


def typed(folder, *lines):
    """What a terminal shows while these lines are typed at the prompts, and the exit code."""
    child = pexpect.spawn(
        f"{STEADY} person add ana", cwd=str(folder), env=environment(folder, TERM="dumb"), encoding="utf-8", timeout=30
    )
    shown = ""
    for line in lines:
        child.expect("Password for ana.*: ")
        shown += child.before + child.after
        child.sendline(line)
    child.expect(pexpect.EOF)
    shown += child.before
    child.close()
    return shown, child.exitstatus


def test_it_is_typed_twice_and_not_shown(tmp_path):
    folder_with_people(tmp_path)
    shown, code = typed(tmp_path, PASSWORD, PASSWORD)
    assert code == 0
    assert "ana can sign in" in shown
    assert PASSWORD not in shown


def test_two_that_differ_are_refused(tmp_path):
    folder_with_people(tmp_path)
    shown, code = typed(tmp_path, PASSWORD, OTHER)
    assert code == 2
    assert "the two differ" in shown


def test_nothing_on_standard_input_is_told(tmp_path):
    folder_with_people(tmp_path)
    done = steady(tmp_path, "person", "add", "ana")
    assert done.returncode == 2
    assert "no password came" in done.stderr
