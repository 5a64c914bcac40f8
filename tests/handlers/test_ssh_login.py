"""A machine is reached, found to be the one, and let go of in time; whatever is in the way is said."""

from __future__ import annotations

import socket
import subprocess
import threading
import time

import pytest

from steadyhand.errors import Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import ssh
from steadyhand.handlers._ssh_known import fingerprint
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import plain

from ..realparts import free_port
from ..realparts.sshd import keygen, sshd
from .machines import Desk, known, target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sshd(tmp_path_factory.mktemp("sshd"), kinds=("ed25519", "rsa", "ecdsa")) as started:
        yield started


@pytest.fixture(scope="module")
def bastion(tmp_path_factory, server):
    folder = tmp_path_factory.mktemp("bastion")
    folder.joinpath("authorized_keys").write_text((server.folder / "id.pub").read_text())
    keygen(folder / "id")
    with sshd(folder) as started:
        yield started


def ran(place, **more):
    with Desk(place) as desk:
        return desk.ran(text="echo in", **more)["stdout"]


def refused(place) -> Refused:
    with pytest.raises(Refused) as caught:
        ran(place)
    assert not caught.value.unsure
    return caught.value


# --- host keys


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_host_is_asked_for_the_kind_of_key_that_is_filed(server, tmp_path, kind):
    path = tmp_path / "known"
    path.write_text(f"# nothing\n{server.entry(kind)}")
    assert ran(target(server, known_hosts=str(path))) == "in\n"


def test_an_unknown_host_is_refused_with_the_line_that_accepts_it(server, tmp_path):
    path = tmp_path / "known"
    problem = refused(target(server, known_hosts=str(path)))
    shown = subprocess.run(
        ["ssh-keygen", "-lf", server.folder / "host_ed25519.pub"], check=False, capture_output=True, text=True
    ).stdout
    assert f"is not known: it shows ssh-ed25519 {shown.split()[1]}" in problem.message
    assert server.entry().strip() in problem.hint
    subprocess.run(["sh", "-c", problem.hint.partition("the same: ")[2]], check=True)
    assert ran(target(server, known_hosts=str(path))) == "in\n"


def test_a_changed_host_is_refused_loudly_and_nothing_is_offered_to_it(server, tmp_path):
    path = tmp_path / "known"
    other = keygen(tmp_path / "other")
    path.write_text(
        f"\n[{server.address}]:{server.port} {' '.join((tmp_path / 'other.pub').read_text().split()[:2])}\n"
    )
    before = server.log.count("Connection closed by authenticating user") + server.log.count("publickey")
    problem = refused(target(server, known_hosts=str(path)))
    assert "HAS CHANGED" in problem.message
    assert f"{path}:2" in problem.message
    assert problem.message.count("SHA256:") == 2
    assert server.log.count("Connection closed by authenticating user") + server.log.count("publickey") == before
    assert other.exists()


def test_a_revoked_key_is_refused(server, tmp_path):
    path = tmp_path / "known"
    path.write_text(f"{server.entry()}@revoked * {server.public()}\n")
    assert "was revoked" in refused(target(server, known_hosts=str(path))).message


def test_hashed_names(server, tmp_path):
    path = tmp_path / "known"
    path.write_text(server.entry())
    subprocess.run(["ssh-keygen", "-H", "-f", path], check=True, capture_output=True)
    assert server.address not in path.read_text()
    assert ran(target(server, known_hosts=str(path))) == "in\n"


def test_no_configuration_turns_the_check_off(server, tmp_path):
    config = tmp_path / "config"
    config.write_text("StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nGlobalKnownHostsFile /dev/null\n")
    assert "is not known" in refused(target(server, config=str(config), known_hosts=None)).message


# --- ways there


def test_the_configuration_leads_there(server, bastion, tmp_path):
    both = known(server, bastion)
    config = tmp_path / "config"
    config.write_text(
        f"Host there\n HostName {server.address}\n Port {server.port}\n ProxyJump way\n"
        f"Host way\n HostName {bastion.address}\n Port {bastion.port}\n"
        f"Host *\n User {server.user}\n IdentityFile {server.folder}/id\n UserKnownHostsFile {both}\n"
    )
    place = target(server, hosts=["there"], user=None, key=None, known_hosts=None, config=str(config))
    before = bastion.log.count("Accepted publickey")
    assert ran(place) == "in\n"
    assert bastion.log.count("Accepted publickey") == before + 1


def test_a_host_to_go_through_is_shared_and_checked(server, bastion):
    both = str(known(server, bastion))
    before = bastion.log.count("Accepted publickey"), server.log.count("Accepted publickey")
    with Desk(target(server, jump=f"{server.user}@{bastion.host}", known_hosts=both)) as desk:
        desk.ran(text="true")
        server.cut()
        assert desk.ran(text="echo in")["stdout"] == "in\n"
    assert (bastion.log.count("Accepted publickey"), server.log.count("Accepted publickey")) == (
        before[0] + 1,
        before[1] + 2,
    )
    problem = refused(target(server, jump=bastion.host, known_hosts=str(known(server))))
    assert f"the host key of {bastion.address}:{bastion.port} is not known" in problem.message


def test_what_a_host_on_the_way_cannot_reach(server, bastion):
    both = str(known(server, bastion))
    place = target(server, hosts=[f"127.0.0.1:{free_port()}"], jump=bastion.host, known_hosts=both)
    with pytest.raises(Unreachable, match=r"cannot reach 127\.0\.0\.1"):
        ran(place)


def test_a_command_leads_there_and_ends_with_the_connection(server, tmp_path):
    code = (
        "import os, socket, sys, threading\n"
        f"open('{tmp_path}/pid', 'w').write(str(os.getpid()))\n"
        "s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def up():\n"
        "    while d := os.read(0, 65536): s.sendall(d)\n"
        "    s.shutdown(1)\n"
        "threading.Thread(target=up, daemon=True).start()\n"
        "while d := s.recv(65536): os.write(1, d)\n"
    )
    (tmp_path / "nc.py").write_text(code)
    config = tmp_path / "config"
    config.write_text(f"Host 127.0.0.1\nProxyCommand python3 {tmp_path}/nc.py %h %p\n")
    assert ran(target(server, config=str(config))) == "in\n"
    from .machines import gone

    assert gone(int((tmp_path / "pid").read_text()))
    config.write_text("Host 127.0.0.1\nProxyCommand exit 1\n")
    with pytest.raises(Unreachable):
        ran(target(server, config=str(config)))


# --- what is in the way


def test_nobody_listens(server):
    with pytest.raises(Unreachable, match="cannot be reached: Connection refused") as caught:
        ran(target(server, hosts=[f"127.0.0.1:{free_port()}"]))
    assert not caught.value.unsure


def test_a_name_without_an_address(server):
    with pytest.raises(Unreachable, match=r"the name no-such.invalid has no address"):
        ran(target(server, hosts=["no-such.invalid"]))


@pytest.fixture
def silent():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_host_that_says_nothing_is_waited_for_as_long_as_was_said(server, silent):
    start = time.monotonic()
    with pytest.raises(Unreachable, match=r"had not let us in after 0\.5 s"):
        ran(target(server, hosts=[silent], connect_timeout=500_000))
    with pytest.raises(TimedOut, match="its time was over"):
        ran(target(server, hosts=[silent]), timeout=0.5)
    assert time.monotonic() - start < 5


def test_it_can_be_stopped_while_it_connects(server, silent):
    hands = BenchHands(timeout=60)
    threading.Timer(0.3, hands.cancel).start()
    start = time.monotonic()
    with pytest.raises(Cancelled) as caught:
        ssh.perform(ssh.plan({"text": plain("x")}, target(server, hosts=[silent])), hands)
    assert time.monotonic() - start < 3
    assert not caught.value.unsure


def test_a_port_where_something_else_listens(server):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Unreachable):
            ran(target(server, hosts=[f"127.0.0.1:{listener.getsockname()[1]}"]))
        thread.join()


def test_no_delay_before_a_packet_leaves(server):
    with Desk(target(server)) as desk:
        desk.ran(text="true")
        (kept,) = [one for one, _ in desk.connections._kept.values() if hasattr(one, "transport")]
        assert kept.transport.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert kept.transport.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_the_fingerprint_is_that_of_openssh(server):
    import base64

    shown = subprocess.run(
        ["ssh-keygen", "-lf", server.folder / "host_rsa.pub"], check=False, capture_output=True, text=True
    ).stdout
    assert fingerprint(base64.b64decode(server.public("rsa").split()[1])) == shown.split()[1]
