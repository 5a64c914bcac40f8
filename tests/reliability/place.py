"""A real `steady serve` for tests of faults: a runbook that asks before its one change, an intake, a person with a token.

The change appends a line to a file of the test, so that one which is made twice is seen in the world, and not only in
the journal.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from steadyhand import events as e
from steadyhand.journal.open import open_journal

from ..realparts import free_port, until

TOKEN, PASSWORD = "alertmanager-token-of-a-test", "four-words-of-a-test"

RUNBOOK = """\
steadyhand: 1
name: orders-down
title: The orders service does not answer
services: [orders]
alerts: [OrdersDown]
inputs:
  host: {type: string, pattern: '^[a-z0-9-]+$', from: alert.labels.instance}
steps:
  look:
    title: Look
    shell: echo {{ inputs.host }} is slow
    effect: read
    next: {pass: restart, fail: end.escalated, error: end.escalated}
  restart:
    title: Restart it
    shell: LASTS; echo {{ inputs.host }} >> MARK
    effect: change
    gate: {prompt: 'Restart {{ inputs.host }}?', roles: [approver]WITHIN}
    undo: {none: A restart has nothing to take back}
    next: {pass: check, fail: end.escalated, error: end.escalated, rejected: end.escalatedEXPIRED}
  check:
    title: Is it fixed?
    purpose: verification
    shell: 'true'
    effect: read
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}
"""
SETTINGS = """\
store: journal.db
library: [runbooks]
server: {listen: '127.0.0.1:8420', grace: 1s}
people:
  ana: {roles: {commander: ['*']}}
secrets:
  am_token: {env: AM_TOKEN}
intake:
  alertmanager: {source: alertmanager, token: [am_token]}
routes:
  - {name: orders, match: {alertname: OrdersDown}, runbook: orders-down, mode: guided}
"""


class Place:
    """A folder with runbooks and settings, and the servers over it. `environ` is what all its processes are given."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] | None = None, *, lasts: str = "true", within: str = ""
    ):
        self.folder, self.mark = folder, folder / "mark"
        self.store = str(folder / "journal.db")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("STEADY_", "XDG_"))}
        self.environ: dict[str, str] = {**kept, "AM_TOKEN": TOKEN, **(environ or {})}
        self.store = self.environ.get("STEADY_STORE", self.store)
        (folder / "runbooks").mkdir()
        text = RUNBOOK.replace("MARK", str(self.mark)).replace("LASTS", lasts)
        text = text.replace("WITHIN", f", within: {within}" if within else "")
        text = text.replace("EXPIRED", ", expired: end.escalated" if within else "")
        (folder / "runbooks" / "orders-down.yaml").write_text(text)
        (folder / "steady.yaml").write_text(SETTINGS)
        self.steady("person", "add", "ana", stdin=f"{PASSWORD}\n")
        self.token = self.steady("token", "new", "--person", "ana", "--role", "commander").strip()
        self.doors: list[Door] = []

    def steady(self, *words: str, stdin: str = "") -> str:
        """What a command prints."""
        argv = [sys.executable, "-m", "steadyhand", *words]
        done = subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, argv: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Door:
        """A server more, which is up. `argv` stands before its command."""
        door = Door(self, len(self.doors), argv, {**self.environ, **(environ or {})})
        self.doors.append(door)
        door.wait()
        return door

    def stop(self) -> None:
        """End all servers that run."""
        for door in self.doors:
            door.stop()
            for client in (door.client, *door.browsers):
                client.close()

    # --- what the store has, read beside the servers

    def events(self, stream: str) -> list[e.Recorded]:
        """What happened in a stream."""
        with closing(open_journal(self.store)) as journal:
            return list(journal.read(stream))

    def streams(self, prefix: str = "r") -> list[str]:
        """The streams with this beginning, the runs unless said."""
        with closing(open_journal(self.store)) as journal:
            found = [head.stream for head in journal.streams(prefix)]
        return [one for one in found if prefix != "r" or ":" not in one]

    def holds(self) -> bool:
        """Whether all chains verify, and time never goes back in a stream."""
        with closing(open_journal(self.store)) as journal:
            assert journal.verify_store() == ()
            for head in list(journal.streams("")):
                times = [one.at for one in journal.read(head.stream)]
                assert times == sorted(times), f"time goes back in {head.stream}"
        return True

    def changes(self) -> list[str]:
        """The hosts that were changed, once for each time."""
        return self.mark.read_text().split() if self.mark.exists() else []


class Door:
    """One server process and ways to ask it things."""

    def __init__(self, place: Place, number: int, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.place, self.port = place, free_port()
        settings = place.folder / f"steady-{number}.yaml"
        settings.write_text(SETTINGS.replace("8420", str(self.port)))
        self.log = place.folder / f"log-{number}"
        steady = [sys.executable, "-m", "steadyhand", "--config", str(settings), "serve"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*argv, *steady], cwd=place.folder, env=dict(environ), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        self.browsers: list[httpx.Client] = []
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {place.token}"}, timeout=60, trust_env=False
        )

    def wait(self) -> None:
        """Until it serves."""
        until(lambda: self.process.poll() is not None or "serving at" in self.said(), "the server", 30)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()
                raise

    # --- asking

    def post(self, host: str, status: str = "firing", at: str = "2026-01-01T00:00:00Z") -> httpx.Response:
        """Post an alert about a host, as Alertmanager does."""
        return self.client.post(
            "/hooks/alertmanager", json=body(host, status, at), headers={"Authorization": f"Bearer {TOKEN}"}
        )

    def ready(self) -> tuple[int, str]:
        """What /readyz says."""
        told = self.client.get("/readyz")
        return told.status_code, told.text

    def is_ready(self) -> bool:
        """Whether work can be done."""
        return self.ready()[0] == 200

    def runs(self) -> dict[str, dict[str, Any]]:
        """The runs, by id."""
        told = self.client.get("/api/v1/runs?limit=200")
        assert told.status_code == 200, told.text
        return {one["id"]: one for one in told.json()["runs"]}

    def waiting(self, count: int = 1, patience: float = 20) -> list[dict[str, Any]]:
        """The open gates, once there are so many."""

        def gates() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = self.client.get("/api/v1/gates").json()["gates"]
            return found

        until(lambda: len(gates()) >= count, f"{count} gates", patience)
        return gates()

    def answer(self, gate: Mapping[str, Any], key: str = "", answer: str = "approve") -> httpx.Response:
        """Answer a gate, with an idempotency key where one is given."""
        return self.client.post(
            f"/api/v1/runs/{gate['run']}/gates/{gate['id']}",
            json={"answer": answer, "digest": gate["digest"]},
            headers={"Idempotency-Key": key} if key else {},
        )

    def concluded(self, run: str, patience: float = 20) -> str:
        """How a run ends, once it has."""

        def end() -> str:
            told = self.client.get(f"/api/v1/runs/{run}")
            return str(told.json()["conclusion"] or "") if told.status_code == 200 else ""

        until(lambda: bool(end()), f"the end of {run}", patience)
        return end()

    def sign_in(self) -> httpx.Client:
        """A browser in which ana has signed in."""
        browser = httpx.Client(base_url=self.url, headers={"Accept": "text/html"}, timeout=60, trust_env=False)
        self.browsers.append(browser)
        page = browser.get("/login").text
        word = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
        form = {"name": "ana", "password": PASSWORD, "csrf": word, "next": "/"}
        told = browser.post("/login", data=form)
        assert told.status_code == 303, told.text
        return browser

    def threads(self) -> int:
        """How many threads it has."""
        return int(self._status("Threads"))

    def memory(self) -> float:
        """What it holds in memory, in MB."""
        return int(self._status("VmRSS").split()[0]) / 1024

    def _status(self, name: str) -> str:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:"))


def body(host: str, status: str = "firing", at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    """What Alertmanager posts about one host."""
    labels = {"alertname": "OrdersDown", "instance": host, "service": "orders"}
    alert = {
        "status": status, "labels": labels, "annotations": {}, "startsAt": at, "fingerprint": f"f-{host}",
        "endsAt": "2026-01-01T01:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }  # fmt: skip
    return {
        "version": "4", "groupKey": f"{{}}:{{instance={host}}}", "truncatedAlerts": 0, "status": status, "receiver": "steady",
        "groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}, "externalURL": "http://am.example",
        "alerts": [alert],
    }  # fmt: skip


@contextmanager
def place(folder: Path, environ: Mapping[str, str] | None = None, **more: str) -> Iterator[Place]:
    """A place, of which nothing runs in the end."""
    made = Place(folder, environ, **more)
    try:
        yield made
    finally:
        made.stop()
