"""Clients that send one byte a second, take nothing, or vanish without a word: others are served meanwhile, nothing grows,
and the slow one is let go of at a bound.

A line that is cut is a network namespace of its own in which packets are dropped.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from ..realparts import missing, until
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
                line.setblocking(False)
                if line.recv(4096) is not None:
                    over[line] = time.monotonic() - begun
            except BlockingIOError:
                line.setblocking(True)
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


@pytest.mark.slow
def test_streams_and_deliveries_of_clients_that_are_never_heard_of_again(served):
    """They are opened, and then nothing is read, while the server goes on telling them what happens."""
    before, threads, memory = connections(served), served.threads(), served.memory()
    run = next(iter(served.runs()))
    with ExitStack() as stack:
        for path in (f"/api/v1/runs/{run}/stream", "/live?topics=runs,alerts,everything"):
            for _ in range(MANY):
                stack.enter_context(closing(dial(served, asking(served, path))))
        for _ in range(MANY):
            stack.enter_context(closing(dial(served, hook(1000) + "{")))
        until(lambda: connections(served) >= before + 3 * MANY, "all connections")
        slowest = 0.0
        for number in range(40):
            asked = time.monotonic()
            assert served.post(f"unread{number}").status_code == 202
            assert served.client.post(f"/api/v1/runs/{run}/notes", json={"text": "x" * 2000}).status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
        assert slowest < 2, "others are served meanwhile"
        assert served.threads() <= threads + 40
        grown = served.memory() - memory
        assert grown < 60
        print(f"{3 * MANY} clients that read nothing: others waited for {slowest:.2f} s at most, {grown:.0f} MB more")
    until(lambda: connections(served) <= before + 2, "the end of all connections")


def asking(door, path):
    """The request of somebody who is known."""
    return f"GET {path} HTTP/1.1\r\nHost: steady\r\nAuthorization: Bearer {door.place.token}\r\n\r\n"


@pytest.fixture
def apart(tmp_path):
    """A server in a network of its own, and a way into it: what is called goes on there, in a thread."""
    if subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not make a network of its own (unshare -n)")
    if shutil.which("iptables", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        missing("iptables", "iptables")
    with place(tmp_path) as team, ThreadPoolExecutor(1) as there:
        door = team.serve(["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"])
        there.submit(enter, door.process.pid).result()
        yield door, lambda act: there.submit(act).result()


def enter(pid):
    """Have this thread, and no other, be in the network of a process: what it dials is dialled there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as network:
        assert libc.setns(network.fileno(), 0x4000_0000) == 0, os.strerror(ctypes.get_errno())


@pytest.mark.slow
def test_a_line_that_is_cut(apart):
    """Deliveries that had begun, and streams; then nothing that these clients send or are to get gets through."""
    door, there = apart

    def cut():
        assert door.post("before").status_code == 202
        run = door.waiting()[0]["run"]
        before = connections(door)
        streams = (f"/api/v1/runs/{run}/stream", "/live?topics=runs") if DEEP else ()
        with ExitStack() as stack:
            texts = [hook(1000) + "{"] * 10 + [asking(door, path) for path in streams] * 5
            lines = [stack.enter_context(closing(dial(door, text))) for text in texts]
            until(lambda: connections(door) >= before + len(lines), "all connections")
            time.sleep(0.3)
            for line in lines:
                for way in ("--sport", "--dport"):
                    rule = ["iptables", "-A", "INPUT", "-p", "tcp", way, str(line.getsockname()[1]), "-j", "DROP"]
                    subprocess.run(rule, check=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"})
            begun, number = time.monotonic(), 0
            while connections(door) > before + 2:
                number += 1
                asked = time.monotonic()
                assert door.post(f"cut{number}").status_code == 202
                assert time.monotonic() - asked < 2, "others are served meanwhile"
                assert time.monotonic() - begun < (110 if DEEP else 25), f"{connections(door) - before} are held still"
                time.sleep(0.5)
            print(f"{len(lines)} lines were cut; the last was let go of after {time.monotonic() - begun:.1f} s")

    there(cut)
