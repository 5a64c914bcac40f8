"""`steady serve` as a process of its own, with the settings that a page of the documentation shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .realparts import free_port, until

ROOT = Path(__file__).resolve().parent.parent
SHOWN = re.compile(r"^```yaml\n# steady\.yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def settings_of(page: str) -> str:
    """The settings that a page shows."""
    found = SHOWN.search((ROOT / "docs" / "how-to" / page).read_text("utf-8"))
    assert found, f"{page} shows no settings"
    return found[1]


@contextmanager
def serving(settings: str, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """The address of a server with these settings (on a free port), and the folder that it runs in."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="steady-serve-") as name:
        folder = Path(name)
        (folder / "steady.yaml").write_text(settings.replace("127.0.0.1:8420", f"127.0.0.1:{port}"))
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("STEADY_", "XDG_"))}
        argv = [sys.executable, "-m", "steadyhand", "serve"]
        with open(folder / "log", "w", encoding="utf-8") as log:
            process = subprocess.Popen(argv, cwd=folder, env={**kept, **environ}, stdout=log, stderr=log)
        try:
            said = folder / "log"
            until(lambda: process.poll() is not None or "serving at" in said.read_text(), "the server")
            assert process.poll() is None, said.read_text()
            yield f"http://127.0.0.1:{port}", folder
        finally:
            process.terminate()
            process.wait(30)


SECRETS = {
    name: f"{name.lower()}-of-the-page"
    for name in ("AM_TOKEN", "AM_TOKEN_OLD", "GRAFANA_SIGNING", "PAGERDUTY_SIGNING", "OPSGENIE_TOKEN", "DATADOG_PASSWORD",
                 "EVENTS_TOKEN")
}  # fmt: skip


@contextmanager
def intakes() -> Iterator[Mapping[str, str]]:
    """A server with the intakes of the page on alerts, how to reach it, and the secrets."""
    with serving(settings_of("alerts-in.md"), SECRETS) as (address, _):
        yield {**SECRETS, "STEADY": address}
