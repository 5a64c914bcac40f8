"""`process` keeps the promises of the seam, and finds real processes, here and over a real SSH server."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import process
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, plain

from ..realparts.sshd import sshd
from .machines import target
from .servers import raw
from .talkers import silent


class TestContract(HandlerContract):
    handler = process
    changes: ClassVar = {"name": plain("b"), "pattern": plain("c"), "pid": plain("2"), "user": plain("d")}

    @pytest.fixture
    def ordinary(self):
        return Case({"pid": plain("1"), "name": plain("a")})

    @pytest.fixture
    def failing(self, tmp_path):
        (tmp_path / "known").touch()
        here = {"hosts": [plain("no-such-host.invalid")], "config": plain("none"), "agent": False}
        return Case({"pid": plain("1")}, Target("t", "ssh", {**here, "known_hosts": plain(str(tmp_path / "known"))}))

    @pytest.fixture
    def slow(self, tmp_path):
        with raw(silent) as address:
            here = {"hosts": [plain(address)], "user": plain("x"), "config": plain("none"), "agent": False}
            known = {"known_hosts": plain(str(tmp_path / "known")), "connect_timeout": 70_000_000}
            (tmp_path / "known").touch()
            yield Case({"pid": plain("1")}, Target("t", "ssh", {**here, **known}))

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"pid": plain("1")})

    @pytest.fixture
    def secret(self):
        return Case({"pattern": Text((Literal("--key="), Secret("key")))}, secrets={"key": "opensesame"})


@pytest.fixture
def sleeper():
    """A process with a mark in its command."""
    mark = f"mark-{os.getpid()}-{os.urandom(4).hex()}"
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", mark], stdin=subprocess.DEVNULL)
    yield child.pid, mark
    child.kill()
    child.wait(10)


def see(place=None, **asked):
    given = {name: plain(str(value)) for name, value in asked.items()}
    return process.perform(process.plan(given, place), BenchHands(timeout=20)).values


def test_one_that_runs(sleeper):
    pid, mark = sleeper
    found = see(pattern=mark)
    assert (found["count"], found["pids"]) == (1, [pid])
    (one,) = found["processes"]
    assert (one["pid"], one["parent"], one["user"]) == (pid, os.getpid(), getpass.getuser())
    assert one["command"].endswith(mark)
    assert one["rss"] > 1024 * 1024 or one["state"] == "R"
    assert one["age"] < 60
    assert one["cpu"] >= 0
    name = os.path.basename(sys.executable)
    assert see(name=name, pattern=mark, user=getpass.getuser(), pid=pid)["count"] == 1
    assert see(name="nobody-is-called-so", pid=pid)["count"] == 0
    assert see(user="nobody-is-called-so", pid=pid)["count"] == 0


def test_the_engine_is_none_of_them():
    assert see(pid=os.getpid())["count"] == 0


def test_over_ssh_it_finds_the_same(sleeper, tmp_path):
    pid, mark = sleeper
    with sshd(tmp_path / "sshd") as server:
        place = target(server)
        found = see(place, pattern=mark)
        assert found["pids"] == [pid]
        (one,), (here,) = found["processes"], see(pattern=mark)["processes"]
        assert {k: one[k] for k in ("pid", "parent", "user", "command")} == {
            k: here[k] for k in ("pid", "parent", "user", "command")
        }
        assert see(place, name=os.path.basename(sys.executable), pid=pid)["count"] == 1
        assert see(place, name="ps")["count"] == 0, "the one that lists them is none of them"
        plan = process.plan({"name": plain("nginx")}, place)
        assert plan.targets == (f"there/{server.host}",)
        assert process.preflight(plan, BenchHands())[0].holds


def test_what_cannot_be_planned():
    for asked, message in (
        ({}, "`process` looks for nothing"), ({"pid": plain("0")}, "'0' is no number of a process"),
        ({"pattern": plain("(")}, "`(` is not a regular expression: missing ), unterminated subpattern at position 0"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as caught:
            process.plan(asked, None)
        assert caught.value.message == message
        assert caught.value.hint
    with pytest.raises(BadInput, match="could take for ever"):
        process.plan({"pattern": plain("(a+)+b")}, None)
    hands = BenchHands(secrets={"p": "(" * 9})
    with pytest.raises(BadInput, match="no regular expression"):
        process.perform(process.plan({"pattern": Text((Secret("p"),))}, None), hands)


def test_a_preview():
    place = Target("t", "ssh", {"hosts": [plain("a")], "user": plain("ops")})
    asked = {"name": plain("nginx"), "pid": plain("7"), "pattern": Text((Secret("p"),))}
    assert process.plan(asked, place).preview == "look for processes: name 'nginx', pattern '•••', pid 7\n# on a as ops"


def test_it_is_a_read():
    assert process.effect_of({}) is Effect.READ
    assert process.preflight(process.plan({"pid": plain("1")}, None), BenchHands()) == []
