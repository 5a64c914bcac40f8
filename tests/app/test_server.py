"""A server drives what is started on it, and what a server before it has left."""

from __future__ import annotations

from steadyhand.app import library, runs
from steadyhand.app.server import Server
from steadyhand.core.answers import Answer
from steadyhand.model import Mode

from .server import ANA, asking, services_in, serving, until


def start(server: Server, name: str = "asking") -> str:
    return server.run(ANA, library.load(server.services, name), {}, Mode.GUIDED)


def approve(server: Server, run: str, by: str = "ana") -> None:
    gate = server.board.run(run).gates[0]
    runs.answer(server.services, run, Answer(gate.gate, by, "approve", gate.digest, "web"))


def test_a_run_waits_without_a_thread_and_goes_on_with_the_answer(tmp_path):
    mark = asking(tmp_path)
    with serving(tmp_path) as server:
        run = start(server)
        row = until(lambda: (r := server.board.run(run)) and r.gates and r)
        assert (row.status, row.requester, row.current) == ("waiting", "ana", ("change",))
        until(lambda: not server.conductor.driven)
        assert not mark.exists()
        approve(server, run)
        until(lambda: server.board.run(run).conclusion)
        assert server.board.run(run).conclusion == "resolved"
    assert mark.read_text() == "changed\n"


def test_what_a_server_left_waiting_is_gone_on_with_by_the_next(tmp_path):
    mark = asking(tmp_path)
    with serving(tmp_path) as server:
        run = start(server)
        until(lambda: (r := server.board.run(run)) and r.gates)
    with serving(tmp_path) as server:
        assert server.board.run(run).status == "waiting"
        approve(server, run)
        assert until(lambda: server.board.run(run).conclusion) == "resolved"
    assert mark.read_text() == "changed\n"


def test_an_answer_from_another_process_wakes_it(tmp_path):
    asking(tmp_path)
    with serving(tmp_path) as server:
        run = start(server)
        gate = until(lambda: (r := server.board.run(run)) and r.gates)[0]
        other = services_in(tmp_path, "engine")
        runs.answer(other, run, Answer(gate.gate, "kim", "reject", gate.digest, "cli"))
        assert until(lambda: server.board.run(run).conclusion) == "escalated"
        other.journal.close()


def test_links_lead_to_where_people_reach_it(tmp_path):
    assert Server(services_in(tmp_path)).url == "http://127.0.0.1:8420"
    (tmp_path / "steady.yaml").write_text("server: {listen: '[::1]:9000'}\nstore: j.db\n")
    assert Server(services_in(tmp_path)).url == "http://[::1]:9000"
    (tmp_path / "steady.yaml").write_text("server: {url: https://steady.example}\nstore: j.db\n")
    assert Server(services_in(tmp_path)).url == "https://steady.example"


def test_a_part_that_fails_to_stop_keeps_nobody(tmp_path, caplog):
    class Bad:
        def start(self) -> None:
            self.started = True

        def stop(self) -> None:
            raise OSError("stuck")

    server = Server(services_in(tmp_path))
    part = Bad()
    server.parts.append(part)
    server.start()
    server.stop()
    assert part.started
    assert server.draining.is_set()
    assert "Bad did not stop" in caplog.text
