"""A host key is one of those that are filed for the host, or nothing goes out."""

from __future__ import annotations

import base64
import shutil
import subprocess

import pytest

from steadyhand.errors import Refused
from steadyhand.handlers._ssh_known import check, fingerprint, kinds, lines

ED, RSA = b"\0\0\0\x0bssh-ed25519key", b"\0\0\0\x07ssh-rsakey"


def b64(blob):
    return base64.b64encode(blob).decode()


@pytest.fixture
def found(tmp_path):
    def look(text, name="app1", port=22):
        path = tmp_path / "known"
        path.write_text(text)
        return [
            (line.number, line.marker, line.kind) for line in lines([str(path), str(tmp_path / "none")], name, port)
        ]

    return look


def test_which_lines_speak_of_a_host(found):
    entry = f"ssh-ed25519 {b64(ED)} comment"
    text = f"# app1 {entry}\n\napp1,other {entry}\n*.example {entry}\n!app1,app* {entry}\n[app1]:2222 {entry}\nAPP1 {entry}\n"
    assert found(text) == [(3, "", "ssh-ed25519"), (7, "", "ssh-ed25519")]
    assert found(text, "x.EXAMPLE") == [(4, "", "ssh-ed25519")]
    assert found(text, "app2") == [(5, "", "ssh-ed25519")]
    assert found(text, port=2222) == [(6, "", "ssh-ed25519")]
    assert found(f"@revoked * {entry}\n@cert-authority *,!b {entry}\n") == [
        (1, "@revoked", "ssh-ed25519"), (2, "@cert-authority", "ssh-ed25519"),
    ]  # fmt: skip


def test_lines_that_are_none(found):
    assert found("app1\napp1 ssh-ed25519\napp1 ssh-ed25519 ???\n|1|x|y ssh-ed25519 AAAA\n@revoked\n") == []


def test_hashed_names_as_openssh_hashes_them(tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not on this machine (Debian package openssh-client)")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    public = (tmp_path / "key.pub").read_text()
    (tmp_path / "known").write_text(f"app1 {public}[app2]:2222 {public}")
    subprocess.run(["ssh-keygen", "-H", "-f", tmp_path / "known"], check=True, capture_output=True)
    assert "app" not in (tmp_path / "known").read_text().replace(public.split()[2], "")
    path = [str(tmp_path / "known")]
    assert [line.number for line in lines(path, "App1", 22)] == [1]
    assert [line.number for line in lines(path, "app2", 2222)] == [2]
    assert lines(path, "app2", 22) == ()
    shown = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    ).stdout
    assert fingerprint(base64.b64decode(public.split()[1])) == shown.split()[1]


def checked(tmp_path, text, kind="ssh-ed25519", blob=ED, port=22):
    path = tmp_path / "known"
    path.write_text(text)
    known = lines([str(path)], "app1", port)
    check("app1", "app1", port, (kind, blob), known, str(path))
    return kinds(known)


def refused(*args, **more):
    with pytest.raises(Refused) as caught:
        checked(*args, **more)
    assert not caught.value.unsure
    return caught.value.message, caught.value.hint


def test_a_key_that_is_filed(tmp_path):
    assert checked(tmp_path, f"app1 ssh-rsa {b64(RSA)}\napp1 ssh-ed25519 {b64(ED)}\n") == ("ssh-rsa", "ssh-ed25519")


def test_a_key_that_is_not_known_comes_with_the_line_that_would_make_it_known(tmp_path):
    message, hint = refused(tmp_path, "", port=2222)
    assert message == f"the host key of app1 is not known: it shows ssh-ed25519 {fingerprint(ED)}"
    assert hint == (
        "compare the fingerprint with the host's own (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); if it is "
        f"the same: echo '[app1]:2222 ssh-ed25519 {b64(ED)}' >> {tmp_path}/known"
    )
    subprocess.run(["sh", "-c", hint.partition("the same: ")[2]], check=True)
    assert checked(tmp_path, (tmp_path / "known").read_text(), port=2222) == ("ssh-ed25519",)


def test_a_key_of_another_kind_or_an_authority_does_not_make_it_known(tmp_path):
    assert "(known are keys of another kind: ssh-rsa)" in refused(tmp_path, f"app1 ssh-rsa {b64(RSA)}\n")[0]
    message, _ = refused(tmp_path, f"@cert-authority * ssh-ed25519 {b64(ED)}\n")
    assert "certificates of hosts cannot be checked here" in message


def test_a_key_that_has_changed_is_said_loudly_with_both_fingerprints_and_the_line(tmp_path):
    message, hint = refused(tmp_path, f"# first\napp1 ssh-ed25519 {b64(RSA)}\n")
    assert message.startswith(
        f"THE HOST KEY OF app1 HAS CHANGED: it shows ssh-ed25519 {fingerprint(ED)}, and {tmp_path}/known:2"
    )
    assert fingerprint(RSA) in message
    assert "replace line 2" in hint


def test_a_revoked_key_is_refused_though_it_is_filed(tmp_path):
    text = f"app1 ssh-ed25519 {b64(ED)}\n@revoked * ssh-ed25519 {b64(ED)}\n"
    message, hint = refused(tmp_path, text)
    assert "was revoked" in message
    assert "known:2" in message
    assert hint.startswith("do not log in")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(Refused, match="cannot be read"):
        lines([str(tmp_path / "folder")], "a", 22)
