"""A stand-in for the API of Cloudflare, its status page and its names: `drill-edge.py API NAME EDGE ORIGIN`, ports.

Whoever connects to NAME comes to EDGE while the record is proxied, and to ORIGIN otherwise. `edge.json` is
{token, proxied, indicator}. EDGE is an nginx whose cache lies in `cache`, and what it does beside in `edge.conf`.
"""

from __future__ import annotations

import json
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

API, NAME, EDGE, ORIGIN = (int(port) for port in sys.argv[1:5])


def told() -> dict:
    """How it is to behave now."""
    return json.loads(Path("edge.json").read_text("utf-8"))


class Api(BaseHTTPRequestHandler):
    """What the runbook uses of it."""

    def answer(self, status: int, body: dict) -> None:
        """A body of JSON."""
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def allowed(self) -> bool:
        """Whether the token is right; says so when it is not."""
        right = self.headers.get("Authorization") == f"Bearer {told()['token']}"
        if not right:
            self.answer(403, {"success": False, "errors": [{"code": 9109, "message": "Invalid access token"}]})
        return right

    def sent(self) -> dict:
        """The body that was sent."""
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def do_GET(self) -> None:
        """The status page, or the record."""
        if self.path == "/api/v2/status.json":
            self.answer(200, {"status": {"indicator": told()["indicator"], "description": told()["indicator"]}})
        elif self.allowed():
            self.answer(200, {"success": True, "result": {"name": "shop.example", "proxied": told()["proxied"]}})

    def do_PATCH(self) -> None:
        """The record, or the security level."""
        sent = self.sent()
        if not self.allowed():
            return
        if "/dns_records/" in self.path:
            Path("edge.json").write_text(json.dumps({**told(), "proxied": sent["proxied"]}), "utf-8")
        elif self.path.endswith("/settings/security_level"):
            Path("edge.conf").write_text("", "utf-8")
            subprocess.run(["nginx", "-c", str(Path("edge-nginx.conf").resolve()), "-s", "reload"], check=True)
        self.answer(200, {"success": True, "result": sent})

    def do_POST(self) -> None:
        """Purge the cache."""
        self.sent()
        if self.allowed():
            for each in Path("cache").iterdir():
                shutil.rmtree(each)
            self.answer(200, {"success": True, "result": {}})

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Name(socketserver.BaseRequestHandler):
    """One connection, to where the record leads."""

    def handle(self) -> None:
        """Both ways, until one side ends."""
        with socket.create_connection(("127.0.0.1", EDGE if told()["proxied"] else ORIGIN)) as there:
            threading.Thread(target=carry, args=(self.request, there), daemon=True).start()
            carry(there, self.request)


def carry(one: socket.socket, other: socket.socket) -> None:
    """What one says, to the other."""
    try:
        while said := one.recv(65536):
            other.sendall(said)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


socketserver.ThreadingTCPServer.allow_reuse_address = True
threading.Thread(target=socketserver.ThreadingTCPServer(("127.0.0.1", NAME), Name).serve_forever, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", API), Api).serve_forever()
