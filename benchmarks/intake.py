"""W7: real Alertmanager bodies acknowledged after a durable commit, one process, 64 clients: ours against the floor.

The floor is a bare ASGI app that writes each body into a table, one fsynced group commit for all that wait. Ours is the
whole server: it knows the sender, reads the body, takes secrets out, appends to a chained stream for each alert, and
puts it on the board. Both are served by the same uvicorn in processes of their own, in turn. Every body is of another
alert.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BODY = Path(__file__).resolve().parent.parent / "tests" / "payloads" / "alertmanager-real.json"
CLIENTS, SECONDS, ROUNDS = 64, 4.0, 5
TARGET = 0.5
TOKEN = "benchmark-token-1234567890"

FLOOR = """
import asyncio, sqlite3, sys, threading
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

waiting, wake = [], threading.Condition()

def write(path):
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL"); db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    while True:
        with wake:
            while not waiting:
                wake.wait()
            taken = waiting[:]; waiting.clear()
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO bodies (body) VALUES (?)", [(body,) for body, _, _ in taken])
        db.execute("COMMIT")
        for _, loop, future in taken:
            loop.call_soon_threadsafe(future.set_result, None)

async def hook(request):
    body = (await request.body()).decode()
    loop = asyncio.get_running_loop(); future = loop.create_future()
    with wake:
        waiting.append((body, loop, future)); wake.notify()
    await future
    return JSONResponse({"alerts": 1}, 202)

threading.Thread(target=write, args=(sys.argv[1],), daemon=True).start()
app = Starlette(routes=[Route("/hooks/alertmanager", hook, methods=["POST"])])
uvicorn.run(app, fd=int(sys.argv[2]), log_config=None, access_log=False, lifespan="off", server_header=False,
            timeout_keep_alive=65)
"""
OURS = """
import sys
import uvicorn
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.web.app import create_app
from steadyhand.web.routes import routes
from steadyhand.web.serve import options

async def nobody(connection):
    return None

server = Server(Services(store=sys.argv[1], config=sys.argv[3], engine="server"))
server.start()
uvicorn.run(create_app(server, nobody, routes()), fd=int(sys.argv[2]), **options(server.settings.server))
"""


def served(program: str, folder: Path, store: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server in a process of its own, and its port."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(2048)
    sock.set_inheritable(True)
    settings = folder / "steady.yaml"
    settings.write_text("secrets: {am: {env: AM_TOKEN}}\nintake: {alertmanager: {source: alertmanager, token: [am]}}\n")
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(folder / store), str(sock.fileno()), str(settings)],
        pass_fds=[sock.fileno()], env={**os.environ, "AM_TOKEN": TOKEN}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    port: int = sock.getsockname()[1]
    sock.close()
    return child, port


def requests(count: int, start: int) -> list[bytes]:
    """Requests with a real body each, of another alert each."""
    whole = json.loads(BODY.read_text())
    made = []
    for number in range(start, start + count):
        alert = {**whole["alerts"][0], "fingerprint": f"{number:016x}"}
        alert["labels"] = {**alert["labels"], "instance": f"10.0.{number >> 8 & 255}.{number & 255}:9100"}
        body = json.dumps({**whole, "alerts": [alert]}, separators=(",", ":")).encode()
        head = (
            f"POST /hooks/alertmanager HTTP/1.1\r\nHost: steady\r\nUser-Agent: Alertmanager/0.25.0\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def client(port: int, mine: list[bytes], until: float, took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in mine:
        if time.perf_counter() > until:
            break
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            sys.exit(f"refused: {head!r}")
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(size)
        took.append(time.perf_counter() - start)
    writer.close()


async def load(port: int, made: list[bytes], seconds: float) -> tuple[float, float]:
    """Bodies a second that were acknowledged, and the 99th percentile of how long one took (ms)."""
    took: list[float] = []
    start = time.perf_counter()
    share = len(made) // CLIENTS
    parts = [made[n * share : (n + 1) * share] for n in range(CLIENTS)]
    await asyncio.gather(*(client(port, part, start + seconds, took) for part in parts))
    return len(took) / (time.perf_counter() - start), statistics.quantiles(took, n=100)[98] * 1000


def measured(program: str, folder: Path, store: str, start: int, seconds: float) -> tuple[float, float]:
    child, port = served(program, folder, store)
    made = requests(int(seconds * 8000), start)
    try:
        asyncio.run(load(port, made[-CLIENTS * 4 :], 1.0))
        return asyncio.run(load(port, made[: -CLIENTS * 4], seconds))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def main() -> None:
    ratios = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            folder = Path(name) / str(number)
            folder.mkdir()
            floor = measured(FLOOR, folder, "floor.db", number << 20, SECONDS)
            ours = measured(OURS, folder, "ours.db", number << 20, SECONDS)
            ratios.append(ours[0] / floor[0])
            print(f"round {number + 1}: floor {floor[0]:,.0f}/s (p99 {floor[1]:.0f} ms), "
                  f"ours {ours[0]:,.0f}/s (p99 {ours[1]:.0f} ms), ratio {ratios[-1]:.2f}", flush=True)  # fmt: skip
    middle = statistics.median(ratios)
    print(
        f"W7 alerts acknowledged durably, {CLIENTS} clients: {middle:.2f} of the group-commit floor (target {TARGET})"
    )
    if middle < TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
