"""A real PostgreSQL of our own: made with initdb in a folder of its user, on a free port, stopped by its own tool."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import NamedTuple

from . import answers, free_port, missing, until, used

SUPERUSER, PASSWORD = "steady", "opensesame"
"""Who is made with the server. It wants the password on TCP, and lets the superuser in on its socket."""


class Postgres(NamedTuple):
    """A running server."""

    port: int
    folder: Path
    programs: Path
    options: str = ""

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` as if it had crashed, `fast` after its sessions were ended."""
        _as_owner([*self._control, "-m", mode, "stop"])

    def start(self) -> None:
        """Start it again, as it was."""
        _as_owner([*self._control, "-o", self.options, "start"])
        until(lambda: answers(self.port), "PostgreSQL")

    @property
    def _control(self) -> list[str]:
        data, log = str(self.folder / "data"), str(self.folder / "log")
        return [str(self.programs / "pg_ctl"), "-D", data, "-l", log, "-w", "-t", "30"]

    def psql(self, statement: str, database: str = "postgres") -> str:
        """What a statement of the superuser's prints, bare."""
        argv = [
            str(self.programs / "psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.folder),
            "-p",
            str(self.port),
        ]
        done = _as_owner([*argv, "-U", SUPERUSER, "-d", database, "-c", statement])
        return done.stdout.strip()


def programs() -> Path:
    """The folder of its programs. Skips where it is not there."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if not found:
        missing("postgresql", "initdb")
    return Path(found[-1]).parent


@contextmanager
def postgres(*settings: str, files: Mapping[str, Path] | None = None) -> Iterator[Postgres]:
    """A server with these settings (name=value), and these files in its data folder, until the end of the block."""
    bin_, folder, port = programs(), Path(tempfile.mkdtemp(prefix="steady-pg-")), free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data = str(folder / "data")
    _as_owner([str(bin_ / "initdb"), "-D", data, "-U", SUPERUSER, "--auth-local=trust", "--auth-host=scram-sha-256",
               f"--pwfile={secret}", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])  # fmt: skip
    for name, file in (files or {}).items():
        made = folder / "data" / name
        shutil.copyfile(file, made)
        made.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(made, "postgres", "postgres")
    own = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off", *settings]
    options = " ".join(f"-c {setting}" for setting in own)
    server = Postgres(port, folder, bin_, options)
    server.start()
    try:
        used("postgresql")
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _as_owner(argv: list[str]) -> subprocess.CompletedProcess[str]:
    """It refuses to be run by root."""
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if getpass.getuser() == "root" else []
    done = subprocess.run(
        [*become, *argv], capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{argv[0]}: {done.stdout}{done.stderr}"
    return done
