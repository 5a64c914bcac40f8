"""A real identity provider (Glewlwyd) on a free port, set up through its own API. Stopped by its pid.

It knows ana and zoe (in the group sre) and a client that may come back to the addresses it is given; its keys can be
rotated. The steps that its page would take in a browser are taken by `Visitor`, over HTTP.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from . import answers, free_port, missing, until, used

SCHEMA = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
MODULES = Path("/usr/lib/glewlwyd")
CLIENT, SECRET, PASSWORD = "steadyhand", "the secret of the client", "the password at the provider"
CONFIG = """\
port={port}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
login_url="login.html"
api_prefix="api"
log_mode="file"
log_level="WARNING"
log_file="{folder}/log"
cookie_secure=0
session_expiration=2419200
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3" path = "{folder}/db" }};
"""


def key(name: str) -> dict[str, Any]:
    """A private key of that name, as the provider takes it."""
    found: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1())))
    return {**found, "kid": name, "use": "sig", "alg": "ES256"}


class Provider:
    """The provider, and what an admin of it does."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.url}/api/oidc"
        self._admin = httpx.Client(
            base_url=f"{self.url}/api", timeout=10, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def set_up(self, backs: list[str]) -> None:
        """People, the client, the protocol."""
        self._do("POST", "/auth/", {"username": "admin", "password": "password"})
        self._do("PUT", "/mod/user/database", self._with_groups())
        self._do("PUT", "/mod/user/database/reset", None)
        self._do("POST", "/mod/plugin/", self._plugin([key("first")]))
        for name, groups in (("ana", []), ("zoe", ["sre"])):
            self.person(name, groups)
        self._do("POST", "/client/", self._client(backs, ""))

    def come_back_to(self, backs: list[str], after: str) -> None:
        """The addresses to which the client may have a browser sent, after signing in and after signing out."""
        self._do("PUT", f"/client/{CLIENT}", self._client(backs, after))

    @staticmethod
    def _client(backs: list[str], after: str) -> dict[str, Any]:
        return {
            "client_id": CLIENT, "name": "Steadyhand", "enabled": True, "confidential": True, "password": SECRET,
            "client_secret": SECRET, "redirect_uri": backs, "scope": [], "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"], "post_logout_redirect_uri": after,
        }  # fmt: skip

    def person(self, name: str, groups: list[str]) -> None:
        """Somebody who may sign in here."""
        self._do("POST", "/user/", {
            "username": name, "name": name.title(), "email": f"{name}@shop.example", "enabled": True, "password": PASSWORD,
            "scope": ["g_profile", "openid"], "groups": groups, "verified": "1",
        })  # fmt: skip

    def rotate(self, name: str) -> None:
        """Sign with another key from now on; the old one is gone."""
        self._do("PUT", "/mod/plugin/oidc", self._plugin([key(name)]))
        self._do("PUT", "/mod/plugin/oidc/reset", None)

    def _with_groups(self) -> dict[str, Any]:
        found = self._do("GET", "/mod/user/database", None).json()
        rules = {"read": True, "write": True, "profile-read": True, "profile-write": False}
        found["parameters"]["data-format"] |= {
            "groups": {"multiple": True, **rules},
            "verified": {"multiple": False, **rules},
        }
        return found

    def _plugin(self, keys: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "enabled": True,
            "parameters": {
                "iss": self.issuer, "jwks-private": json.dumps({"keys": keys}), "default-kid": keys[0]["kid"], "jwks-show": True,
                "access-token-duration": 300, "refresh-token-duration": 600, "code-duration": 60, "refresh-token-rolling": False,
                "auth-type-code-enabled": True, "auth-type-token-enabled": False, "auth-type-password-enabled": False,
                "auth-type-client-enabled": False, "auth-type-refresh-enabled": False, "auth-type-code-revoke-replayed": True,
                "allowed-scope": ["openid"], "subject-type": "public", "session-management-allowed": True,
                "session-cookie-name": "GLEWLWYD_OIDC_SESSION", "session-cookie-expiration": 600,
                "pkce-allowed": True, "pkce-method-plain-allowed": False, "pkce-required": True, "oauth-as-iss-id": True,
                "name-claim": "mandatory", "email-claim": "mandatory",
                "claims": [
                    {"name": "groups", "user-property": "groups", "type": "string", "mandatory": True},
                    {"name": "preferred_username", "user-property": "username", "type": "string", "mandatory": True},
                    {"name": "email_verified", "user-property": "verified", "type": "boolean", "mandatory": True,
                     "boolean-value-true": "1", "boolean-value-false": "0"},
                ],
            },
        }  # fmt: skip

    def _do(self, method: str, path: str, body: Any) -> httpx.Response:
        answer = self._admin.request(method, path, json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer


class Visitor:
    """Somebody at the pages of the provider."""

    def __init__(self, provider: Provider) -> None:
        self._url = provider.url
        self._http = httpx.Client(
            base_url=f"{provider.url}/api", timeout=10, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def sign_in(self, name: str, address: str) -> str:
        """Sign in, allow what is asked for, and go to the address; where the browser is sent from there."""
        entered = self._http.post("/auth/", json={"username": name, "password": PASSWORD})
        assert entered.status_code == 200, entered.text
        allowed = self._http.put(f"/auth/grant/{CLIENT}", json={"scope": "openid"})
        assert allowed.status_code == 200, allowed.text
        answer = self._http.get(f"{address}&g_continue")
        assert answer.status_code == 302, f"{answer.status_code} {answer.text}"
        return answer.headers["location"]

    def refuse(self, address: str) -> str:
        """Do not sign in: where the browser is sent."""
        return self._http.get(f"{address}&{urlencode({'prompt': 'none'})}").headers["location"]


@contextmanager
def glewlwyd(*backs: str) -> Iterator[Provider]:
    """The provider, whose client may come back to these addresses."""
    program = shutil.which("glewlwyd")
    if program is None or not SCHEMA.exists():
        missing("glewlwyd", "glewlwyd")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-idp-")), free_port()
    with sqlite3.connect(folder / "db") as store:
        store.executescript(SCHEMA.read_text())
    store.close()
    (folder / "conf").write_text(CONFIG.format(port=port, folder=folder, modules=MODULES))
    process = subprocess.Popen(
        [str(program), f"--config-file={folder}/conf"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        used("glewlwyd")
        until(lambda: answers(port), "glewlwyd")
        provider = Provider(port)
        provider.set_up(list(backs))
        yield provider
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
