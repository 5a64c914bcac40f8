"""An alert in, a repaired service out: every part is real.

nginx serves the shop, and a page that Prometheus scrapes. It is killed; a rule fires; Alertmanager posts; the server finds
the cause on its own and waits at the gate; a person signs in with Chromium, reads what they are asked, and says yes; nginx
is started; the alert resolves; the run has concluded. What a person saw is kept as pictures where STEADY_PICTURES names a
folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from steadyhand import events as e
from steadyhand.app.services import Services

from .realparts import answers, free_port, missing, until, used
from .realparts.alertmanager import CONFIG, alertmanager
from .realparts.chromium import chromium

TOKEN, PASSWORD = "alertmanager-token-of-a-test", "four-words-of-a-test"
LOGGED_IN = 60.0
"""Seconds in which a person could be woken, sit down and sign in at the earliest."""

NGINX = """\
user {user}; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5; default_type text/plain;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""
PROMETHEUS = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["127.0.0.1:{shop}"]}}]
"""
RULES = """\
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up{job="shop"} == 0
        for: 1s
        labels: {severity: critical, service: shop}
        annotations: {summary: Nobody can buy}
"""
RUNBOOK = """\
steadyhand: 1
name: shop-down
title: The shop does not answer
severity: SEV1
services: [shop]
alerts: [ShopDown]
owner: team-shop
symptoms: [Nobody can buy]
inputs:
  instance: {{type: string, pattern: '^127[.]0[.]0[.]1:[0-9]+$', from: alert.labels.instance}}
steps:
  health:
    title: Does it answer?
    http: {{url: "http://{{{{ inputs.instance }}}}/", timeout: 2s}}
    expect: {{status: 200}}
    next: {{pass: end.healthy, fail: causes, error: causes}}
  causes:
    title: Why does it not answer?
    diagnose:
      disk:
        cause: The disk is full
        disk: {{path: {folder}}}
        expect: {{percent: {{number: {{lt: 99.5}}}}}}
      stopped:
        cause: nginx does not run
        shell: test -e {folder}/nginx.pid && kill -0 "$(cat {folder}/nginx.pid)" 2>/dev/null
        fix: start
    otherwise: end.escalated
    next: {{fail: end.escalated, error: end.escalated}}
  start:
    title: Start nginx
    shell: {nginx} -c {folder}/nginx.conf
    effect: change
    gate: {{prompt: "Start nginx for {{{{ inputs.instance }}}}?", roles: [approver], within: 10m}}
    undo: {{none: A service that was meant to run}}
    next: {{pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated, expired: end.escalated}}
  confirm:
    title: Does it answer again?
    purpose: verification
    http: {{url: "http://{{{{ inputs.instance }}}}/", timeout: 2s}}
    expect: {{status: 200}}
    retry: {{times: 10, every: 200ms}}
    next: {{pass: end.resolved, fail: end.escalated, error: end.escalated}}
"""
SETTINGS = """\
store: journal.db
library: [runbooks]
server: {{listen: '127.0.0.1:{port}'}}
people:
  ana: {{roles: {{approver: [shop]}}}}
secrets:
  am_token: {{env: AM_TOKEN}}
intake:
  alertmanager: {{source: alertmanager, token: [am_token]}}
"""


class Shop:
    """An nginx of the test's own."""

    def __init__(self, folder: Path, nginx: str) -> None:
        self.folder, self.nginx, self.port = folder, nginx, free_port()
        (folder / "www").mkdir(parents=True)
        (folder / "www" / "index.html").write_text("welcome\n")
        (folder / "www" / "metrics").write_text("shop_orders 42\n")
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=self.port, user=user))
        self.start()

    def start(self) -> None:
        subprocess.run([self.nginx, "-c", str(self.folder / "nginx.conf")], check=True)
        until(self.well, "nginx")
        used("nginx")

    def well(self) -> bool:
        return answers(self.port)

    def pid(self) -> int:
        return int((self.folder / "nginx.pid").read_text())

    def kill(self) -> None:
        """End it as a crash would, its workers too."""
        with suppress(FileNotFoundError, ProcessLookupError):
            master = self.pid()
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
            for pid in (master, *map(int, children)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextmanager
def process(argv: list[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(30)


def steady(folder: Path, *words: str, stdin: str = "") -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "steadyhand", *words], cwd=folder, input=stdin, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@contextmanager
def estate(folder: Path) -> Iterator[tuple[Shop, str, Services]]:
    """The shop, those who watch it, and a server of ours: the address of that one, and its store."""
    nginx, prometheus = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("nginx", "prometheus"))
    if nginx is None:
        missing("nginx-light", "nginx")
    if prometheus is None:
        missing("prometheus", "prometheus")
    shop, port, watcher = Shop(folder / "shop", str(nginx)), free_port(), free_port()
    with ExitStack() as stack:
        stack.callback(shop.kill)
        yield from _around(stack, folder, shop, str(prometheus), port, watcher)


def _around(
    stack: ExitStack, folder: Path, shop: Shop, prometheus: str, port: int, watcher: int
) -> Iterator[tuple[Shop, str, Services]]:
    nginx = shop.nginx
    (folder / "runbooks").mkdir()
    (folder / "runbooks" / "shop-down.yaml").write_text(RUNBOOK.format(folder=shop.folder, nginx=nginx))
    (folder / "steady.yaml").write_text(SETTINGS.format(port=port))
    steady(folder, "validate", "--strict", "runbooks")
    steady(folder, "person", "add", "ana", stdin=f"{PASSWORD}\n")
    url = f"http://127.0.0.1:{port}"
    log = stack.enter_context((folder / "log").open("wb"))
    environ = {**os.environ, "AM_TOKEN": TOKEN}
    stack.enter_context(
        process([sys.executable, "-m", "steadyhand", "serve"], cwd=folder, env=environ, stdout=log, stderr=log)
    )
    until(lambda: answers(port), "the server")
    manager = stack.enter_context(alertmanager(f"{url}/hooks/alertmanager", TOKEN, CONFIG))
    scraped = PROMETHEUS.format(shop=shop.port, alertmanager=manager.url.removeprefix("http://"))
    (folder / "prometheus.yml").write_text(scraped)
    (folder / "rules.yml").write_text(RULES)
    argv = [str(prometheus), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{watcher}", "--log.level=error"]  # fmt: skip
    stack.enter_context(process(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    until(lambda: up(watcher) == 1, "the first scrape")
    services = Services(cwd=str(folder))
    stack.callback(services.close)
    yield shop, url, services


def up(watcher: int) -> int | None:
    """What Prometheus knows of the shop."""
    try:
        found = httpx.get(f"http://127.0.0.1:{watcher}/api/v1/query", params={"query": 'up{job="shop"}'}).json()
    except httpx.HTTPError:
        return None
    rows = found["data"]["result"]
    return int(rows[0]["value"][1]) if rows else None


def picture(page: Any, name: str) -> None:
    folder = os.environ.get("STEADY_PICTURES", "")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def when(services: Services, stream: str, kind: type[Any]) -> int:
    """When something happened first, in microseconds; 0 when it has not."""
    return next((one.at for one in services.journal.read(stream) if isinstance(one.event, kind)), 0)


def the_run(services: Services) -> str:
    found = [head.stream for head in services.journal.streams("r") if ":" not in head.stream]
    return found[0] if found else ""


@pytest.mark.slow
def test_from_the_alert_to_the_repair(tmp_path):
    with chromium() as browser, estate(tmp_path) as (shop, url, services):
        killed = time.time_ns() // 1000
        shop.kill()
        until(lambda: bool(the_run(services)), "a run", 40)
        run = the_run(services)
        until(lambda: when(services, run, e.GateOpened) > 0, "the gate", 20)
        alert = next(iter(services.journal.streams("alert:"))).stream
        received, asked = when(services, alert, e.AlertReceived), when(services, run, e.GateOpened)
        assert (asked - received) / 1e6 < 10 < LOGGED_IN, "the diagnosis is over before a person could have signed in"
        assert not shop.well(), "nothing is changed without a yes"

        context = browser.new_context(base_url=url)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/")
        page.get_by_label("Name").fill("ana")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        assert page.get_by_text("The shop does not answer").first.is_visible()
        picture(page, "alert-1-what-burns")
        page.goto(f"/runs/{run}")
        assert page.get_by_text("Start nginx for 127.0.0.1").first.is_visible()
        assert page.get_by_text("Found: nginx does not run").first.is_visible()
        assert page.get_by_text("Ruled out: The disk is full").first.is_visible()
        picture(page, "alert-2-the-gate")
        assert not shop.well()
        page.get_by_role("button", name="approve", exact=False).first.click()
        until(shop.well, "the repair", 20)
        until(lambda: when(services, run, e.RunConcluded) > 0, "the end of the run", 20)
        page.get_by_text("it was changed and verified").first.wait_for()
        picture(page, "alert-3-repaired")
        until(lambda: resolved(services, alert), "the end of the alert", 40)
        page.goto("/alerts")
        picture(page, "alert-4-the-alert-is-over")
        context.close()

        told = [one.event for one in services.journal.read(run)]
        (end,) = (one for one in told if isinstance(one, e.RunConcluded))
        (yes,) = (one for one in told if isinstance(one, e.GateAnswered))
        assert (end.conclusion, yes.by, yes.answer, yes.via) == ("resolved", "ana", "approve", "web")
        assert yes.origin == "127.0.0.1"
        assert sum(isinstance(one, e.StepIntended) and one.effect != "read" for one in told) == 1
        assert services.journal.verify_store() == ()
        print(
            f"alert after {(received - killed) / 1e6:.1f} s, the gate {(asked - received) / 1e6:.2f} s after the alert,"
            f" repaired {(when(services, run, e.RunConcluded) - asked) / 1e6:.1f} s after that"
        )


def resolved(services: Services, alert: str) -> bool:
    said = [one.event for one in services.journal.read(alert) if isinstance(one.event, e.AlertReceived)]
    return said[-1].status == "resolved"
