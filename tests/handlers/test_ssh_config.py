"""An OpenSSH configuration is read as OpenSSH reads it, as far as its keys are used."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from steadyhand.errors import Refused
from steadyhand.handlers._ssh_config import Asked, expanded, lookup, matches, parsed, wild

TEXT = """\
# a comment
Host app? !app9 "db*"
    User ops
    Port=2200
    IdentityFile ~/.ssh/one
    IdentityFile "~/.ssh/two words"
Host app1
    HostName 10.0.0.1
    User other
Match originalhost app1 user ops
    ProxyJump bastion
Match host 10.0.0.*
    ConnectTimeout 3
Match user nobody
    Port 1
Match !host 10.0.0.1
    ConnectTimeout 9
Match localuser me
    ServerAliveInterval 7
Match final host 10.0.0.1
    HostKeyAlias seen
Host *
    IdentityFile ~/.ssh/three
    ProxyCommand nc  -x "a b" %h %p # not a comment
    Include inc/*
"""


def found(folder, text, host, user=""):
    path = folder / "config"
    path.write_text(text)
    return lookup([str(path)], Asked(host, user, str(folder), "me"))


def test_blocks_patterns_and_matches(tmp_path):
    (tmp_path / ".ssh" / "inc").mkdir(parents=True)
    (tmp_path / ".ssh" / "inc" / "a").write_text("Host app1\nUserKnownHostsFile a b\nHost other\nCompression yes\n")
    said = found(tmp_path, TEXT, "app1")
    assert said == {
        "user": ["ops"], "port": ["2200"], "identityfile": ["~/.ssh/one", "~/.ssh/two words", "~/.ssh/three"],
        "hostname": ["10.0.0.1"], "proxyjump": ["bastion"], "connecttimeout": ["3"], "serveraliveinterval": ["7"],
        "proxycommand": ['nc  -x "a b" %h %p # not a comment'], "userknownhostsfile": ["a", "b"], "hostkeyalias": ["seen"],
    }  # fmt: skip
    assert found(tmp_path, TEXT, "app9")["connecttimeout"] == ["9"]
    assert "port" not in found(tmp_path, TEXT, "app9")
    assert found(tmp_path, TEXT, "dbx")["user"] == ["ops"]


def test_a_file_that_includes_itself_and_one_that_is_not_there(tmp_path):
    assert lookup([str(tmp_path / "none")], Asked("a", "", str(tmp_path), "me")) == {}
    with pytest.raises(Refused, match="includes itself"):
        found(tmp_path, f"Include {tmp_path}/config\n", "a")
    assert found(tmp_path, "Include no/such/*\nUser x\n", "a") == {"user": ["x"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Match exec true\n", "`Match exec` is not understood"),
        ("Match host\n", "names nothing"),
        ('User "x\n', "a quote is not closed"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, words):
    with pytest.raises(Refused, match=f"config:1: .*{words}"):
        found(tmp_path, text, "a")


def test_lines():
    assert parsed("  Port = 22", "") == ("port", ["22"])
    assert parsed("Port\t22 # x", "") == ("port", ["22"])
    assert parsed("# Port 22", "") == ("", [])
    assert parsed("", "") == ("", [])


def test_patterns():
    assert wild("a?c*", "ABCd")
    assert not wild("[a]", "a")
    assert matches(["*", "!b"], "a")
    assert not matches(["*", "!b"], "b")
    assert not matches(["!b"], "a")


def test_tokens():
    assert expanded("%h:%p %% %x", {"h": "a", "p": "1"}) == "a:1 % %x"


@pytest.mark.parametrize("host", ["app1", "app2", "app9", "db[1]", "x"])
def test_openssh_reads_the_same(tmp_path, host):
    if shutil.which("ssh") is None:
        pytest.skip("ssh is not on this machine (Debian package openssh-client)")
    text = TEXT.replace("Match localuser me\n    ServerAliveInterval 7\n", "").replace("    Include inc/*\n", "")
    ours = found(tmp_path, text, host)
    words = ["ssh", "-G", "-F", str(tmp_path / "config"), host]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    theirs: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition(" ")
        theirs.setdefault(key, []).append(value)
    for key in ("user", "port", "hostname", "connecttimeout", "hostkeyalias", "identityfile", "proxyjump"):
        if key in ours:
            assert theirs.get(key) == ours[key], key
        elif key in {"connecttimeout", "hostkeyalias", "proxyjump"}:
            assert theirs.get(key, ["none"]) == ["none"], key
