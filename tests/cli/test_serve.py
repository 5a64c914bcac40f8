"""`steady serve` as a process: it says where it is, and ends in good order."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from .steady import STEADY


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def test_it_serves_until_it_is_told_to_end(tmp_path):
    port = free_port()
    (tmp_path / "steady.yaml").write_text(f"store: j.db\nserver: {{listen: '127.0.0.1:{port}', grace: 1s}}\n")
    process = subprocess.Popen([*STEADY, "serve"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=os.environ)
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "serving at" in line:
                break
        assert lines[-1] == f"serving at http://127.0.0.1:{port}\n"
        second = subprocess.run(
            [*STEADY, "serve"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30
        )
        assert second.returncode == 2
        assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in second.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.stderr.close()


def test_its_log_is_for_programs_and_its_manager_is_told(tmp_path):
    """JSON lines, SIGHUP, and the words for a service manager, all of one process."""
    port = free_port()
    settings = f"store: j.db\nserver: {{listen: '127.0.0.1:{port}', grace: 1s}}\nsecrets: {{slack: {{env: HOOK}}}}\n"
    (tmp_path / "steady.yaml").write_text(settings)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        environ = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "HOOK": "a-secret-hook-4711"}
        process = subprocess.Popen(
            [*STEADY, "serve", "--log-format", "json"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environ
        )
        try:
            assert manager.recv(200) == b"READY=1"
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/readyz?token=a-secret-hook-4711", timeout=20
            ) as answer:
                assert answer.read() == b"ok\n"
            with pytest.raises(urllib.error.HTTPError) as lost:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/a-secret-hook-4711", timeout=20)
            lost.value.close()
            (tmp_path / "steady.yaml").write_text("roles: wrong\n")
            for text in ("roles: wrong\n", settings + "roles: {dba: [ana]}\n"):
                (tmp_path / "steady.yaml").write_text(text)
                process.send_signal(signal.SIGHUP)
                assert manager.recv(200).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
                assert manager.recv(200) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert manager.recv(200) == b"STOPPING=1"
            assert process.wait(20) == 0
            written = process.stderr.read()
        finally:
            process.kill()
            process.stderr.close()
    told = [json.loads(line) for line in written.splitlines()]
    assert [one["event"].partition(":")[0] for one in told if one["logger"] != "steadyhand.web.watched"] == [
        "serving at http", "the settings were refused, and the old ones stay", "the settings were read anew",
    ]  # fmt: skip
    assert [one["status"] for one in told if one["event"] == "request"] == [404]
    assert "a-secret-hook-4711" not in written


def test_what_is_missing_is_named(tmp_path):
    code = "import sys; sys.modules['starlette'] = None\nfrom steadyhand.cli.main import run\nsys.exit(run(['serve']))"
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "pip install 'steadyhand[server]'" in told.stderr


def test_somebody_with_an_account_or_a_token_is_known_to_it(tmp_path):
    """The whole way: an account and a token from the command line, a sign-in and a request at the process, the journal."""
    from ..app.door import PASSWORD
    from ..web.browser import Browser
    from .steady import steady

    port = free_port()
    (tmp_path / "steady.yaml").write_text(
        f"store: j.db\nserver: {{listen: '127.0.0.1:{port}', grace: 1s}}\npeople: {{ana: {{roles: {{viewer: ['*']}}}}}}\n"
    )
    store = str(tmp_path / "j.db")
    steady(tmp_path, "person", "add", "ana", stdin=PASSWORD + "\n", STEADY_STORE=store)
    token = steady(tmp_path, "token", "new", "--person", "ana", "--role", "viewer", STEADY_STORE=store).stdout.strip()
    environment = {k: v for k, v in os.environ.items() if k != "STEADY_STORE"}
    process = subprocess.Popen([*STEADY, "serve"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        next(line for line in process.stderr if "serving at" in line)
        browser = Browser(f"http://127.0.0.1:{port}")
        assert browser.sign_in().status_code == 303
        assert "<h1>ana</h1>" in browser.get("/account").text
        known = Browser(f"http://127.0.0.1:{port}", Authorization=f"Bearer {token}").get("/account")
        assert (known.status_code, "a token cannot be used for an account" in known.text) == (403, True)
        steady(tmp_path, "person", "disable", "ana", STEADY_STORE=store)
        assert browser.get("/account").status_code == 303
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()
    told = steady(tmp_path, "audit", "access", STEADY_STORE=store).stdout
    assert "ana signed in by a password  (web from 127.0.0.1)" in told
    assert "account of ana disabled by" in told
