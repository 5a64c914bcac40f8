"""A real Prometheus scrapes a real server: its figures, the rules, and every query of the dashboard."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from steadyhand import events as e
from steadyhand.app import library, runs
from steadyhand.core.answers import Answer
from steadyhand.model import Mode
from steadyhand.web.health import ROUTES

from ..app.server import ANA, asking, until
from ..realparts import missing
from ..realparts.prometheus import query, scraping
from ..web.doors import open_door

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus-rules.yml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
QUERIES = [(p["title"], t["expr"]) for p in DASHBOARD["panels"] for t in p["targets"]]
MAY_BE_NOTHING = {"steady_alerts_deduplicated_total", "steady_alerts_held_total", "steady_alerts_unrouted_total"}
"""What has no series before it happened."""


def promtool(*words, text=""):
    program = shutil.which("promtool")
    if program is None:
        missing("prometheus", "promtool")
    return subprocess.run([program, *words], input=text, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """A Prometheus that has scraped a server at work several times, and that server."""
    folder = tmp_path_factory.mktemp("scraped")
    asking(folder)
    with open_door(folder, list(ROUTES)) as (client, server):
        port = client.base_url.port

        def knows(address):
            return len(query(address, "count_over_time(steady_build_info[10m]) > 3")) == 1

        with scraping(port, lambda address: bool(query(address, "steady_build_info")), f"[{RULES}]") as address:
            work(server)
            client.get("/nowhere")
            until(lambda: knows(address) and query(address, "steady_runs_concluded_total"))
            yield address, client, server


def work(server):
    """Two runs, one of which is answered; and an alert that led to it."""
    runbook = library.load(server.services, "asking.yaml")
    first, second = (server.run(ANA, runbook, {}, Mode.GUIDED) for _ in range(2))
    until(lambda: all(server.board.run(run) and server.board.run(run).gates for run in (first, second)))
    gate = server.board.run(first).gates[0]
    runs.answer(server.services, first, Answer(gate.gate, "ana", "approve", gate.digest, "web"))
    alert = e.AlertReceived("am", "alertmanager", "f1", "d1", "firing", "Errors")
    journal, at = server.services.journal, server.services.clock.now()
    journal.append("alert:am:f1", 0, [alert], actor="t", at=at, epoch=1)
    journal.append("alert:am:f1", 1, [e.AlertRouted(1, "r", "k", "asking", first)], actor="t", at=at + 1, epoch=1)
    until(lambda: server.board.run(first).conclusion)


def test_a_real_prometheus_reads_what_the_server_tells(scraped):
    address, client, _ = scraped
    (up,) = query(address, 'up{job="steadyhand"}')
    assert up["value"][1] == "1"
    text = client.get("/metrics").text
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    told = {row["metric"]["__name__"] for row in query(address, '{job="steadyhand"}')}
    bare = {
        re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in names else name
        for name in told
    }
    assert bare - {"up"} - {n for n in bare if n.startswith("scrape_")} <= names
    assert {name for name in names if name.startswith("process_")} <= bare
    (concluded,) = query(address, "steady_runs_concluded_total")
    assert (concluded["metric"]["conclusion"], concluded["value"][1]) == ("resolved", "1")
    (waiting,) = query(address, "steady_runs")
    assert (waiting["metric"]["status"], waiting["value"][1]) == ("waiting", "1")


def test_prometheus_finds_nothing_to_say_about_the_figures(scraped):
    _, client, _ = scraped
    told = promtool("check", "metrics", text=client.get("/metrics").text)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize(("title", "expr"), QUERIES, ids=[f"{n} {title}" for n, (title, _) in enumerate(QUERIES)])
def test_every_query_of_the_dashboard_has_an_answer(scraped, title, expr):
    address, *_ = scraped
    asked = expr.replace("$__rate_interval", "1m").replace("$job", ".*")
    assert "$" not in asked
    if any(name in asked for name in MAY_BE_NOTHING):
        query(address, asked)  # raises for what is no query
    else:
        until(lambda: query(address, asked))


def test_the_dashboard_asks_for_nothing_that_is_not_there(scraped):
    _, client, _ = scraped
    names = set(re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE))
    used = {n for _, expr in QUERIES for n in re.findall(r"\b(?:steady|process)_\w+", expr)}
    rules = set(re.findall(r"\b(?:steady|process)_\w+", RULES.read_text()))
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used | rules}
    assert bare <= names | {"steady_append_failures_total"}
    ids = [p["id"] for p in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    boxes = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]]
    assert len(set(boxes)) == len(boxes)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in DASHBOARD["panels"])


def test_the_rules_are_taken_by_a_real_prometheus(scraped):
    address, *_ = scraped
    import urllib.request

    with urllib.request.urlopen(f"{address}/api/v1/rules", timeout=10) as answer:
        (group,) = json.load(answer)["data"]["groups"]
    until(lambda: not [r for r in group["rules"] if r["health"] == "err"])
    assert {r["name"] for r in group["rules"] if r["state"] == "firing"} == set(), "a healthy server is quiet"
    assert len(group["rules"]) == RULES.read_text().count("- alert:")


def test_each_rule_fires_on_what_it_is_for(tmp_path):
    assert promtool("check", "rules", str(RULES)).returncode == 0
    source = (Path(__file__).parent / "prometheus-rules.test.yml").read_text()
    (tmp_path / "test.yml").write_text(source.replace("[RULES]", f"[{RULES}]"))
    told = promtool("test", "rules", str(tmp_path / "test.yml"))
    assert told.returncode == 0, told.stdout + told.stderr
    named = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    assert named <= set(re.findall(r'alertname="(\w+)"', source)), "each has a test"
