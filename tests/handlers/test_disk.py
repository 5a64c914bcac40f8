"""`disk` keeps the promises of the seam, and says what df says, here and over a real SSH server."""

from __future__ import annotations

import os
import subprocess
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, Refused
from steadyhand.handlers import disk
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, plain

from ..realparts.sshd import sshd
from .machines import target
from .servers import raw
from .talkers import silent


class TestContract(HandlerContract):
    handler = disk
    changes: ClassVar = {"path": plain("/proc")}

    @pytest.fixture
    def ordinary(self):
        return Case({"path": plain("/")})

    @pytest.fixture
    def failing(self):
        return Case({"path": plain("/no/such/path")})

    @pytest.fixture
    def slow(self, tmp_path):
        with raw(silent) as address:
            here = {"hosts": [plain(address)], "user": plain("x"), "config": plain("none"), "agent": False}
            known = {"known_hosts": plain(str(tmp_path / "known")), "connect_timeout": 70_000_000}
            (tmp_path / "known").touch()
            yield Case({"path": plain("/")}, Target("t", "ssh", {**here, **known}))

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"path": plain("/")})

    @pytest.fixture
    def secret(self, tmp_path):
        (tmp_path / "opensesame").mkdir()
        path = Text((Literal(f"{tmp_path}/"), Secret("folder")))
        return Case({"path": path}, secrets={"folder": "opensesame"})


def see(path, place=None, cwd="."):
    return disk.perform(disk.plan({"path": plain(path)}, place), BenchHands(timeout=20, cwd=cwd)).values


def df(path):
    done = subprocess.run(["df", "-P", "-k", path], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1].split()


def test_it_says_what_df_says(tmp_path):
    found, (device, size, _, free, percent, mount) = see(str(tmp_path)), df(tmp_path)
    assert (found["mount"], found["size"]) == (mount, int(size) * 1024)
    assert found["device"] == device or device == "/dev/root"
    assert abs(found["percent"] - int(percent[:-1])) <= 1.01
    assert abs(found["free"] - int(free) * 1024) < 64 * 1024 * 1024
    assert found["read_only"] is False
    assert found["inodes_percent"] is None or 0 <= found["inodes_percent"] <= 100


def test_a_relative_path_and_a_link(tmp_path):
    (tmp_path / "link").symlink_to("/proc")
    assert see("link", cwd=str(tmp_path))["mount"] == "/proc"


def test_over_ssh_it_says_the_same(tmp_path):
    with sshd(tmp_path / "sshd") as server:
        place = target(server)
        here, there = see(str(tmp_path)), see(str(tmp_path), place)
        assert {k: there[k] for k in ("size", "mount", "read_only")} == {
            k: here[k] for k in ("size", "mount", "read_only")
        }
        assert abs(here["percent"] - there["percent"]) < 1
        with pytest.raises(Refused, match="No such file"):
            see("/no/such", place)
        plan = disk.plan({"path": plain("/")}, place)
        assert plan.targets == (f"there/{server.host}",)
        assert disk.preflight(plan, BenchHands())[0].holds


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount: a full file system was not looked at")
def test_one_that_is_full_and_one_that_is_read_only(tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=50", "small", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount: a full file system was not looked at")
    try:
        (folder / "file").write_bytes(b"x" * 1024 * 1024)
        found = see(str(folder))
        assert (found["percent"], found["free"], found["device"], found["mount"]) == (100.0, 0, "small", str(folder))
        for number in range(30):
            (folder / str(number)).touch()
        assert see(str(folder))["inodes_percent"] > 60
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        assert see(str(folder))["read_only"] is True
    finally:
        subprocess.run(["umount", str(folder)], check=True)


MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
23 22 8:2 / /var rw - ext4 /dev/sda2 ro,errors=remount-ro
24 22 8:3 / /var/lib/a\040b ro shared:1 - ext4 /dev/sd\040a rw
25 22 8:4 / /var rw - xfs /dev/sdb rw
short line
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", ("/", "/dev/sda1", False)), ("/variety", ("/", "/dev/sda1", False)),
        ("/var/log", ("/var", "/dev/sdb", False)), ("/var/lib/a b/c", ("/var/lib/a b", "/dev/sd a", True)),
    ],
)  # fmt: skip
def test_where_a_path_lies(path, found):
    assert disk.mounted(MOUNTS, path) == found


def test_what_cannot_be_planned():
    there = Target("t", "ssh", {"hosts": [plain("a")]})
    for path, place, message in (
        (plain(""), None, "`path` is none"), (plain("a"), there, "'a' is no whole path, and where it begins there is not known"),
        (Text((Secret("s"),)), there, "a secret cannot stand in `path`: every user of that machine would see it"),
    ):  # fmt: skip
        with pytest.raises(BadInput) as caught:
            disk.plan({"path": path}, place)
        assert caught.value.message == message
    assert disk.plan({"path": plain("/var")}, there).preview == "look at the file system of /var\n# on a"


def test_it_is_a_read():
    assert disk.effect_of({}) is Effect.READ
    (need,) = disk.preflight(disk.plan({"path": plain("/no/such")}, None), BenchHands())
    assert need.holds is False
