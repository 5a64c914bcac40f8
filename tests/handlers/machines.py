"""Targets on real SSH servers, for the tests of everything that goes over them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

from steadyhand.handlers import ssh
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.connections import Connections
from steadyhand.model import Secret, Target, Text, plain

from ..realparts.sshd import Sshd

PASSWORD = Text((Secret("pw"),))


def as_text(value):
    """Plain strings as the texts that a renderer gives."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {k: as_text(v) for k, v in value.items()}
    return [as_text(v) for v in value] if isinstance(value, list) else value


def known(server: Sshd, *more: Sshd) -> Path:
    """A known_hosts file that has the servers' keys."""
    path = server.folder / "known_hosts"
    path.write_text("".join(one.entry() for one in (server, *more)))
    return path


def target(server: Sshd, **params) -> Target:
    """A target that logs in with the server's key, away from this user's own configuration."""
    own = {
        "hosts": [server.host],
        "user": server.user,
        "key": str(server.folder / "id"),
        "agent": False,
        "config": "none",
    }
    if "known_hosts" not in params:
        own["known_hosts"] = str(known(server))
    return Target("there", "ssh", as_text({k: v for k, v in {**own, **params}.items() if v is not None}))


class Desk:
    """Performs `ssh` steps on one target, on shared connections."""

    def __init__(self, place: Target) -> None:
        self.place = place
        self.connections = Connections()
        self.hands = BenchHands()

    def ran(self, *, timeout: float = 20.0, secrets=None, here=".", environment=None, **params) -> dict:
        self.hands = BenchHands(
            timeout=timeout, secrets=secrets, connections=self.connections, cwd=str(here), environment=environment
        )
        return dict(ssh.perform(ssh.plan(as_text(params), self.place), self.hands).values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.connections.close()


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state != b"Z"


def gone(pid: int, patience: float = 5.0) -> bool:
    """Whether a process has ended, soon."""
    over = time.monotonic() + patience
    while alive(pid) and time.monotonic() < over:
        time.sleep(0.02)
    return not alive(pid)
