"""A real SSH server on a free port: own host keys, keys of ours that it lets in, stopped by its pid.

Whoever runs the tests logs in; a user with a password, for what needs one, is made by `Person` where root runs them.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import answers, free_port, missing, until, used

PROGRAM = "/usr/sbin/sshd"
SFTP = "/usr/lib/openssh/sftp-server"
CONFIG = """\
ListenAddress {address}:{port}
{host_keys}
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
LogLevel VERBOSE
MaxStartups 300:100:300
Subsystem sftp {sftp}
SetEnv HOME={folder}
"""
"""What a developer's own shell does as it starts (.bashrc) is not for tests: they have a home of their own."""


class Sshd:
    """One server."""

    def __init__(self, folder: Path, address: str, port: int, process: subprocess.Popen) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.process = process
        self.user = getpass.getuser()

    @property
    def host(self) -> str:
        """As a target names it."""
        return f"{self.address}:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def public(self, kind: str = "ed25519") -> str:
        """A host key, as known_hosts has it: kind and base64."""
        return " ".join((self.folder / f"host_{kind}.pub").read_text().split()[:2])

    def entry(self, kind: str = "ed25519") -> str:
        """The line of a known_hosts file."""
        return f"[{self.address}]:{self.port} {self.public(kind)}\n"

    def configure(self, path: Path, *names: str) -> None:
        """A configuration in which the names are this server, and its key is known."""
        (path.parent / "known_hosts").write_text("".join(self.entry() for _ in names[:1]))
        path.write_text(
            f"Host {' '.join(names)}\n  HostName {self.address}\n  Port {self.port}\n  User {self.user}\n"
            f"  IdentityFile {self.folder}/id\n  UserKnownHostsFile {path.parent}/known_hosts\n"
        )

    def sessions(self) -> list[int]:
        """The processes that serve connections now."""
        found = children(self.process.pid)
        return found + [inner for pid in found for inner in children(pid)]

    def cut(self) -> None:
        """Kill whoever serves a connection: the commands that run lose it."""
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                if b"sshd" in Path(f"/proc/{pid}/comm").read_bytes():
                    os.kill(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The children of a process, from the process table."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_bytes().rpartition(b")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "", *more: str) -> Path:
    """A key pair."""
    small = ["-b", "2048"] if kind == "rsa" else []
    words = ["ssh-keygen", "-q", "-t", kind, *small, "-N", passphrase, "-C", "test", "-f", str(path), *more]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


@contextlib.contextmanager
def sshd(
    folder: Path,
    *,
    address: str = "127.0.0.1",
    config: str = "",
    sftp: str = SFTP,
    kinds: tuple[str, ...] = ("ed25519",),
) -> Iterator[Sshd]:
    """Start a server. It lets in whoever has the key `folder/id`, with that in `authorized_keys` for more."""
    if not os.access(PROGRAM, os.X_OK) or shutil.which("ssh-keygen") is None:
        missing("openssh-server", "sshd")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        if not (folder / f"host_{kind}").exists():
            keygen(folder / f"host_{kind}", kind)
    if not (folder / "id").exists():
        keygen(folder / "id")
        shutil.copy(folder / "id.pub", folder / "authorized_keys")
    port = free_port()
    host_keys = "\n".join(f"HostKey {folder}/host_{kind}" for kind in kinds)
    text = CONFIG.format(address=address, port=port, host_keys=host_keys, folder=folder, sftp=sftp)
    (folder / "sshd_config").write_text(config + "\n" + text)
    words = [PROGRAM, "-D", "-f", str(folder / "sshd_config"), "-E", str(folder / "log")]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port) or process.poll() is not None, "sshd")
        assert process.poll() is None, (folder / "log").read_text()
        used("sshd")
        yield Sshd(folder, address, port, process)
    finally:
        for pid in Sshd(folder, address, port, process).sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.terminate()
        process.wait(10)


class Person:
    """A temporary user of this machine, with a password and a home."""

    def __init__(self, name: str, password: str, home: Path) -> None:
        self.name = name
        self.password = password
        self.home = home


@contextlib.contextmanager
def person(folder: Path) -> Iterator[Person]:
    """Make a user, and remove them afterwards. Only root can."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can make a user with a password: these tests were not run")
    name, password = f"steady{secrets.token_hex(4)}", secrets.token_hex(12)
    subprocess.run(["useradd", "-m", "-d", str(folder), "-s", "/bin/sh", name], check=True, capture_output=True)
    try:
        subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        yield Person(name, password, Path(pwd.getpwnam(name).pw_dir))
    finally:
        for pid in _of(pwd.getpwnam(name).pw_uid):  # whoever still runs something is not removed
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        done = subprocess.run(["userdel", "-f", "-r", name], check=False, capture_output=True, text=True)
        assert done.returncode in {0, 12}, done.stderr  # 12: the home is a part of what the test removes


def _of(uid: int) -> list[int]:
    """The processes of a user."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == uid:
                found.append(int(folder.name))
    return found


@contextlib.contextmanager
def sudoer(name: str, rule: str) -> Iterator[None]:
    """A line in sudoers for a temporary user, taken away afterwards."""
    if shutil.which("sudo") is None:
        missing("sudo", "sudo")
    path = Path(f"/etc/sudoers.d/{name}")
    path.write_text(f"{name} {rule}\n")
    path.chmod(0o440)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
