"""Secrets in HashiCorp Vault (or OpenBao): the KV engine, versions 1 and 2, over the HTTP API.

Called by secrets.py, when a secret is needed or looked at. It goes where the `vault` program would go: VAULT_ADDR,
VAULT_NAMESPACE, VAULT_CACERT, the token from VAULT_TOKEN or ~/.vault-token. What Vault gives is never part of a
message.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any, Self

import httpx

from ..errors import BadResponse, HandlerError, Refused, TimedOut, Unreachable
from ..model import SecretSource
from .sources import LARGEST, Found, Where

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"

STATES: Mapping[int, tuple[type[HandlerError], str, str]] = {
    400: (Refused, "does not take the request", "look at the secret's `path` and `auth`"),
    403: (
        Refused,
        "does not let us read it",
        "the token must have a policy with `read` on its path; it may have expired",
    ),
    429: (Unreachable, "is a standby", "name the active node as `address`"),
    472: (Unreachable, "is a standby for disaster recovery", "name the active node as `address`"),
    473: (Unreachable, "is a standby", "name the active node as `address`"),
    503: (Unreachable, "is sealed, or in maintenance", "unseal it: `vault status` tells"),
}
"""The status of an answer to the failure, what is the matter, and what to do."""


def from_vault(source: SecretSource, where: Where) -> Found:
    """The value of one key."""
    with _Vault(source, where) as vault:
        data = vault.read()
        return Found(vault.value(data), vault.note)


def look_at_vault(source: SecretSource, where: Where) -> str:
    """Raises a failure when the token may not read it; the value is not read."""
    with _Vault(source, where) as vault:
        if "auth" in source.at:
            vault.alive()
            return "reachable; it is not logged in to beforehand, which may use a login up"
        vault.allowed()
        return vault.note


class _Vault:
    """One secret's way to Vault, for as long as it takes to read it."""

    def __init__(self, source: SecretSource, where: Where) -> None:
        self._name = source.name
        self._at: Mapping[str, Any] = source.at
        self._where = where
        self._address = str(self._at.get("address") or where.environ.get("VAULT_ADDR", "")).rstrip("/")
        if not self._address.startswith(("http://", "https://")):
            hint = "give `address: https://...`, or set VAULT_ADDR where steady is started"
            raise self._refused("there is no address of Vault", hint)
        local = self._address.partition("://")[2].startswith(("127.", "localhost", "[::1]"))
        unsafe = self._address.startswith("http://") and not local
        self.note = (
            f"secret {self._name}: {self._address} is not encrypted: the token can be read on the way" if unsafe else ""
        )
        checked = self._address.startswith("https://") or "ca" in self._at
        self._client = httpx.Client(
            verify=self._rules() if checked else False, timeout=where.patience, headers={"X-Vault-Request": "true"}
        )
        namespace = self._at.get("namespace") or where.environ.get("VAULT_NAMESPACE")
        if namespace:
            self._client.headers["X-Vault-Namespace"] = str(namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    # --- what is asked

    def read(self) -> Mapping[str, Any]:
        """All keys of the secret."""
        self._login()
        path, version = self._path()
        query = {"version": str(self._at["version"])} if "version" in self._at and version == 2 else {}
        status, answer = self._ask("GET", path, params=query)
        data = answer.get("data")
        if version == 2 and isinstance(data, Mapping):
            self._gone(data.get("metadata"))
            data = data.get("data")
        if status == 404 or not isinstance(data, Mapping):
            raise self._refused(
                f"there is nothing at {path}", "look at its `path`: `vault kv list` shows what there is"
            )
        return data

    def value(self, data: Mapping[str, Any]) -> bytes:
        """The value of the key that is meant."""
        key = str(self._at["key"])
        if key not in data:
            known = ", ".join(sorted(map(str, data))[:10])
            raise self._refused(f"it has no key {key} in Vault", f"keys: {known}" if known else "it has no keys at all")
        found = data[key]
        value = (found if isinstance(found, str) else json.dumps(found)).encode("utf-8", "surrogatepass")
        if not value or found is None:
            raise self._refused(f"its key {key} in Vault is empty", "write the value there")
        if len(value) > LARGEST:
            raise self._refused("it is larger than 1 MiB", "name a key that holds just the value")
        return value

    def allowed(self) -> None:
        """Whether the token may read it, as Vault itself says."""
        self._login()
        path, _ = self._path()
        _, answer = self._ask("POST", "sys/capabilities-self", json={"paths": [path]})
        data = answer.get("data") if isinstance(answer.get("data"), Mapping) else answer
        rights = set((data or {}).get(path) or answer.get("capabilities") or ())
        if not rights & {"read", "root"}:
            raise self._refused(f"the token may not read {path}", "give it a policy with `read` on that path")

    def alive(self) -> None:
        """Whether it answers, and is open."""
        self._ask("GET", "sys/health", params={"standbyok": "true"})

    # --- how

    def _path(self) -> tuple[str, int]:
        """The path of the API that the secret is read at, and the version of its engine."""
        written = str(self._at["path"]).strip("/").removeprefix("v1/")
        if "mount" in self._at:
            written = f"{str(self._at['mount']).strip('/')}/{written}"
        status, answer = self._ask("GET", f"sys/internal/ui/mounts/{written}")
        data = answer.get("data")
        if status == 404 or not isinstance(data, Mapping):
            return written, 1  # a Vault that is too old to know this knows no second version either
        mount = str(data.get("path") or "").strip("/")
        options = data.get("options") if isinstance(data.get("options"), Mapping) else {}
        if str((options or {}).get("version", "1")) != "2":
            return written, 1
        rest = written.removeprefix(mount).strip("/")
        return f"{mount}/data/{rest.removeprefix('data/')}", 2

    def _login(self) -> None:
        """Who asks: a token, or what a login gives for one."""
        auth = self._at.get("auth")
        self._client.headers["X-Vault-Token"] = self._token() if not auth else self._logged_in(auth)

    def _token(self) -> str:
        if "token_file" in self._at:
            return self._file(str(self._at["token_file"]), "token_file")
        token = self._where.environ.get("VAULT_TOKEN", "").strip()
        if token:
            return token
        try:
            return self._file("~/.vault-token", "the token")
        except Refused:
            hint = "set VAULT_TOKEN, log in with `vault login`, or give `token_file` or `auth`"
            raise self._refused("there is no token for Vault", hint) from None

    def _logged_in(self, auth: Mapping[str, Any]) -> str:
        kind, given = next(iter(auth.items()))
        mount = str(given.get("mount", kind)).strip("/")
        if kind == "approle":
            body = {"role_id": str(given["role_id"])}
            if "secret_id_file" in given:
                body["secret_id"] = self._file(str(given["secret_id_file"]), "secret_id_file")
        else:
            jwt = self._file(str(given.get("token_file", SERVICE_ACCOUNT)), "token_file")
            body = {"role": str(given["role"]), "jwt": jwt}
        _, answer = self._ask("POST", f"auth/{mount}/login", json=body)
        told = answer.get("auth")
        token = told.get("client_token") if isinstance(told, Mapping) else None
        if not isinstance(token, str) or not token:
            raise self._refused(f"the login at {mount} gave no token", "look at its role in Vault")
        return token

    def _ask(self, method: str, path: str, **more: Any) -> tuple[int, Mapping[str, Any]]:
        """The status and the answer; a failure for all that is neither an answer nor nothing there."""
        try:
            answer = self._client.request(method, f"{self._address}/v1/{path}", **more)
        except httpx.TimeoutException:
            hint = "look at the network, the VPN, the firewall"
            raise TimedOut(f"{self._said} did not answer within {self._where.patience:g} s", hint) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            raise Unreachable(f"{self._said} cannot be reached: {problem}", "look at its `address`") from None
        if answer.status_code in STATES:
            failure, what, hint = STATES[answer.status_code]
            raise failure(f"{self._said} {what}{_told(answer)}", hint)
        if answer.status_code not in {200, 204, 404}:
            raise Unreachable(f"{self._said} answered {answer.status_code}{_told(answer)}", "look at the log of Vault")
        try:
            found = answer.json() if answer.content else {}
        except ValueError:
            raise BadResponse(f"{self._said} gave no JSON", "is that the address of Vault?") from None
        return answer.status_code, found if isinstance(found, Mapping) else {}

    @property
    def _said(self) -> str:
        return f"secret {self._name}: Vault at {self._address}"

    def _gone(self, metadata: Any) -> None:
        """Raises Refused for a version that was deleted or destroyed."""
        if not isinstance(metadata, Mapping):
            return
        number = metadata.get("version", "?")
        if metadata.get("destroyed"):
            raise self._refused(f"version {number} of it in Vault is destroyed", "write it anew: `vault kv put`")
        if metadata.get("deletion_time"):
            hint = f"`vault kv undelete -versions={number}`, or write it anew"
            raise self._refused(f"version {number} of it in Vault is deleted", hint)

    def _rules(self) -> ssl.SSLContext:
        file = self._at.get("ca") or self._where.environ.get("VAULT_CACERT")
        try:
            return ssl.create_default_context(cafile=self._where.path(str(file)) if file else None)
        except (OSError, ValueError) as problem:
            raise self._refused(f"`ca` cannot be used: {problem}", "name a PEM file") from None

    def _file(self, path: str, what: str) -> str:
        try:
            with open(self._where.path(path), encoding="utf-8") as file:
                found = file.read(64 * 1024).strip()
        except (OSError, ValueError) as problem:
            raise self._refused(
                f"{what} cannot be read: {problem}", "look at it as the user that steady runs as"
            ) from None
        if not found or len(found.split()) != 1:
            raise self._refused(f"{what} holds no token", "it must hold the token and nothing else")
        return found

    def _refused(self, message: str, hint: str) -> Refused:
        return Refused(f"secret {self._name}: {message}", hint)


def _told(answer: httpx.Response) -> str:
    """What Vault says of a failure. It never holds a value."""
    try:
        errors = answer.json().get("errors") or []
    except (ValueError, AttributeError):
        return ""
    text = "; ".join(" ".join(str(error).split()) for error in errors)[:200]
    return f": {text}" if text else ""
