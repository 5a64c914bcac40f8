"""Secrets in a keyring: a real one in a file, and the package's own that always fail or are always empty."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import sys
{before}
from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.errors import HandlerError
from steadyhand.model import SecretSource
source = SecretSource("key", "keyring", {{"service": "orders-db", "username": "steady"}})
secrets = SecretStore({{"key": source}}, Redactor(), ".", {{}}, {patience})
print(secrets.check("key"))
try:
    print(secrets.reveal("key"))
except HandlerError as problem:
    print(type(problem).__name__, problem.message, "|", problem.hint)
"""


def asked(folder: Path, backend: str, before: str = "", patience: float = 5.0) -> list[str]:
    """What preflight and a step say, in a process of its own: the package chooses its backend once."""
    env = {
        "PYTHON_KEYRING_BACKEND": backend,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "PATH": "/usr/bin:/bin",
    }
    code = ASK.format(before=before, patience=patience)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_password_is_read(tmp_path):
    pytest.importorskip("keyrings.alt", reason="the package keyrings.alt is not installed: no keyring in a file")
    write = "import keyring; keyring.set_password('orders-db', 'steady', 'correct-horse')"
    look, value = asked(tmp_path, "keyrings.alt.file.PlaintextKeyring", write)
    assert value == "correct-horse"
    assert look == "('secret key', True, 'in file PlaintextKeyring; whether it is there is told when it is read')"


def test_a_keyring_that_holds_nothing(tmp_path):
    pytest.importorskip("keyrings.alt", reason="the package keyrings.alt is not installed: no keyring in a file")
    assert asked(tmp_path, "keyrings.alt.file.PlaintextKeyring")[1] == (
        "Refused secret key: the keyring holds nothing for steady at orders-db | `keyring set orders-db steady` writes it"
    )


def test_there_is_no_keyring(tmp_path):
    look, value = asked(tmp_path, "keyring.backends.fail.Keyring")
    assert "'secret key', False, 'secret key: the keyring cannot be used: no backend of it can be used here" in look
    assert value.startswith("Refused secret key: the keyring cannot be used: No recommended backend was available.")
    look, value = asked(tmp_path, "keyring.backends.null.Keyring")
    assert "'secret key', False" in look
    assert "holds nothing" in value


def test_a_keyring_that_waits_for_somebody(tmp_path):
    waits = (
        "import keyring, keyring.backend, time\n"
        "class Waits(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username): time.sleep(5)\n"
        "    set_password = get_password\n"
        "keyring.set_keyring(Waits())"
    )
    assert asked(tmp_path, "keyring.backends.null.Keyring", waits, 0.2)[1] == (
        "TimedOut secret key: the keyring did not answer within 0.2 s | `keyring get orders-db steady` asks it by hand"
    )


def test_a_package_that_is_not_installed_is_said(tmp_path):
    look, value = asked(tmp_path, "", "sys.modules['keyring'] = None")
    message = "secret key: a secret in a keyring needs the package keyring, which is not installed"
    assert message in look
    assert value == f"Refused {message} | pip install 'steadyhand[keyring]'"
