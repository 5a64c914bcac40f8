"""What is told of the process is true."""

from __future__ import annotations

import os
import time

from steadyhand.app.metrics import Metrics
from steadyhand.app.vitals import add_vitals


def test_the_figures_are_those_of_this_process():
    metrics = Metrics()
    add_vitals(metrics)
    with open(os.devnull, "rb"):
        lines = dict(line.rsplit(" ", 1) for line in metrics.text().splitlines() if not line.startswith("#"))
    found = {name: float(value) for name, value in lines.items()}
    assert 5 <= found["process_open_fds"] <= found["process_max_fds"]
    assert 10_000_000 < found["process_resident_memory_bytes"] < found["process_virtual_memory_bytes"]
    assert 0 < time.time() - found["process_start_time_seconds"] < 24 * 3600
    assert 0 < found["process_cpu_seconds_total"] < 24 * 3600
    assert found["process_threads"] >= 1
    assert any(name.startswith('steady_build_info{version="0.') for name in found)
