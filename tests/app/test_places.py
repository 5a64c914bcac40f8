"""Free ports, an overseer, and namespaces where this machine has them."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from steadyhand.app import places

LOOK = """
import os, socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
socket.create_connection(s.getsockname(), 2)
print(os.getppid(), len([p for p in os.listdir("/proc") if p.isdigit()]), os.environ["STEADY_OVERSEER"])
"""


def test_ports_are_free_and_differ():
    ports = places.free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_a_namespace_has_its_own_loopback_and_processes():
    how, why_not = places.namespace()
    if not how:
        pytest.skip(f"no namespaces here: {why_not}")
    whole = [*how, sys.executable, "-m", "steadyhand.driver.overseer", "namespace", sys.executable, "-c", LOOK]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)
    parent, processes, by = map(int, done.stdout.split())
    assert (parent, by) == (1, 1), done.stderr
    assert processes <= 3


def test_whether_it_is_overseen_and_where(monkeypatch):
    monkeypatch.delenv("STEADY_OVERSEER", raising=False)
    assert (places.overseen(), places.namespaced()) == (False, False)
    monkeypatch.setenv("STEADY_OVERSEER", "4711")
    assert (places.overseen(), places.namespaced()) == (True, False)
    monkeypatch.setenv("STEADY_OVERSEER", "1")
    assert (places.overseen(), places.namespaced()) == (True, True)


def test_the_same_command_under_an_overseer(monkeypatch):
    monkeypatch.delenv("STEADY_OVERSEER", raising=False)
    assert places.overseeing(["no-such-command"]) == 2


def test_a_machine_without_unshare_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert places.namespace() == ((), "unshare is not on this machine (package util-linux)")
