"""What the machine tells of this process: time, memory, files, threads. From /proc; what is not there is left out."""

from __future__ import annotations

import os
import platform
import resource
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .. import __version__
from .metrics import Metrics, Readings

PROC = Path("/proc/self")


def add_vitals(metrics: Metrics) -> None:
    """The metrics of a process under the names that Prometheus knows, and what this program is."""
    metrics.reading(
        "steady_build_info",
        "What this program is; always 1.",
        lambda: [((__version__, platform.python_version()), 1)],
        "version",
        "python",
    )
    _one(metrics, "process_cpu_seconds_total", "User and system CPU time spent.", _cpu, "counter")
    _one(metrics, "process_resident_memory_bytes", "Resident memory size.", lambda: _pages(1))
    _one(metrics, "process_virtual_memory_bytes", "Virtual memory size.", lambda: _pages(0))
    _one(metrics, "process_open_fds", "Open file descriptors.", lambda: len(os.listdir(PROC / "fd")))
    _one(metrics, "process_max_fds", "Maximum number of open file descriptors.",
         lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])  # fmt: skip
    _one(metrics, "process_start_time_seconds", "Start time of the process since the epoch.", _started)
    _one(metrics, "process_threads", "Threads of the process.", threading.active_count)


def _one(metrics: Metrics, name: str, text: str, look: Callable[[], float], kind: str = "gauge") -> None:
    def readings() -> Readings:
        with suppress(OSError, ValueError, IndexError):
            return [((), look())]
        return []

    metrics.reading(name, text, readings, kind=kind)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


def _pages(field: int) -> float:
    return int((PROC / "statm").read_text("ascii").split()[field]) * os.sysconf("SC_PAGE_SIZE")


def _started() -> float:
    """The kernel tells ticks since it was started, and when that was."""
    ticks = int((PROC / "stat").read_text("ascii").rpartition(")")[2].split()[19])
    booted = next(line for line in Path("/proc/stat").read_text("ascii").splitlines() if line.startswith("btime "))
    return int(booted.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
