"""Real servers for the tests: HTTP over the standard library's server, TLS with certificates made by openssl, and raw
sockets that misbehave."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Talk = Callable[[socket.socket], None]

OPENSSL = shutil.which("openssl")
NO_OPENSSL = "there is no openssl on PATH to make certificates with"


@contextmanager
def raw(talk: Talk) -> Iterator[str]:
    """A server that does `talk` with each connection, in a thread each: its host:port."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)
        for connection in open_ones:
            connection.close()


def closed_port() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def request_of(connection: socket.socket) -> bytes:
    """Reads the head of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            break
        data += piece
    return data


def answer(body: bytes = b"", head: str = "", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


class Seen:
    """What a server saw: (method, target, headers with lower-case names, body), in order."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def last(self) -> tuple[str, str, dict[str, str], bytes]:
        return self.requests[-1]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.requests.append((self.command, self.path, headers, body))
        status, extra, out = self.server.respond(self.path, body)
        self.send_response(status)
        for name, value in extra:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(out)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *words: object) -> None:
        """Quiet."""


Respond = Callable[[str, bytes], tuple[int, list[tuple[str, str]], bytes]]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    seen: Seen
    respond: Respond

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave are what many tests are about."""


def json_ok(path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """{"path": ..., "size": ...}"""
    return 200, [("Content-Type", "application/json"), ("X-Two", "a"), ("X-Two", "b")], (
        b'{"path": "%s", "size": %d}' % (path.encode(), len(body))
    )  # fmt: skip


@contextmanager
def web(respond: Respond = json_ok, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, Seen]]:
    """An HTTP server (over TLS with a context): its host:port and what it saw."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.seen, server.respond = Seen(), respond
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", server.seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)


# --- certificates


def openssl(*words: str, folder: Path) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *words], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str = "ca") -> Path:
    """A certificate authority: NAME.pem and NAME.key."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", f"/CN=test {name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", folder=folder)  # fmt: skip
    return folder / f"{name}.pem"


def certificate(
    folder: Path, name: str, *, alt: str = "IP:127.0.0.1,DNS:localhost", when: tuple[str, ...] = ()
) -> Path:
    """NAME.pem (with its key) that the authority `ca` has signed. `when` is options of `openssl x509`."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr", folder=folder)  # fmt: skip
    (folder / f"{name}.ext").write_text(f"subjectAltName={alt}\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", f"{name}.ext", "-out", f"{name}.crt", *(when or ("-days", "30")), folder=folder)  # fmt: skip
    both = folder / f"{name}.pem"
    both.write_bytes((folder / f"{name}.crt").read_bytes() + (folder / f"{name}.key").read_bytes())
    return both


def server_context(pem: Path, *, clients: Path | None = None) -> ssl.SSLContext:
    """A server's side; `clients` is the authority whose certificates it demands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    return context
