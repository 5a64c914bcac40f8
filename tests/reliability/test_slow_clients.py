"""Clients that send one byte a second, take nothing, or vanish without a word: others are served meanwhile, nothing grows,
and the slow one is let go of at a bound.

A line that is cut is a network namespace of its own in which packets are dropped.
"""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import ExitStack, closing

import pytest

from ..realparts import until
from .place import TOKEN, body, place

DEEP = bool(os.environ.get("STEADY_DEEP"))
MANY = 60


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with place(tmp_path_factory.mktemp("slow")) as team:
        door = team.serve()
        assert door.post("before").status_code == 202
        door.waiting()
        yield door


def dial(door, text=""):
    """A connection of its own, on which this was sent."""
    line = socket.create_connection(("127.0.0.1", door.port))
    line.sendall(text.encode())
    return line


def hook(length):
    """The head of a delivery."""
    return (f"POST /hooks/alertmanager HTTP/1.1\r\nHost: steady\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n")  # fmt: skip


def connections(door):
    """How many connections the server has, by the kernel."""
    inodes = 0
    for name in os.listdir(f"/proc/{door.process.pid}/fd"):
        try:
            inodes += os.readlink(f"/proc/{door.process.pid}/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            continue
    return inodes


def drip(lines, text, seconds, door, name):
    """One byte a second on each line, while others are served; when the first of them was let go of."""
    begun, over = time.monotonic(), {}
    for number in range(int(seconds)):
        for line in lines:
            if line in over:
                continue
            try:
                line.sendall(text[number % len(text)].encode())
                line.setblocking(False)  # noqa: FBT003 its only parameter
                if line.recv(4096) is not None:
                    over[line] = time.monotonic() - begun
            except BlockingIOError:
                line.setblocking(True)  # noqa: FBT003 its only parameter
            except OSError:
                over[line] = time.monotonic() - begun
        if len(over) == len(lines):
            break
        asked = time.monotonic()
        assert door.client.get("/api/v1/runs").status_code == 200
        assert door.post(f"{name}{number}").status_code == 202
        assert time.monotonic() - asked < 2, "others are served meanwhile"
        time.sleep(1)
    return over


@pytest.mark.slow
@pytest.mark.parametrize("where", ["body", "header"])
def test_one_byte_a_second(served, where):
    whole = json.dumps(body("slow"))
    head = hook(len(whole)) if where == "body" else "GET /api/v1/runs HTTP/1.1\r\nHost: steady\r\nX-Slow: "
    before, threads, memory = connections(served), served.threads(), served.memory()
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(dial(served, head))) for _ in range(MANY)]
        over = drip(lines, whole if where == "body" else "x", 30, served, f"slow{where}")
        assert len(over) == MANY, f"{len(over)} of {MANY} were let go of"
        assert max(over.values()) < 30
        print(f"{where}: let go of after {max(over.values()):.1f} s")
        until(lambda: connections(served) <= before + 2, "the end of all connections")
    assert served.threads() <= threads + 4
    assert served.memory() < memory + 20
