"""Places of a drill: free ports for what it starts, an overseer, and namespaces of its own where it asks for them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence

from ..driver.overseer import overseen_by

UNSHARE = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")


def free_ports(count: int) -> list[int]:
    """Ports on the loopback interface that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def namespace() -> tuple[tuple[str, ...], str]:
    """How a command is run in namespaces of its own on this machine, or why that cannot be done."""
    if shutil.which("unshare") is None:
        return (), "unshare is not on this machine (package util-linux)"
    wanted = UNSHARE if os.getuid() == 0 else (UNSHARE[0], "--user", "--map-root-user", *UNSHARE[1:])
    tried = subprocess.run([*wanted, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return (), f"this machine allows no namespaces: {' '.join(tried.stderr.split())}"
    return wanted, ""


def overseen() -> bool:
    """Whether this process has an overseer."""
    return overseen_by() != 0


def namespaced() -> bool:
    """Whether this process is in namespaces of a drill: there, its overseer is the first process."""
    return overseen_by() == 1


def overseeing(words: Sequence[str], how: Sequence[str] = ()) -> int:
    """The same command once more under an overseer, in namespaces where `how` says so; its exit code."""
    where = "namespace" if how else "process"
    steady = [sys.executable, "-m", "steadyhand", *words]
    whole = [*how, sys.executable, "-m", "steadyhand.driver.overseer", where, *steady]
    return subprocess.run(whole, check=False).returncode
