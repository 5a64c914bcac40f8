"""A real MariaDB of our own: made with mariadb-install-db in a new folder, on a free port, stopped by its process."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from . import free_port, missing, until, used

USER, PASSWORD = "steady", "opensesame"


class Maria(NamedTuple):
    """A running server. `root` on its socket needs no password; `steady` may do everything in the database `shop`."""

    port: int
    folder: Path

    @property
    def socket(self) -> str:
        """The path of its socket."""
        return str(self.folder / "sock")

    def sql(self, statement: str) -> str:
        """What a statement of root's prints, bare."""
        argv = ["mariadb", "--no-defaults", "-S", self.socket, "-u", "root", "-N", "-B", "-e", statement]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def mariadb(*options: str) -> Iterator[Maria]:
    """A server with these options (--name=value), until the end of the block."""
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/libexec")
    if server is None or shutil.which("mariadb-install-db") is None:
        missing("mariadb-server", "mariadbd")
    folder, port = Path(tempfile.mkdtemp(prefix="steady-my-")), free_port()
    as_user = ["--user=mysql"] if getpass.getuser() == "root" else []
    if as_user:
        shutil.chown(folder, "mysql", "mysql")
    data = folder / "data"
    made = subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
         "--skip-test-db", *as_user],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    found = Maria(port, folder)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(server), "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
             f"--socket={found.socket}", f"--pid-file={folder / 'pid'}", "--skip-name-resolve",
             "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M", "--character-set-server=utf8mb4",
             *as_user, *options],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        ask = ["mariadb-admin", "--no-defaults", "-S", found.socket, "-u", "root", "ping"]
        until(lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0, "MariaDB")
        found.sql(
            f"create database shop; create user {USER}@'%' identified by '{PASSWORD}';"
            f" grant all on shop.* to {USER}@'%'; grant process on *.* to {USER}@'%'"
        )
        used("mariadb")
        yield found
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
