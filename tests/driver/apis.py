"""Fakes of Vault and of the Kubernetes API, as far as reading a secret goes: neither can be had as a plain package.

They answer over HTTP with the paths, statuses and bodies of the published APIs (Vault's KV secrets engine, versions 1
and 2, `sys/internal/ui/mounts`, `sys/capabilities-self`, the AppRole and Kubernetes logins; Kubernetes' core v1 and
authorization.k8s.io/v1), and refuse what those refuse. They check tokens, and note what was asked.
"""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TOKEN = "s.good-token"


class Fake:
    """What a fake holds, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.address = ""
        self.sealed = False
        self.rights = ["read"]
        self.allowed = True
        self.slow = 0.0
        """Seconds before it answers."""
        self.over = threading.Event()
        self.answers: dict[str, tuple[int, Any]] = {}
        """Answers that are given instead, by path."""

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        """The status and the body."""
        raise NotImplementedError


class Vault(Fake):
    """Two engines: `kv/` of version 2, `old/` of version 1."""

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if path.startswith("/v1/auth/"):
            return self._login(path, body)
        if path.startswith("/v1/sys/health"):
            return 200, {"initialized": True, "sealed": False}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        bare, _, query = path.removeprefix("/v1/").partition("?")
        if bare.startswith("sys/internal/ui/mounts/"):
            mount = bare.removeprefix("sys/internal/ui/mounts/").partition("/")[0]
            options = {"kv": {"version": "2"}, "old": None}
            if mount not in options:
                return 403, {"errors": [f'preflight capability check returned 403, please ensure client\'s policies grant access to path "{mount}/"']}  # fmt: skip
            return 200, {"data": {"path": f"{mount}/", "type": "kv", "options": options[mount]}}
        if bare == "sys/capabilities-self":
            given = dict.fromkeys(body["paths"], self.rights)
            return 200, {"data": {**given, "capabilities": self.rights}, **given, "capabilities": self.rights}
        if bare == "old/orders-db":
            return 200, {"data": {"password": "v1-password", "port": 5432}}
        return self._second(bare, query)

    def _second(self, bare: str, query: str) -> tuple[int, Any]:
        whole = {"created_time": "2026-11-20T10:00:00Z", "deletion_time": "", "destroyed": False, "version": 3}
        if bare == "kv/data/orders-db":
            value = "old-password" if query == "version=2" else "v2-password"
            return 200, {
                "data": {"data": {"password": value, "empty": "", "map": {"a": 1}, "none": None}, "metadata": whole}
            }
        if bare == "kv/data/deleted":
            gone = {**whole, "deletion_time": "2026-11-21T10:00:00Z"}
            return 404, {"data": {"data": None, "metadata": gone}}
        if bare == "kv/data/destroyed":
            return 404, {"data": {"data": None, "metadata": {**whole, "destroyed": True}}}
        return 404, {"errors": []}

    def _login(self, path: str, body: Any) -> tuple[int, Any]:
        good = {
            "/v1/auth/approle/login": {"role_id": "steady", "secret_id": "one-time"},
            "/v1/auth/k8s/login": {"role": "steady", "jwt": "pod-token"},
        }
        if good.get(path) == body:
            return 200, {"auth": {"client_token": TOKEN, "lease_duration": 60}}
        return 400, {"errors": ["invalid role or secret ID"]}


class Cluster(Fake):
    """A cluster with one secret in the namespace `shop`."""

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        if token != TOKEN:
            return 401, self._status(401, "Unauthorized")
        if path.startswith("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"):
            review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
            return 201, {**review, "spec": body["spec"], "status": {"allowed": self.allowed}}
        if not self.allowed:
            return 403, self._status(403, 'secrets "orders-db" is forbidden')
        if path.partition("?")[0] == "/api/v1/namespaces/shop/secrets/orders-db":
            data = {"password": base64.b64encode(b"cluster-password").decode(), "empty": "", "broken": "%%%"}
            meta = {"name": "orders-db", "namespace": "shop"}
            return 200, {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data, "type": "Opaque"}
        return 404, self._status(404, "not found")

    @staticmethod
    def _status(code: int, message: str) -> dict[str, Any]:
        return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}

    def kubeconfig(self, **more: Any) -> str:
        """A kubeconfig that leads here, in the context `shop` (or, in `bare`, without a namespace)."""
        user = {"name": "u", "user": {"token": more.get("token", TOKEN)}}
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": more.get("current", "shop"),
            "clusters": [{"name": "c", "cluster": {"server": self.address}}], "users": [user],
            "contexts": [{"name": "shop", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
                         {"name": "bare", "context": {"cluster": "c", "user": "u"}}],
        })  # fmt: skip


@contextmanager
def served(fake: Fake) -> Iterator[Any]:
    """The fake, at its address, until the end of the block."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            fake.asked.append(f"{self.command} {self.path}")
            fake.bodies.append(body)
            fake.headers.append(dict(self.headers))
            fake.over.wait(fake.slow)
            token = self.headers.get("X-Vault-Token") or (self.headers.get("Authorization") or "").removeprefix(
                "Bearer "
            )
            status, answer = fake.answers.get(self.path) or fake.answer(self.command, self.path, token, body)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _do  # noqa: N815 the server's own names

        def log_message(self, *args: Any) -> None:
            """Nothing on the terminal."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
