"""The hands lent to a handler: time, cancellation, output, secrets, children, artifacts."""

from __future__ import annotations

import io
import threading
import time

import pytest

from steadyhand.core.recording import Job
from steadyhand.driver.hands import AttemptHands
from steadyhand.driver.ports import Ports, SystemClock
from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.handlers import registry
from steadyhand.handlers.connections import Connections
from steadyhand.journal.memory import MemoryJournal
from steadyhand.model import Literal, Secret, SecretSource, Text, Verdict

from ..core.playbook import SPECS


class Bench:
    def __init__(self, timeout=5.0):
        self.journal, self.children, self.seen, redactor = MemoryJournal(), [], [], Redactor()
        ports = Ports(self.journal, SPECS, registry.handler, {}, "/work", "me", "here", SystemClock())
        self.hands = AttemptHands(
            ports, Job("a", 1), timeout=timeout, limit=1000, environment={"A": "b"}, redactor=redactor,
            secrets=SecretStore({"token": SecretSource("token", "env", "TOKEN")}, redactor, "/", {"TOKEN": "correct-horse"}),
            on_child=self.children.append, on_output=lambda name, data: self.seen.append((name, data)),
            connections=Connections(), verdict=lambda values: Verdict("fail", str(values)),
        )  # fmt: skip


@pytest.fixture
def bench():
    return Bench()


def test_time_runs_out(bench):
    assert 4 < bench.hands.remaining() <= 5
    assert Bench(timeout=-1).hands.remaining() < 0


def test_a_wait_ends_at_a_cancellation_and_at_the_end_of_the_time(bench):
    assert not Bench(timeout=0.05).hands.wait(60)
    threading.Timer(0.05, bench.hands.cancel).start()
    begun = time.monotonic()
    assert bench.hands.wait(60)
    assert time.monotonic() - begun < 5
    assert bench.hands.cancelled()


def test_what_was_asked_for_is_called_once_when_it_is_cancelled_and_at_once_if_it_was(bench):
    called = []
    bench.hands.on_cancel(lambda: called.append("before"))
    bench.hands.cancel()
    bench.hands.cancel()
    bench.hands.on_cancel(lambda: called.append("after"))
    assert called == ["before", "after"]


def test_secrets_are_revealed_where_they_are_needed_and_hidden_in_what_comes_back(bench):
    assert bench.hands.reveal("plain") == "plain"
    assert bench.hands.reveal(Text((Literal("Bearer "), Secret("token")))) == "Bearer correct-horse"
    assert bench.hands.secret("token") == "correct-horse"
    assert "correct-horse" not in str(bench.hands.clean({"said": ["it is correct-horse"]}))
    bench.hands.sink("stdout").write(b"it is correct-")
    bench.hands.sink("stdout").write(b"horse\n")
    (artifact,) = bench.hands.finish()
    assert "horse" not in artifact.head
    assert b"horse" not in b"".join(data for _, data in bench.seen)


def test_a_stream_has_one_sink_and_is_counted(bench):
    assert bench.hands.sink("stdout") is bench.hands.sink("stdout")
    bench.hands.sink("stderr").write(b"abc")
    assert bench.hands.sizes() == {"stdout": 0, "stderr": 3}


def test_children_and_files_are_made_known(bench):
    bench.hands.child(4711)
    assert bench.children == [4711]
    name = bench.hands.artifact("dump", io.BytesIO(b"content"))
    assert bench.journal.get(name).read() == b"content"
    (artifact,) = bench.hands.finish()
    assert (artifact.name, artifact.size, artifact.sha256) == ("dump", 7, name)


def test_where_it_runs(bench):
    assert (bench.hands.cwd, bench.hands.environment) == ("/work", {"A": "b"})


def test_connections_are_those_of_the_run_and_results_are_judged_without_secrets(bench):
    bench.hands.secret("token")
    made = bench.hands.shared("k", object, lambda _: None)
    assert bench.hands.shared("k", object, lambda _: None) is made
    assert bench.hands.judge({"rows": "correct-horse"}).outcome == "fail"
    assert "correct-horse" not in bench.hands.judge({"rows": "correct-horse"}).reason
