"""`steady serve` as a process: it says where it is, and ends in good order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

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
