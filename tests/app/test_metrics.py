"""The text for Prometheus, checked by Prometheus' own tool, and the bound on series."""

from __future__ import annotations

import math
import shutil
import subprocess

import pytest

from steadyhand.app.metrics import MOST, OTHER, Metrics

from ..realparts import missing


def test_each_kind_has_its_lines():
    metrics = Metrics()
    seen = metrics.counter("steady_seen_total", "Seen.", "runbook")
    seen.add("disk")
    seen.add("disk", by=2)
    seen.add('a "b" \\ c\nd')
    metrics.counter("steady_plain_total", "Plain.").add()
    level = metrics.level("steady_level", "A level.")
    level.add(by=3)
    level.add(by=-1)
    metrics.reading("steady_now", "Now.", lambda: [(("a",), 1.5), (("b",), math.inf)], "part")
    took = metrics.histogram("steady_took_seconds", "Took.", (0.1, 1.0), "door")
    for value in (0.05, 0.1, 0.5, 7):
        took.observe(value, "api")
    assert metrics.text() == (
        "# HELP steady_level A level.\n# TYPE steady_level gauge\nsteady_level 2\n"
        "# HELP steady_now Now.\n# TYPE steady_now gauge\n"
        'steady_now{part="a"} 1.5\nsteady_now{part="b"} +Inf\n'
        "# HELP steady_plain_total Plain.\n# TYPE steady_plain_total counter\nsteady_plain_total 1\n"
        "# HELP steady_seen_total Seen.\n# TYPE steady_seen_total counter\n"
        'steady_seen_total{runbook="a \\"b\\" \\\\ c\\nd"} 1\nsteady_seen_total{runbook="disk"} 3\n'
        "# HELP steady_took_seconds Took.\n# TYPE steady_took_seconds histogram\n"
        'steady_took_seconds_bucket{door="api",le="0.1"} 2\n'
        'steady_took_seconds_bucket{door="api",le="1"} 3\n'
        'steady_took_seconds_bucket{door="api",le="+Inf"} 4\n'
        'steady_took_seconds_sum{door="api"} 7.65\n'
        'steady_took_seconds_count{door="api"} 4\n'
    )
    assert seen.total("disk") == 3


def test_nobody_fills_the_memory_by_thinking_up_names():
    metrics = Metrics()
    counter = metrics.counter("steady_a_total", "A.", "x", "y")
    histogram = metrics.histogram("steady_b_seconds", "B.", (1.0,), "x")
    metrics.reading("steady_c", "C.", lambda: (((str(n),), n) for n in range(9_999)), "x")
    for number in range(5_000):
        counter.add(str(number), "y")
        histogram.observe(1, str(number))
    assert counter.total(OTHER, OTHER) == 5_000 - MOST
    lines = metrics.text().splitlines()
    assert len([line for line in lines if line.startswith("steady_a_total{")]) == MOST + 1
    assert len([line for line in lines if line.startswith("steady_c{")]) == MOST
    assert f'steady_b_seconds_count{{x="{OTHER}"}} {5_000 - MOST}' in lines


def test_a_name_is_given_once():
    metrics = Metrics()
    metrics.counter("steady_a_total", "A.")
    with pytest.raises(ValueError, match="is there already"):
        metrics.level("steady_a_total", "A.")


def test_an_unlabelled_counter_is_there_from_the_start():
    metrics = Metrics()
    metrics.counter("steady_a_total", "A.")
    metrics.histogram("steady_b_seconds", "B.", (1.0,))
    assert "steady_a_total 0\n" in metrics.text()
    assert "steady_b_seconds_count 0\n" in metrics.text()


def promtool(*words, text=""):
    program = shutil.which("promtool")
    if program is None:
        missing("prometheus", "promtool")
    return subprocess.run([program, *words], input=text, capture_output=True, text=True, check=False)


def test_prometheus_finds_nothing_to_say():
    metrics = Metrics()
    metrics.counter("steady_seen_total", "Seen.", "runbook").add('odd "\n\\')
    metrics.histogram("steady_took_seconds", "Took.", (0.1, 1.0)).observe(0.2)
    metrics.level("steady_level", "A level.").add()
    told = promtool("check", "metrics", text=metrics.text())
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert promtool("check", "metrics", text="# TYPE a counter\na b\n").returncode != 0
