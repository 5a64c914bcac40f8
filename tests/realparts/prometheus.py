"""A real Prometheus on a free port, which scrapes a page of the test's own each second. Stopped by its pid."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import answers, free_port, missing, until, used

CONFIG = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: {rules}
scrape_configs:
  - job_name: steadyhand
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
    page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=page.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with scraping(page.server_port, lambda address: len(query(address, "orders")) == 3) as address:
            yield address
    finally:
        page.shutdown()
        page.server_close()
        thread.join(2)


@contextmanager
def scraping(target: int, knows: Callable[[str], bool], rules: str = "[]") -> Iterator[str]:
    """The address of a server that scrapes /metrics of a port, as soon as it knows what it should."""
    program = shutil.which("prometheus")
    if program is None:
        missing("prometheus", "prometheus")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-prom-")), free_port()
    (folder / "prometheus.yml").write_text(CONFIG.format(port=target, rules=rules))
    argv = [str(program), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or (answers(port) and knows(address)), "Prometheus")
        assert process.poll() is None, "prometheus ended"
        used("prometheus")
        yield address
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def query(address: str, text: str) -> list[dict[str, object]]:
    """What the server answers to a query; empty while it does not answer. Raises ValueError for what is no query."""
    found = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': text})}"
    try:
        with urllib.request.urlopen(found, timeout=5) as answer:
            result: list[dict[str, object]] = json.load(answer)["data"]["result"]
            return result
    except urllib.error.HTTPError as refused:
        with refused:
            if refused.code in {400, 422}:
                raise ValueError(json.load(refused)["error"]) from None
            return []
    except OSError:
        return []
