"""A small shop: a real web service that can really break. `shop.py run FOLDER PORT`, `shop.py start|stop FOLDER PORT`.

Its health depends on the release that is deployed (the file `release`) and on a pool of sessions that a leak exhausts.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POOL = 20
GOOD = "v1"


class Shop(BaseHTTPRequestHandler):
    folder = pathlib.Path()
    sessions: list[object] = []

    def do_GET(self):
        if self.path == "/leak":
            type(self).sessions.extend(object() for _ in range(POOL))
        release = (self.folder / "release").read_text().strip()
        used = len(self.sessions)
        if release != GOOD:
            self.answer(500, {"error": f"release {release} cannot read the orders table", "release": release})
        elif self.path == "/health":
            up = used < POOL
            self.answer(200 if up else 503, {"database": "up" if up else "no free session", "sessions": used})
        else:
            self.answer(200, {"sessions": used, "pool": POOL, "release": release})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        with (self.folder / "log").open("a") as log:
            log.write(f"{self.command} {self.path}\n")


def run(folder, port):
    Shop.folder = folder
    (folder / "pid").write_text(str(os.getpid()))
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


def start(folder, port):
    with (folder / "out").open("a") as out:
        subprocess.Popen(
            [sys.executable, __file__, "run", str(folder), str(port)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("STEADY_")},
        )
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit("the shop did not start")


def stop(folder, port):
    pid = int((folder / "pid").read_text())
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    verb, where, number = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    if verb == "restart":
        stop(where, number)
        start(where, number)
    else:
        {"run": run, "start": start, "stop": stop}[verb](where, number)
