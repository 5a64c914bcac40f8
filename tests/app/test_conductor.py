"""Which runs a server drives, and which it leaves to people."""

from __future__ import annotations

import threading

from steadyhand.app import library, runs
from steadyhand.app.hub import Broadcast
from steadyhand.core.answers import Answer
from steadyhand.model import Mode

from .server import ANA, asking, services_in, serving, until

WAITING = """\
steadyhand: 1
name: later
title: Later
steps:
  pause: {wait: 1500ms}
  done: {set: {x: '1'}, next: {pass: end.healthy}}
"""

SLOW = """\
steadyhand: 1
name: slow
title: Slow
steps:
  look: {shell: sleep 0.4; echo x, effect: read, next: {pass: end.healthy}}
"""


def write(folder, text):
    (folder / f"{text.split('name: ')[1].split()[0]}.yaml").write_text(text)


def test_a_run_that_a_terminal_drives_is_left_alone(tmp_path):
    asking(tmp_path)
    other = services_in(tmp_path, "engine")
    with serving(tmp_path) as server:
        driver = runs.start(other, library.load(other, "asking"), {}, Mode.GUIDED)
        until(lambda: server.board.run(driver.stream))
        server.conductor._sweep()
        assert server.conductor.driven == ()
        assert server.board.run(driver.stream).driver.startswith("engine@")
        other.journal.close()


def test_one_that_a_person_left_waiting_goes_on_when_it_is_answered(tmp_path):
    mark = asking(tmp_path)
    other = services_in(tmp_path, "engine")
    driver = runs.start(other, library.load(other, "asking"), {}, Mode.GUIDED)
    driver.drive()
    with serving(tmp_path) as server:
        gate = server.board.run(driver.stream).gates[0]
        runs.answer(other, driver.stream, Answer(gate.gate, "kim", "approve", gate.digest, "cli"))
        assert until(lambda: server.board.run(driver.stream).conclusion) == "resolved"
        assert server.board.run(driver.stream).driver.startswith("server@")
    other.journal.close()
    assert mark.read_text() == "changed\n"


def test_what_another_server_left_without_a_word_is_found(tmp_path):
    """A server that died has written nothing; its lock is free."""
    write(tmp_path, SLOW)
    dead = services_in(tmp_path, "server")
    driver = runs.start(dead, library.load(dead, "slow"), {}, Mode.GUIDED)
    with serving(tmp_path) as server:
        assert until(lambda: server.board.run(driver.stream).conclusion) == "healthy"
        again = runs.start(dead, library.load(dead, "slow"), {}, Mode.GUIDED)
        until(lambda: server.board.run(again.stream))
        server.conductor._sweep()
        assert until(lambda: server.board.run(again.stream).conclusion) == "healthy"
    dead.journal.close()


def test_a_lock_that_somebody_holds_keeps_a_second_driver_off(tmp_path):
    write(tmp_path, SLOW)
    dead = services_in(tmp_path, "server")
    driver = runs.start(dead, library.load(dead, "slow"), {}, Mode.GUIDED)
    lease = runs.lease(dead, driver.stream)
    with serving(tmp_path) as server:
        until(lambda: not server.conductor.queued and not server.conductor.driven)
        assert server.board.run(driver.stream).conclusion == ""
        lease.release()
        server.conductor._sweep()
        assert until(lambda: server.board.run(driver.stream).conclusion) == "healthy"
    dead.journal.close()


def test_many_runs_share_few_threads(tmp_path):
    write(tmp_path, SLOW)
    (tmp_path / "steady.yaml").write_text("store: journal.db\nlibrary: ['.']\nserver: {runs: 2, grace: 1s}\n")
    with serving(tmp_path) as server:
        runbook = library.load(server.services, "slow")
        started = [server.run(ANA, runbook, {}, Mode.GUIDED) for _ in range(6)]
        most = 0
        while not all((r := server.board.run(run)) and r.conclusion for run in started):
            most = max(most, len(server.conductor.driven))
        assert most == 2
        drivers = [t for t in threading.enumerate() if t.name.startswith("driver ")]
        assert len(drivers) <= 2 + 1  # of this server; one of another test may just be ending


def test_a_timer_fires_without_a_thread_that_waits_for_it(tmp_path):
    write(tmp_path, WAITING)
    with serving(tmp_path) as server:
        run = server.run(ANA, library.load(server.services, "later"), {}, Mode.GUIDED)
        assert until(lambda: (r := server.board.run(run)) and r.conclusion) == "healthy"


def test_a_run_that_cannot_be_driven_is_told_in_the_log_and_harms_nobody(tmp_path, caplog):
    with serving(tmp_path) as server:
        server.conductor.drive("r0nothing")
        until(lambda: "r0nothing" in caplog.text)
        write(tmp_path, SLOW)
        run = server.run(ANA, library.load(server.services, "slow"), {}, Mode.GUIDED)
        assert until(lambda: (r := server.board.run(run)) and r.conclusion) == "healthy"


def test_output_is_handed_on_while_a_step_runs_and_forgotten_after(tmp_path):
    (tmp_path / "talk.yaml").write_text(
        "steadyhand: 1\nname: talk\ntitle: Talk\nsteps:\n"
        "  say: {shell: 'echo hello; sleep 0.6', effect: read, next: {pass: end.healthy}}\n"
    )
    with serving(tmp_path) as server:
        told: list[str] = []
        forget = server.hub.listen_to_output(told.append)
        run = server.run(ANA, library.load(server.services, "talk"), {}, Mode.GUIDED)
        assert until(lambda: server.hub.tails(run)) == {"say": "hello\n"}
        assert until(lambda: server.board.run(run).conclusion) == "healthy"
        until(lambda: not server.hub.tails(run))
        assert set(told) == {run}
        forget()
        Broadcast(server.hub, run).output("say", "stdout", b"x")
        assert told.count(run) == len(told)
        server.hub.settled(run, "say")
