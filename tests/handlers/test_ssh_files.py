"""Files come and go over SFTP: whole or not at all, with their modes and owners, and as evidence."""

from __future__ import annotations

import os
import threading

import pytest

from steadyhand.errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from steadyhand.handlers import ssh
from steadyhand.handlers.bench import BenchHands

from ..realparts.sshd import sshd
from .machines import Desk, as_text, target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sshd(tmp_path_factory.mktemp("sshd")) as started:
        yield started


@pytest.fixture
def desk(server):
    with Desk(target(server)) as found:
        yield found


def test_a_copy_is_there_whole_with_its_mode(desk, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(700_000))
    source.chmod(0o640)
    place = tmp_path / "there"
    done = desk.ran(copy={"from": "source", "to": str(place)}, here=tmp_path)
    assert place.read_bytes() == source.read_bytes()
    assert place.stat().st_mode & 0o777 == 0o640
    assert (done["size"], done["path"], done["exit_code"]) == (700_000, str(place), 0)
    desk.ran(copy={"content": "text", "to": str(place)})
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("text", 0o640)
    desk.ran(copy={"content": "text", "to": str(place), "mode": "0600"})
    assert place.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "there"]


def test_a_copy_follows_a_link_and_leaves_the_owner(desk, tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    if os.geteuid() == 0:
        os.chown(tmp_path / "real", 12345, 12345)
    desk.ran(copy={"content": "new", "to": str(tmp_path / "link")})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "real").stat().st_uid == (12345 if os.geteuid() == 0 else os.geteuid())


@pytest.mark.parametrize("value", ["$(touch /tmp/pwned)", '"; touch /tmp/pwned #', "a\nb", "a\0b", "\udcff", ""])
def test_hostile_content_is_content(desk, tmp_path, value):
    desk.ran(copy={"content": value, "to": str(tmp_path / "a $(x)")})
    assert (tmp_path / "a $(x)").read_bytes() == value.encode("utf-8", "surrogateescape")
    assert not os.path.exists("/tmp/pwned")


def test_a_copy_that_cannot_be_made_changes_nothing(desk, tmp_path):
    for params, failure in (
        ({"content": "x", "to": str(tmp_path / "no" / "file")}, Refused), ({"content": "x", "to": str(tmp_path)}, Refused),
        ({"from": "/no/such", "to": str(tmp_path / "x")}, BadInput), ({"from": "/tmp", "to": str(tmp_path / "x")}, BadInput),
    ):  # fmt: skip
        with pytest.raises(failure) as caught:
            desk.ran(copy=params)
        assert not caught.value.unsure
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_fetched_is_an_artifact(desk, tmp_path):
    (tmp_path / "log").write_text("hello\n")
    (tmp_path / "log").chmod(0o604)
    done = desk.ran(fetch={"from": str(tmp_path / "log")})
    assert (done["content"], done["size"], done["mode"]) == ("hello\n", 6, "0604")
    assert desk.hands.sink("log").text() == "hello\n"
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    done = desk.ran(fetch={"from": str(tmp_path / "big"), "to": "named"})
    assert (done["content"], done["size"], desk.hands.sink("named").size) == (None, 3_000_000, 3_000_000)


def test_a_file_that_cannot_be_fetched(desk, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 2000)
    for params, failure in (
        ({"from": str(tmp_path / "none")}, Refused), ({"from": str(tmp_path)}, Refused),
        ({"from": str(tmp_path / "big"), "max_size": 1000}, BadResponse),
    ):  # fmt: skip
        with pytest.raises(failure):
            desk.ran(fetch=params)


def test_a_copy_that_is_cut_off_changes_nothing_and_says_so(desk, server, tmp_path):
    """A source that never ends: the connection is lost, the time is over, or it is told to stop, in the middle."""
    os.mkfifo(tmp_path / "slow")
    place = tmp_path / "there"
    place.write_text("old")
    (tmp_path / "big").write_bytes(b"x" * 200_000_000)

    def attempt(when, timeout=20.0) -> HandlerError:
        hands = BenchHands(timeout=timeout, connections=desk.connections)
        plan = ssh.plan(as_text({"copy": {"from": str(tmp_path / "big"), "to": str(place)}}), desk.place)
        timer = threading.Timer(0.5, when, [hands])
        timer.start()
        with pytest.raises(HandlerError) as caught:
            ssh.perform(plan, hands)
        timer.cancel()
        return caught.value

    desk.ran(text="true")
    found = [
        attempt(lambda hands: server.cut()),
        attempt(lambda hands: hands.cancel()),
        attempt(lambda hands: None, 0.6),
    ]
    assert [type(one) for one in found] == [Unreachable, Cancelled, TimedOut]
    assert not any(one.unsure for one in found)
    assert place.read_text() == "old"


def test_a_machine_without_sftp_is_said_and_its_connection_stays(tmp_path):
    with sshd(tmp_path / "none", sftp="/bin/false") as other, Desk(target(other)) as there:
        with pytest.raises(Refused, match="it has no SFTP"):
            there.ran(copy={"content": "x", "to": str(tmp_path / "x")})
        assert there.ran(text="echo in")["stdout"] == "in\n"
        assert other.log.count("Accepted publickey") == 1
