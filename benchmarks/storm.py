"""10,000 alerts at once: how many are routed in a second, how much memory it takes, and that none is lost.

    python benchmarks/storm.py [HOW_MANY]

Alerts are appended by eight threads, as the intake does it, while a server routes them and drives the runs that they
start. Three estates: one trouble behind all of them, a storm gathered in waves, and ten thousand troubles of their own
of which a hundred may start in an hour. The floor is the append alone, without a server. Meanwhile somebody looks at
the pages, one after the other: how long they take in the storm, against the same pages before it.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import uvicorn

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert, stream_of
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.model.people import Identity, Role
from steadyhand.schema import Serving
from steadyhand.web.app import create_app
from steadyhand.web.routes import routes
from steadyhand.web.serve import listening, options

RUNBOOK = """\
steadyhand: 1
name: look
title: Look
inputs: {INPUT}
steps:
  look: {title: Look, shell: 'true', effect: read, next: {pass: wait, fail: end.escalated, error: end.escalated}}
  wait: {title: Wait, gate: {prompt: 'Go on?'}, next: {approved: end.healthy, rejected: end.stopped}}
"""
ONE = "{host: {type: string, from: alert.labels.instance}}"
MANY = "{hosts: {type: array, items: {type: string}, from: alert.labels.instance}}"
ESTATES = {
    "one trouble": ("key: [alert.labels.service]", ONE),
    "a storm": ("storm: {within: 1s, by: [alert.labels.service], input: hosts, most: 10}", MANY),
    "many troubles": ("per_hour: 100", ONE),
}
THREADS = 8
LOOKED_AT = ("/", "/alerts", "/runs")


class Reader(threading.Thread):
    """Somebody who looks at the pages, again and again, over a real socket."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        sock = listening(Serving(port=0))
        self.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        app = create_app(server, self._who, routes())
        self.door = uvicorn.Server(uvicorn.Config(app, **options(Serving())))
        self.served = threading.Thread(target=lambda: self.door.run(sockets=[sock]), daemon=True)
        self.took: list[float] = []
        self.over = False

    async def _who(self, _: object) -> Identity:
        return Identity("ana", "web", "", {"*": Role.VIEWER})

    def look(self, client: httpx.Client) -> None:
        """Load each page once."""
        for page in LOOKED_AT:
            begun = time.perf_counter()
            assert client.get(page).status_code == 200
            self.took.append(time.perf_counter() - begun)

    def open(self) -> float:
        """Serve; the median time (seconds) of a page before the storm."""
        self.served.start()
        while not self.door.started:
            time.sleep(0.01)
        with httpx.Client(base_url=self.url, timeout=60) as client:
            for _ in range(10):
                self.look(client)
        calm, self.took = statistics.median(self.took), []
        return calm

    def run(self) -> None:
        """Go on looking."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while not self.over:
                self.look(client)

    def close(self) -> None:
        """Look no more, and serve no more."""
        self.over = True
        self.join()
        self.door.should_exit = True
        self.served.join()


def alert(number: int) -> e.AlertReceived:
    labels = {"alertname": "Slow", "instance": f"host{number}", "service": f"s{number % 20}", "severity": "page"}
    annotations = {"summary": "The service is slow", "runbook": "https://wiki.example/slow"}
    details = {"generator": "x" * 80}
    fingerprint = f"{number:016x}"
    return e.AlertReceived(
        "am", "alertmanager", fingerprint, f"{number}", "firing", "Slow", labels, annotations, details
    )


def append(services: Services, numbers: range) -> None:
    for number in numbers:
        said = alert(number)
        services.journal.append(
            stream_of(said.intake, said.fingerprint), 0, [said], actor="intake", at=services.clock.now(), epoch=1
        )


def pour(services: Services, count: int) -> float:
    """Append all of them; the seconds it took."""
    begun = time.perf_counter()
    threads = [
        threading.Thread(target=append, args=(services, range(start, count, THREADS))) for start in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


def desk(folder: Path, route: str, inputs: str) -> Services:
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "look.yaml").write_text(RUNBOOK.replace("{INPUT}", inputs))
    settings = f"server: {{runs: 20}}\nroutes: [{{name: slow, runbook: look, match: {{alertname: Slow}}, {route}}}]\n"
    (folder / "steady.yaml").write_text(settings)
    return Services(store=str(folder / "j.db"), environ={"PATH": os.environ["PATH"]}, cwd=str(folder), engine="server")


def measure(name: str, count: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        services = desk(Path(place), *ESTATES[name])
        server = Server(services)
        server.start()
        reader = Reader(server)
        calm = reader.open()
        reader.start()
        begun = time.perf_counter()
        poured = pour(services, count)
        while server.router.decided < count:
            time.sleep(0.02)
        took = time.perf_counter() - begun
        reader.close()
        states = [fold_alert(services.journal.read(head.stream)) for head in services.journal.streams(e.ALERTS)]
        lost = count - sum(state.decision is not None for state in states)
        led = sum(bool(state.runs) for state in states)
        runs = sum(":" not in head.stream for head in services.journal.streams("r"))
        server.stop()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:14} {count / took:7.0f}/s routed  {count / poured:7.0f}/s appended  {took:5.1f} s  {runs:5} runs  "
        f"{led:6} led to one  {lost} lost  {memory:5.0f} MB at most"
    )
    pages = sorted(reader.took)
    slow = pages[int(len(pages) * 0.95)]
    print(
        f"{'':14} pages meanwhile: {statistics.median(pages) * 1000:.0f} ms ({statistics.median(pages) / calm:.1f} x), "
        f"of 100 the five slowest take {slow * 1000:.0f} ms or more; {len(pages)} looks"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as place:
        services = desk(Path(place), *ESTATES["one trouble"])
        print(f"{'the floor':14} {count / pour(services, count):7.0f}/s appended without a server")
    for name in ESTATES:
        measure(name, count)


if __name__ == "__main__":
    main()
