"""What is said to a remote shell arrives as it is, whatever login shell passes it on."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.errors import BadInput
from steadyhand.handlers._ssh_words import GO, Command, Sudo, fed, ladder, line, script, words

SHELLS = [name for name in ("sh", "dash", "bash", "zsh", "csh", "tcsh", "fish", "busybox") if shutil.which(name)]
ODD = "a'b\"c\\d!e\nf\tg$h`i`%j*k~l#m(n)o\\0123\udcff\u20ac"


def run(shell: str, text: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
    argv = ["busybox", "sh"] if shell == "busybox" else [shell]
    return subprocess.run([*argv, "-c", text], input=stdin, capture_output=True, check=False)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "value", [ODD, "plain", "two  words", "a;b|c&d<e>(f)[g]{h}*?~#=", "~", "*", "#a", "", "!!", "`id`", "$HOME"]
)
def test_any_login_shell_passes_it_on(shell, value):
    done = run(shell, line(script(Command(("printf", "%s", value)), "mark")))
    assert done.stdout == value.encode("utf-8", "surrogateescape")
    first, go = done.stderr.decode().splitlines()
    assert first.startswith("mark pid ")
    assert go == f"mark {GO}"


def test_the_line_is_tame():
    assert all(32 <= ord(char) < 127 for char in line("a\nb\x01\u20ac"))
    with pytest.raises(BadInput, match="a command line takes"):
        line("x" * 130_000)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_value_arrives_by_every_way(value):
    command = Command(
        ("/bin/sh", "-c", 'printf "%s\\0" "$1" "$A" "$B"; cat', "sh", value), variables=("A",), environment={"B": value}
    )
    done = run("sh", line(script(command, "m")), fed(value, "A") + b"rest\n")
    assert done.stdout == f"{value}\0{value}\0{value}\0rest\n".encode()


def test_how_far_it_came():
    def said(**more):
        done = run("sh", script(Command(("true",), **more), "m"))
        return [
            words.split()[1] for words in done.stderr.decode().splitlines() if words.startswith("m ")
        ], done.returncode

    assert said() == (["pid", "go"], 0)
    assert said(cwd="/no/such") == (["pid", "folder"], 1)
    assert said(cwd="/") == (["pid", "go"], 0)
    done = run("sh", script(Command(("no-such",), looked_for=True), "m"))
    assert (done.returncode, done.stderr.decode().split()[-2:]) == (127, ["m", "missing"])


def test_a_folder_is_the_one_that_was_named():
    done = subprocess.run(
        ["sh", "-c", script(Command(("pwd",), cwd="tmp"), "m")], cwd="/", env={"CDPATH": "/var", "PATH": "/bin:/usr/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "/tmp\n"


def test_sudo_comes_before_everything_that_is_read():
    text = script(Command(("id",), variables=("A",), sudo=Sudo("postgres", asks=True)), "m")
    assert text.startswith("echo m pid $$ >&2; exec sudo -S -p 'm password ' -u 'postgres' -- /bin/sh -c '")
    assert "exec sudo -n -u 'root' -- " in script(Command(("id",), sudo=Sudo()), "m")


def test_what_no_command_line_carries():
    with pytest.raises(BadInput, match="NUL"):
        words(["a\0b"])
    with pytest.raises(BadInput, match="NUL"):
        fed("a\0b", "it")
    with pytest.raises(BadInput, match="is no name of a variable"):
        script(Command(("x",), variables=("A-B",)), "m")


def ended(child: subprocess.Popen) -> str:
    done = run("sh", ladder([child.pid]))
    child.wait(10)
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("code", "by"),
    [("sleep 60; true", "ended INT"), ('trap "" INT; sleep 60 & wait', "ended TERM"), ("exit 0", "ended itself")],
)
def test_the_ladder_ends_a_session(code, by):
    child = subprocess.Popen(["sh", "-c", code], start_new_session=True)
    if code == "exit 0":
        child.wait()
    else:
        until_it_sleeps(child.pid)
    assert ended(child) == by


def until_it_sleeps(pid: int) -> None:
    from ..realparts import until
    from ..realparts.sshd import children

    until(lambda: bool(children(pid)), "its child")
