"""A real Redis on a free port, without a disk, stopped by its pid."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from . import answers, free_port, missing, until, used


class Redis(NamedTuple):
    """A running server, and its tool."""

    port: int
    folder: Path
    options: tuple[str, ...]

    def cli(self, *words: str) -> str:
        """What redis-cli prints."""
        argv = ["redis-cli", *self.options, *words]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


@contextmanager
def redis(*settings: str, password: str = "", tls: Path | None = None) -> Iterator[Redis]:
    """A server with these words on its command line; `tls` is a folder with ca.pem, server.crt and server.key."""
    if shutil.which("redis-server") is None or shutil.which("redis-cli") is None:
        missing("redis-server", "redis-server")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-redis-")), free_port()
    ports = ["--port", str(port)]
    if tls is not None:
        ports = ["--port", "0", "--tls-port", str(port), "--tls-cert-file", f"{tls}/server.crt", "--tls-key-file",
                 f"{tls}/server.key", "--tls-ca-cert-file", f"{tls}/ca.pem", "--tls-auth-clients", "no"]  # fmt: skip
    asked = ["--requirepass", password] if password else []
    argv = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), "--unixsocket",
            f"{folder}/socket", *ports, *asked, *settings]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers(port) or process.poll() is not None, "Redis")
        assert process.poll() is None, "redis-server ended"
        used("redis")
        login = ["-a", password, "--no-auth-warning"] if password else []
        yield Redis(port, folder, ("-s", f"{folder}/socket", *login))
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
