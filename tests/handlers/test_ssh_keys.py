"""Whoever a host lets in gets in: keys of every kind, encrypted or not, certificates, the agent, a password."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from steadyhand.errors import Refused
from steadyhand.handlers._ssh_keys import load

from ..realparts.sshd import keygen, person, sshd
from .machines import PASSWORD, Desk, target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sshd")
    folder.mkdir(exist_ok=True)
    keygen(folder / "ca")
    with sshd(folder, config=f"TrustedUserCAKeys {folder}/ca.pub") as started:
        yield started


@pytest.fixture
def lets_in(server, tmp_path):
    """Has the server let a key in, for one test."""
    authorized = server.folder / "authorized_keys"
    before = authorized.read_text()

    def make(kind, passphrase="", *more):
        path = keygen(tmp_path / f"id_{kind}", kind, passphrase, *more)
        with authorized.open("a") as file:
            file.write(Path(f"{path}.pub").read_text())
        return path

    yield make
    authorized.write_text(before)


@pytest.fixture
def agent(tmp_path, monkeypatch):
    """An agent of our own, empty."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("ssh-agent is not on this machine (Debian package openssh-client)")
    socket = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    from ..realparts import until

    until(socket.exists, "ssh-agent")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    yield lambda path: subprocess.run(["ssh-add", "-q", str(path)], check=True, capture_output=True)
    process.terminate()
    process.wait(10)


def gets_in(place, **secrets) -> bool:
    with Desk(place) as desk:
        return desk.ran(text="echo in", secrets=secrets)["stdout"] == "in\n"


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_keys_of_every_kind(server, lets_in, kind, passphrase):
    key = lets_in(kind, passphrase)
    more = {"passphrase": PASSWORD} if passphrase else {}
    assert gets_in(target(server, key=str(key), **more), pw=passphrase)


@pytest.mark.parametrize("form", ["PEM", "PKCS8"])
def test_keys_in_older_forms(server, lets_in, form):
    assert gets_in(target(server, key=str(lets_in("rsa", "", "-m", form))))


def test_a_certificate(server, tmp_path):
    key = keygen(tmp_path / "certified")
    words = ["ssh-keygen", "-q", "-s", server.folder / "ca", "-I", "test", "-n", server.user, f"{key}.pub"]
    subprocess.run(words, check=True, capture_output=True)
    assert gets_in(target(server, key=str(key)))
    moved = (tmp_path / "certified-cert.pub").rename(tmp_path / "elsewhere.pub")
    assert gets_in(target(server, key=str(key), certificate=str(moved)))
    with pytest.raises(Refused, match="cannot be used"):
        gets_in(target(server, key=str(key), certificate=str(tmp_path / "none")))


def test_the_agent(server, lets_in, agent):
    key = lets_in("ed25519")
    place = target(server, key=None, agent=True)
    with pytest.raises(Refused, match="does not let"):
        gets_in(place)
    agent(key)
    key.unlink()
    assert gets_in(place)
    with pytest.raises(Refused, match="it was offered nothing"):
        gets_in(target(server, key=None, agent=False))


def test_of_an_agent_with_many_keys_the_one_that_is_named_is_tried_first(server, lets_in, agent, tmp_path):
    for number in range(8):
        agent(keygen(tmp_path / f"other{number}"))
    key = lets_in("ed25519")
    agent(key)
    config = tmp_path / "config"
    config.write_text(f"IdentityFile {key}\nIdentitiesOnly yes\n")
    assert gets_in(target(server, key=None, agent=True, config=str(config)))


def test_an_agent_that_is_not_there_has_no_keys(server, monkeypatch):
    monkeypatch.setenv("SSH_AUTH_SOCK", "/no/such/agent")
    assert gets_in(target(server, agent=True))


@pytest.fixture
def folder():
    """A folder that every user can look into: servers read keys as whoever logs in."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_password(folder):
    with person(folder / "home") as who, sshd(folder / "sshd", config="KbdInteractiveAuthentication no") as server:
        place = target(server, user=who.name, key=None, password=PASSWORD)
        assert gets_in(place, pw=who.password)
        with pytest.raises(Refused, match="it was offered the password") as caught:
            gets_in(place, pw="wrong")
        assert who.name in caught.value.message
        assert "wrong" not in caught.value.message
        assert not caught.value.unsure


def test_a_key_and_a_password_where_both_are_asked_for(folder):
    both = "AuthenticationMethods publickey,password"
    with person(folder / "home") as who, sshd(folder / "sshd", config=both) as server:
        place = target(server, user=who.name, password=PASSWORD)
        assert gets_in(place, pw=who.password)
        with pytest.raises(Refused, match="it takes password"):
            gets_in(target(server, user=who.name))


def test_what_is_wrong_with_a_key_is_said(server, tmp_path):
    locked = keygen(tmp_path / "locked", "ed25519", "open sesame")
    (tmp_path / "text").write_text("hello")
    for key, passphrase, words in (
        (tmp_path / "none", "", "cannot be read: No such file"), (locked, "", "is encrypted"),
        (locked, "wrong", "does not open with that passphrase"), (tmp_path / "text", "", "is no private key"),
        (Path(f"{locked}.pub"), "", "is no private key"),
    ):  # fmt: skip
        more = {"passphrase": PASSWORD} if passphrase else {}
        with pytest.raises(Refused, match=words):
            gets_in(target(server, key=str(key), **more), pw=passphrase)


def test_keys_of_the_configuration_that_cannot_be_used_are_passed_over(server, tmp_path):
    locked = keygen(tmp_path / "locked", "ed25519", "open sesame")
    config = tmp_path / "config"
    config.write_text(f"IdentityFile {locked}\nIdentityFile {tmp_path}/none\nIdentityFile {server.folder}/id\n")
    assert gets_in(target(server, key=None, config=str(config)))
    config.write_text(f"IdentityFile {locked}\n")
    with pytest.raises(Refused, match=r"not used: the key .*locked is encrypted"):
        gets_in(target(server, key=None, config=str(config)))


def test_a_key_is_worked_off_once_a_run(server, lets_in, monkeypatch):
    key = lets_in("ed25519", "open sesame")
    with Desk(target(server, key=str(key), passphrase=PASSWORD)) as desk:
        desk.ran(text="true", secrets={"pw": "open sesame"})
        key.unlink()
        server.cut()
        assert desk.ran(text="echo in", secrets={"pw": "open sesame"})["stdout"] == "in\n"


def test_a_key_is_loaded_by_its_file(tmp_path):
    assert load(str(keygen(tmp_path / "k", "ecdsa")), "").get_name() == "ecdsa-sha2-nistp256"
