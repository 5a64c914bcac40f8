"""`kill -9` in the middle of every operation that changes something: what was acknowledged is there, and who repeats the
request under its key gets one run, one answer, one note, whatever moment the server died at.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.journal.open import open_journal
from steadyhand.model import Mode

from ...app.server import services_in, until
from .served import as_, concluded, gate, waiting
from .served import library as write_library

ROOT = Path(__file__).resolve().parents[3]
MOMENTS = ("claim", "before", "after", "answer")


class Place:
    """A store with a server on it, which is started anew whenever it has died."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = write_library(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []

    def start(self) -> httpx.Client:
        """A client of a new server."""
        (self.folder / "port").unlink(missing_ok=True)
        (self.folder / "doom").unlink(missing_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.web.api.doomed", str(self.folder)], cwd=ROOT, stdout=log, stderr=log
            )
        until(lambda: (self.folder / "port").exists() or self._failed(), 30)
        port = (self.folder / "port").read_text()
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/", headers=as_("admin"), timeout=20)
        self._clients.append(client)
        return client

    def _failed(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "log").read_text()
        return False

    def killed(self, client: httpx.Client, moment: str, event: str, path: str, body: Any, key: str) -> None:
        """A request in the middle of which the server dies."""
        assert self.process is not None
        (self.folder / "doom").write_text(f"{moment} {event}")
        with pytest.raises(httpx.HTTPError):
            client.post(path, json=body, headers={"Idempotency-Key": key})
        assert self.process.wait(20) == -signal.SIGKILL
        client.close()

    def events(self, run: str) -> list[e.Event]:
        """What happened in a stream, as the store has it."""
        journal = open_journal(str(self.folder / "journal.db"))
        try:
            return [one.event for one in journal.read(run)]
        finally:
            journal.close()

    def stop(self) -> None:
        """End what still runs."""
        for client in self._clients:
            client.close()
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(20)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    try:
        yield found
    finally:
        found.stop()


def repeated(client: httpx.Client, path: str, body: Any, key: str) -> httpx.Response:
    """The same request again, twice: both answers are one."""
    headers = {"Idempotency-Key": key}
    first = client.post(path, json=body, headers=headers)
    second = client.post(path, json=body, headers=headers)
    assert first.is_success, first.text
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    return first


def count(events: list[e.Event], kind: Any) -> int:
    """How many events are of a kind."""
    return sum(isinstance(one, kind) for one in events)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_is_started_once(place: Place, moment: str) -> None:
    client = place.start()
    body = {"runbook": "given", "inputs": {"word": "x"}}
    place.killed(client, moment, "run.started", "runs", body, "k")
    with place.start() as client:
        run = repeated(client, "runs", body, "k").json()["id"]
        assert [one["id"] for one in client.get("runs").json()["runs"]] == [run]
        assert concluded(client, run) == "healthy"
        assert client.get("audit").json()["holds"] is True


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_yes_counts_once_and_its_change_is_made_once(place: Place, moment: str) -> None:
    client = place.start()
    run = waiting(client)
    body = {"answer": "approve", "digest": gate(client, run)["digest"]}
    place.killed(client, moment, "gate.answered", f"runs/{run}/gates/change", body, "k")
    with place.start() as client:
        said = repeated(client, f"runs/{run}/gates/change", body, "k").json()
        assert said == {"run": run, "gate": "change", "answer": "approve", "by": "admin"}
        assert concluded(client, run) == "resolved"
    assert place.mark.read_text() == "changed\n"
    assert count(place.events(run), e.GateAnswered) == 1


SAYS: dict[str, tuple[str, str, Any, Any]] = {
    "note": ("note.added", "runs/{run}/notes", {"text": "seen"}, e.NoteAdded),
    "stop": ("run.stop_requested", "runs/{run}/stop", {"reason": "wrong"}, e.StopRequested),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("what", sorted(SAYS))
def test_what_is_said_to_a_run_is_said_once(place: Place, what: str, moment: str) -> None:
    event, path, body, kind = SAYS[what]
    client = place.start()
    run = waiting(client)
    path = path.format(run=run)
    place.killed(client, moment, event, path, body, "k")
    with place.start() as client:
        assert repeated(client, path, body, "k").json()["run"] == run
        if what == "stop":
            assert concluded(client, run) == "stopped"
    assert count(place.events(run), kind) == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_everything_is_stopped_all_the_same(place: Place, moment: str) -> None:
    client = place.start()
    some = [waiting(client), waiting(client)]
    place.killed(client, moment, "run.stop_requested", "stop-all", {}, "k")
    with place.start() as client:
        repeated(client, "stop-all", {}, "k")
        assert [concluded(client, run) for run in some] == ["stopped", "stopped"]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_is_taken_over_once(place: Place, moment: str) -> None:
    client = place.start()
    desk = services_in(place.folder, engine="engine")
    run = runs.start(desk, library.load(desk, "asking"), {}, Mode.GUIDED).stream
    desk.journal.close()
    place.killed(client, moment, "note.added", f"runs/{run}/take-over", {}, "k")
    with place.start() as client:
        repeated(client, f"runs/{run}/take-over", {}, "k")
        until(lambda: client.get(f"runs/{run}").json()["gates"])
    assert count(place.events(run), e.NoteAdded) == 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_lease_is_taken_and_returned_once(place: Place, moment: str) -> None:
    client = place.start()
    body = {"target": "orders-db", "reason": "rebuild"}
    place.killed(client, moment, "lease.taken", "leases", body, "k1")
    client = place.start()
    (lease,) = repeated(client, "leases", body, "k1").json()["leases"]
    assert lease["by"] == "admin"
    place.killed(client, moment, "lease.returned", "leases/return", {"target": "orders-db"}, "k2")
    with place.start() as client:
        assert repeated(client, "leases/return", {"target": "orders-db"}, "k2").json() == {"leases": []}
    events = place.events("target:orders-db")
    assert [type(one) for one in events] == [e.LeaseTaken, e.LeaseReturned]


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_a_kill_at_once(place: Place) -> None:
    with place.start() as client:
        run = waiting(client)
        acts: list[Callable[[], httpx.Response]] = [
            lambda: client.post(f"runs/{run}/notes", json={"text": "seen"}),
            lambda: client.post("leases", json={"target": "orders-db", "reason": "rebuild"}),
            lambda: client.post("runs", json={"runbook": "asking"}),
        ]
        said = [act() for act in acts]
        place.stop()
    assert all(one.is_success for one in said)
    with place.start() as client:
        assert [one["text"] for one in client.get(f"runs/{run}").json()["said"]] == ["seen"]
        assert client.get("leases").json() == said[1].json()
        assert {one["id"] for one in client.get("runs").json()["runs"]} == {run, said[2].json()["id"]}
        until(lambda: len(client.get("gates").json()["gates"]) == 2)
