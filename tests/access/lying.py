"""An identity provider that lies: a small fake, for what the real one (tests/realparts/glewlwyd.py) never says.

It signs whatever a test tells it to, with whatever key.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


class Liar:
    """What it says; a test changes it."""

    def __init__(self) -> None:
        self.ec, self.rsa = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
        self.issuer = ""
        self.kid, self.algorithm, self.key = "one", "ES256", self.ec
        self.keys = [{**json.loads(ECAlgorithm.to_jwk(self.ec.public_key())), "kid": "one", "use": "sig"}]
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.status, self.raw = 200, b""
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        self.token: dict[str, Any] | None = None

    def use_rsa(self) -> None:
        self.kid, self.algorithm, self.key = "two", "RS256", self.rsa
        self.keys.append({**json.loads(RSAAlgorithm.to_jwk(self.rsa.public_key())), "kid": "two", "alg": "RS256"})

    def identity(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "1", "aud": "steady", "iat": now, "exp": now + 300, "nonce": "n",
                  "preferred_username": "ana", **self.claims}  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not ...}
        return jwt.encode(kept, self.key, self.algorithm, headers={"kid": self.kid} if self.kid else None)

    def said(self, path: str) -> dict[str, Any]:
        at = self.issuer
        if path.endswith("openid-configuration"):
            return {"issuer": at, "authorization_endpoint": f"{at}/auth", "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/keys", **self.metadata}  # fmt: skip
        if path.endswith("keys"):
            return {"keys": self.keys}
        if path.endswith("userinfo"):
            return self.userinfo
        return self.token if self.token is not None else {"access_token": "at", "id_token": self.identity()}


@contextmanager
def liar() -> Iterator[Liar]:
    """One that listens on a free port."""
    lies = Liar()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            lies.asked.append((self.path, form, self.headers.get("authorization", "")))
            body = lies.raw or json.dumps(lies.said(self.path)).encode()
            self.send_response(lies.status)
            self.send_header("Content-Length", str(len(body)))
            if lies.status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 the name that the server looks for

        def log_message(self, *words: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    lies.issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        yield lies
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
