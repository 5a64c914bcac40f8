"""A real Prometheus on a free port, which scrapes a page of the test's own each second. Stopped by its pid."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import answers, free_port, missing, until, used

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: test
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
METRICS = """\
orders{app="shop",status="ok"} 40
orders{app="shop",status="error"} 2
orders{app="it's \\"quoted\\" \\\\ here",status="ok"} 7
odd NaN
endless +Inf
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = METRICS.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Quiet."""


@contextmanager
def prometheus() -> Iterator[str]:
    """The address of a server that knows what `METRICS` says."""
    program = shutil.which("prometheus")
    if program is None:
        missing("prometheus", "prometheus")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-prom-")), free_port()
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=page.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    (folder / "prometheus.yml").write_text(CONFIG.format(port=page.server_port))
    argv = [str(program), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or (answers(port) and _knows(address)), "Prometheus")
        assert process.poll() is None, "prometheus ended"
        used("prometheus")
        yield address
    finally:
        process.terminate()
        process.wait(20)
        page.shutdown()
        page.server_close()
        thread.join(2)
        shutil.rmtree(folder, ignore_errors=True)


def _knows(address: str) -> bool:
    """Whether the page has been scraped."""
    try:
        with urllib.request.urlopen(f"{address}/api/v1/query?query=orders", timeout=2) as answer:
            return len(json.load(answer)["data"]["result"]) == 3
    except OSError:
        return False
