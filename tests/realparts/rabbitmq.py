"""A real RabbitMQ on a free port, with an epmd of its own, as the user `rabbitmq`. Both are stopped by their pids."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from . import answers, free_port, missing, until, used

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
USER, PASSWORD = "steady", "opensesame"
OTHER, NOBODY = "looker", "nobody"
"""A user that may not purge, and one that may not use the virtual host."""
VHOST = "shop"
SALT = b"salt"


class RabbitMQ(NamedTuple):
    """A running server with the virtual hosts `/` and `shop`, and the user `steady`, who may do all in both."""

    port: int
    tls_port: int
    folder: Path

    def connect(self) -> Any:
        """A connection of the test's own to the virtual host `/`."""
        import pika

        login = pika.PlainCredentials(USER, PASSWORD)
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port, "/", login))

    def publish(self, queue: str, count: int) -> None:
        """Declare a queue and put messages into it, which are there when this returns."""
        connection = self.connect()
        channel = connection.channel()
        channel.queue_declare(queue)
        channel.confirm_delivery()
        for number in range(count):
            channel.basic_publish("", queue, str(number).encode())
        connection.close()


@contextmanager
def rabbitmq(tls: Path | None = None) -> Iterator[RabbitMQ]:
    """A server; `tls` is a folder with ca.pem, server.crt and server.key."""
    if not SERVER.exists() or shutil.which("epmd") is None or shutil.which("setpriv") is None:
        missing("rabbitmq-server", "rabbitmq-server")
    if os.geteuid() != 0:
        pytest.skip("rabbitmq-server runs as the user rabbitmq, and only root may start it so: its tests were not run")
    folder = Path(tempfile.mkdtemp(prefix="steady-rabbit-"))
    port, tls_port, epmd_port = free_port(), free_port(), free_port()
    _configure(folder, port, tls_port, tls)
    environment = {
        **_plain_environment(),
        "HOME": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_NODENAME": "steady@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    owner = pwd.getpwnam("rabbitmq")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    epmd = _start(["epmd", "-port", str(epmd_port), "-address", "127.0.0.1"], environment)
    server = None
    try:
        until(lambda: answers(epmd_port) or epmd.poll() is not None, "epmd")
        server = _start([str(SERVER)], environment)
        started = server
        until(lambda: started.poll() is not None or answers(port), "RabbitMQ", 60)
        assert server.poll() is None, "rabbitmq-server ended"
        used("rabbitmq")
        yield RabbitMQ(port, tls_port, folder)
    finally:
        for process in (server, epmd):
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _plain_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("RABBITMQ_", "ERL_"))}


def _configure(folder: Path, port: int, tls_port: int, tls: Path | None) -> None:
    lines = [f"listeners.tcp.1 = 127.0.0.1:{port}", f"load_definitions = {folder}/definitions.json",
             "loopback_users = none", "disk_free_limit.absolute = 1MB"]  # fmt: skip
    if tls is not None:
        for name in ("ca.pem", "server.crt", "server.key"):
            shutil.copy(tls / name, folder / name)
        lines += [f"listeners.ssl.1 = 127.0.0.1:{tls_port}", f"ssl_options.cacertfile = {folder}/ca.pem",
                  f"ssl_options.certfile = {folder}/server.crt", f"ssl_options.keyfile = {folder}/server.key",
                  "ssl_options.verify = verify_none"]  # fmt: skip
    (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
    (folder / "plugins").write_text("[].\n")
    hashed = base64.b64encode(SALT + hashlib.sha256(SALT + PASSWORD.encode()).digest()).decode()
    users = [{"name": name, "password_hash": hashed, "hashing_algorithm": "rabbit_password_hashing_sha256",
              "tags": ""} for name in (USER, OTHER, NOBODY)]  # fmt: skip
    whole, none = dict.fromkeys(("configure", "write", "read"), ".*"), dict.fromkeys(("configure", "write", "read"), "")
    permissions = [{"user": USER, "vhost": name, **whole} for name in ("/", VHOST)]
    permissions.append({"user": OTHER, "vhost": "/", **none})
    definitions = {"users": users, "vhosts": [{"name": "/"}, {"name": VHOST}], "permissions": permissions}
    (folder / "definitions.json").write_text(json.dumps(definitions))


def _start(argv: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A process of the user `rabbitmq`, in a group of its own."""
    words = ["setpriv", "--reuid", "rabbitmq", "--regid", "rabbitmq", "--init-groups", *argv]
    return subprocess.Popen(
        words, env=environment, cwd=environment["HOME"], start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    """End the group of a process; it holds nothing that is worth a long goodbye."""
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
