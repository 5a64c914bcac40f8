"""What a service manager is told."""

from __future__ import annotations

import socket

import pytest

from steadyhand.app.supervised import reloading, tell


@pytest.fixture
def manager(tmp_path):
    """A manager that listens in a file, and its address."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(5)
        yield listening, {"NOTIFY_SOCKET": address}


def test_a_manager_is_told(manager):
    listening, environ = manager
    assert tell("READY=1", environ)
    assert listening.recv(100) == b"READY=1"


def test_a_manager_without_a_file_is_told_too():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0steadyhand-test-notify")
        listening.settimeout(5)
        assert tell("STOPPING=1", {"NOTIFY_SOCKET": "@steadyhand-test-notify"})
        assert listening.recv(100) == b"STOPPING=1"


def test_a_reload_is_over_however_it_ends(manager):
    listening, environ = manager
    with pytest.raises(RuntimeError), reloading(environ):
        begun = listening.recv(100).decode().splitlines()
        assert begun[0] == "RELOADING=1"
        assert begun[1].startswith("MONOTONIC_USEC=")
        raise RuntimeError
    assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_without_a_manager_nobody_is_told(address):
    assert not tell("READY=1", {"NOTIFY_SOCKET": address} if address else {})
