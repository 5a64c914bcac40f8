"""A real Alertmanager on a free port, which posts to an address with a bearer token. Raised by amtool; stopped by its pid."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import answers, free_port, missing, until, used

CONFIG = """\
route: {{receiver: steady, group_by: [alertname], group_wait: 200ms, group_interval: 300ms, repeat_interval: 1h}}
receivers:
  - name: steady
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config: {{authorization: {{type: Bearer, credentials: {token}}}}}
inhibit_rules:
  - source_matchers: [severity = critical]
    target_matchers: [severity = warning]
    equal: [service]
"""


class Alertmanager:
    """One that runs. `url` is where it is asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def amtool(self, *words: str) -> str:
        """What amtool prints."""
        argv = ["amtool", f"--alertmanager.url={self.url}", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout

    def fire(self, name: str, **labels: str) -> None:
        """An alert begins."""
        words = [f"{key}={value}" for key, value in labels.items()]
        self.amtool("alert", "add", name, *words, "--annotation=summary=made by a test")

    def alerts(self) -> list[dict[str, Any]]:
        """What it knows, silenced and inhibited ones too."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def resolve(self, name: str, **labels: str) -> None:
        """An alert is over: it is said again, with an end that has passed."""
        body = [{"labels": {"alertname": name, **labels}, "endsAt": "2020-01-01T00:00:00Z"}]
        known = [one for one in self.alerts() if one["labels"].get("alertname") == name]
        if known:
            body[0]["startsAt"] = known[0]["startsAt"]
            body[0]["endsAt"] = known[0]["startsAt"]
        asked = urllib.request.Request(
            f"{self.url}/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(asked, timeout=5).close()


@contextmanager
def alertmanager(url: str, token: str, config: str = CONFIG) -> Iterator[Alertmanager]:
    """One that posts to `url` with that token."""
    program = shutil.which("prometheus-alertmanager")
    if program is None or shutil.which("amtool") is None:
        missing("prometheus-alertmanager", "prometheus-alertmanager")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-am-")), free_port()
    (folder / "alertmanager.yml").write_text(config.format(url=url, token=token))
    argv = [str(program), f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: process.poll() is not None or answers(port), "Alertmanager")
        assert process.poll() is None, "prometheus-alertmanager ended"
        used("alertmanager")
        yield Alertmanager(port)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
