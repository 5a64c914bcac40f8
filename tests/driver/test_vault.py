"""Secrets in Vault, from a fake that answers as the published API does (apis.py)."""

from __future__ import annotations

import pytest

from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.driver.sources import Where
from steadyhand.driver.vault import _Vault
from steadyhand.errors import BadResponse, HandlerError, Refused, TimedOut, Unreachable
from steadyhand.model import SecretSource

from .apis import TOKEN, Vault, served


@pytest.fixture
def vault():
    with served(Vault()) as fake:
        yield fake


def store(vault, folder, patience=5.0, environ=None, **at):
    given = {"path": "kv/orders-db", "key": "password", "address": vault.address, **at}
    sources = {"key": SecretSource("key", "vault", given)}
    environ = {"VAULT_TOKEN": TOKEN, "HOME": str(folder)} if environ is None else environ
    return SecretStore(sources, Redactor(), str(folder), environ, patience)


def failed(secrets, kind=Refused):
    with pytest.raises(kind) as found:
        secrets.reveal("key")
    assert found.value.hint
    assert TOKEN not in found.value.message + found.value.hint
    return found.value.message


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ({}, "v2-password"),
        ({"path": "kv/data/orders-db"}, "v2-password"),
        ({"path": "/v1/kv/data/orders-db/"}, "v2-password"),
        ({"path": "orders-db", "mount": "kv/"}, "v2-password"),
        ({"version": 2}, "old-password"),
        ({"path": "old/orders-db"}, "v1-password"),
        ({"path": "old/orders-db", "key": "port"}, "5432"),
        ({"key": "map"}, '{"a": 1}'),
    ],
)
def test_a_key_is_read(vault, tmp_path, at, value):
    assert store(vault, tmp_path, **at).reveal("key") == value


def test_a_vault_that_knows_no_mounts_has_the_first_version_alone(vault, tmp_path):
    vault.answers["/v1/sys/internal/ui/mounts/old/orders-db"] = (404, {"errors": []})
    assert store(vault, tmp_path, path="old/orders-db").reveal("key") == "v1-password"


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"key": "nope"}, "secret key: it has no key nope in Vault"),
        ({"key": "empty"}, "secret key: its key empty in Vault is empty"),
        ({"key": "none"}, "secret key: its key none in Vault is empty"),
        ({"path": "kv/nothing"}, "secret key: there is nothing at kv/data/nothing"),
        ({"path": "kv/deleted"}, "secret key: version 3 of it in Vault is deleted"),
        ({"path": "kv/destroyed"}, "secret key: version 3 of it in Vault is destroyed"),
        ({"address": ""}, "secret key: there is no address of Vault"),
        ({"ca": "no.pem"}, "secret key: `ca` cannot be used: [Errno 2] No such file or directory"),
    ],
)
def test_what_is_not_there(vault, tmp_path, at, message):
    assert failed(store(vault, tmp_path, **at)) == message


def test_a_value_is_in_no_message(vault, tmp_path):
    assert "v2-password" not in failed(store(vault, tmp_path, key="nope"))


def test_what_vault_refuses(vault, tmp_path):
    assert "does not let us read it: preflight capability" in failed(store(vault, tmp_path, path="other/x"))
    denied = failed(store(vault, tmp_path, environ={"VAULT_TOKEN": "s.expired"}))
    assert denied == f"secret key: Vault at {vault.address} does not let us read it: permission denied"
    vault.sealed = True
    assert "is sealed, or in maintenance: Vault is sealed" in failed(store(vault, tmp_path), Unreachable)


def test_what_is_no_vault(vault, tmp_path):
    vault.answers["/v1/sys/internal/ui/mounts/kv/orders-db"] = (200, b"<html>")
    assert "gave no JSON" in failed(store(vault, tmp_path), BadResponse)
    vault.answers["/v1/sys/internal/ui/mounts/kv/orders-db"] = (500, {"errors": ["inner"]})
    assert "answered 500: inner" in failed(store(vault, tmp_path), Unreachable)
    vault.slow = 5.0
    assert "did not answer within 0.2 s" in failed(store(vault, tmp_path, patience=0.2), TimedOut)
    assert "cannot be reached" in failed(store(vault, tmp_path, address="http://127.0.0.1:1"), Unreachable)


def test_where_the_token_comes_from(vault, tmp_path):
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    (tmp_path / "mine").write_text(TOKEN)
    home = {"HOME": str(tmp_path)}
    assert store(vault, tmp_path, environ=home).reveal("key") == "v2-password"
    assert store(vault, tmp_path, environ={}, token_file="mine").reveal("key") == "v2-password"
    address = {**home, "VAULT_ADDR": vault.address, "VAULT_NAMESPACE": "team"}
    assert store(vault, tmp_path, environ=address, address="").reveal("key") == "v2-password"
    assert vault.headers[-1]["X-Vault-Namespace"] == "team"
    (tmp_path / ".vault-token").unlink()
    assert failed(store(vault, tmp_path, environ=home)) == "secret key: there is no token for Vault"
    (tmp_path / "mine").write_text("two words")
    assert failed(store(vault, tmp_path, token_file="mine")) == "secret key: token_file holds no token"
    assert failed(store(vault, tmp_path, token_file="nowhere")).startswith("secret key: token_file cannot be read")


def test_logins(vault, tmp_path):
    (tmp_path / "id").write_text("one-time\n")
    (tmp_path / "jwt").write_text("pod-token")
    approle = {"approle": {"role_id": "steady", "secret_id_file": "id"}}
    assert store(vault, tmp_path, environ={}, auth=approle).reveal("key") == "v2-password"
    pod = {"kubernetes": {"role": "steady", "token_file": "jwt", "mount": "k8s"}}
    assert store(vault, tmp_path, environ={}, auth=pod).reveal("key") == "v2-password"
    wrong = {"approle": {"role_id": "other"}}
    assert "does not take the request: invalid role" in failed(store(vault, tmp_path, auth=wrong))
    vault.answers["/v1/auth/approle/login"] = (200, {"auth": None})
    assert "gave no token" in failed(store(vault, tmp_path, auth=approle))


def test_preflight_reads_no_value(vault, tmp_path):
    assert store(vault, tmp_path).check("key") == ("secret key", True, "")
    assert [asked for asked in vault.asked if "data" in asked] == []
    assert vault.bodies[-1] == {"paths": ["kv/data/orders-db"]}
    vault.rights = ["deny"]
    what, holds, why = store(vault, tmp_path).check("key")
    assert (what, holds) == ("secret key", False)
    assert why == "secret key: the token may not read kv/data/orders-db: give it a policy with `read` on that path"


def test_preflight_uses_no_login_up(vault, tmp_path):
    secrets = store(vault, tmp_path, auth={"approle": {"role_id": "steady"}})
    assert secrets.check("key")[1]
    assert vault.asked == ["GET /v1/sys/health?standbyok=true"]
    vault.sealed = True
    assert secrets.check("key")[1] is False


def test_a_way_that_can_be_listened_to_is_said(tmp_path):
    source = SecretSource("key", "vault", {"path": "kv/x", "key": "y", "address": "http://vault.invalid:8200"})
    with _Vault(source, Where(str(tmp_path), {}, 1.0)) as made:
        assert "is not encrypted" in made.note
    with pytest.raises(HandlerError):
        SecretStore({"key": source}, Redactor(), str(tmp_path), {"VAULT_TOKEN": "t"}).reveal("key")
