"""Open pages: how soon 200 of them hear of a change, and what they cost. `python benchmarks/pages.py`.

The floor is one open page in the same run: how long it takes until it alone has heard. A page is a stream of
server-sent events to this process, over a real socket, from a real server process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from steadyhand.app import leases
from steadyhand.app.services import Services

SERVER = """
import sys, asyncio
from pathlib import Path
from starlette.applications import Starlette
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.model.people import Identity, Role
from steadyhand.schema import Serving
from steadyhand.web.app import create_app
from steadyhand.web.routes import routes
from steadyhand.web.serve import listening, serve
async def ana(connection): return Identity("ana", "web", "", {"*": Role.ADMIN})
server = Server(Services(cwd=sys.argv[1], engine="server"))
sock = listening(Serving(port=0))
serve(server, create_app(server, ana, routes()), sock, lambda: print(sock.getsockname()[1], flush=True), lambda: None)
"""
PAGES, CHANGES = 200, 40
GAP = 0.25
"""Seconds between two changes."""


async def page(port: int, heard: list[float], opened: asyncio.Event) -> None:
    """One open page: when it hears of something."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /live?topics=leases HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    try:
        while line := await reader.readline():
            if line.startswith(b"retry"):
                opened.set()
            if line.startswith(b"data:"):
                heard.append(time.monotonic())
    finally:
        writer.close()


async def measured(port: int, folder: str, pages: int) -> list[float]:
    """How long (seconds) each page waited for each change, from just before the append."""
    services = Services(cwd=folder, engine="engine")
    heard: list[list[float]] = [[] for _ in range(pages)]
    opened = [asyncio.Event() for _ in range(pages)]
    tasks = [asyncio.ensure_future(page(port, *both)) for both in zip(heard, opened, strict=True)]
    await asyncio.gather(*(one.wait() for one in opened))
    waits: list[float] = []
    for number in range(CHANGES):
        before = time.monotonic()
        await asyncio.to_thread(leases.take, services, f"db-{number}", "ana", "bench", 10_000_000)
        await asyncio.sleep(GAP)
        waits += [one[-1] - before for one in heard if one and one[-1] > before]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    services.journal.close()
    return waits


def vitals(pid: int) -> tuple[int, int]:
    """Resident memory in KiB, and threads."""
    text = Path(f"/proc/{pid}/status").read_text()
    rows = dict(line.split(":", 1) for line in text.splitlines())
    return int(rows["VmRSS"].split()[0]), int(rows["Threads"])


def main() -> int:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "steady.yaml").write_text("store: journal.db\n")
        command = [sys.executable, "-c", SERVER, folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            alone = asyncio.run(measured(port, folder, 1))
            before = vitals(process.pid)
            together = asyncio.run(_with_vitals(port, folder, process.pid))
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(20)
        waits, (memory, threads) = together
    one, all_ = statistics.median(alone), statistics.median(waits)
    worst = sorted(waits)[int(0.99 * len(waits)) - 1]
    missed = PAGES * CHANGES - len(waits)
    print(f"one page hears after {one * 1000:.0f} ms (median of {len(alone)} changes)")
    late = f"{worst * 1000:.0f} ms: {all_ / one:.1f}x of one"
    print(f"{PAGES} pages hear after {all_ * 1000:.0f} ms, 99 of 100 within {late}")
    cost = f"{(memory - before[0]) / PAGES:.1f} KiB and {(threads - before[1]) / PAGES:.2f} threads"
    print(f"a page costs {cost}; {missed} of {PAGES * CHANGES} messages missed")
    return 1 if missed else 0


async def _with_vitals(port: int, folder: str, pid: int) -> tuple[list[float], tuple[int, int]]:
    looked: list[tuple[int, int]] = []

    async def look() -> None:
        await asyncio.sleep(CHANGES * GAP / 2)
        looked.append(vitals(pid))

    task = asyncio.ensure_future(look())
    waits = await measured(port, folder, PAGES)
    await task
    return waits, looked[0]


if __name__ == "__main__":
    sys.exit(main())
