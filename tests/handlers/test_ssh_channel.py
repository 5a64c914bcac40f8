"""What a script says of itself is taken out of what its command prints, and decides what is known; sudo is held to it."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import pytest

from steadyhand.errors import BadResponse, Cancelled, HandlerError, Refused, TimedOut
from steadyhand.handlers import ssh
from steadyhand.handlers._ssh_channel import Said
from steadyhand.handlers.bench import BenchHands

from ..realparts import until
from ..realparts.sshd import person, sshd, sudoer
from .machines import PASSWORD, Desk, as_text, gone, target

MARK = b"steady-0123"


def said(*pieces: bytes) -> tuple[Said, bytes]:
    out: list[bytes] = []
    found = Said(MARK, out.append)
    for piece in pieces:
        found.take(piece)
    return found, b"".join(out)


WHOLE = b"noise\nsteady-0123 pid 12\nmore steady-0123 go\nits own\nsteady-0123 pid 13\n"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_of_the_script_are_taken_out_wherever_they_are_cut(size):
    found, out = said(*(WHOLE[at : at + size] for at in range(0, len(WHOLE), size)))
    assert (found.pids, found.went, found.complaint()) == ([12], True, "noise more")
    assert out == b"its own\nsteady-0123 pid 13\n"


def test_a_prompt_has_no_line_of_its_own():
    found, _ = said(b"steady-0123 pid 1\nsteady-0123 passw", b"ord Sorry\nsteady-0123 password ")
    assert (found.asked, found.went, found.complaint()) == (2, False, "Sorry")


def test_a_login_shell_that_talks_without_end_fills_no_memory():
    found, out = said(*[b"x" * 1000 + b"\n"] * 1000, MARK + b" go\nown")
    assert found.went
    assert out == b"own"
    assert len(found.before) <= 9000


# --- sudo, for real


@pytest.fixture(scope="module")
def home():
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def who(home):
    with person(home / "home") as made:
        yield made


@pytest.fixture
def desk(home, who):
    with sshd(home / "sshd") as server, Desk(target(server, user=who.name)) as found:
        yield found


def test_sudo_without_a_password(desk, who):
    with sudoer(who.name, "ALL=(ALL) NOPASSWD: ALL"):
        assert desk.ran(text="id -un; id -un >&2", sudo=True)["stdout"] == "root\n"
        done = desk.ran(
            text='id -un; cat; echo "$A $B"',
            sudo={"user": who.name},
            stdin="in\n",
            env={"A": "a", "B": PASSWORD},
            secrets={"pw": "b c"},
        )
        assert done["stdout"] == f"{who.name}\nin\na b c\n"
        assert desk.ran(script="id -un", sudo=True, cwd="/root")["stdout"] == "root\n"
        # a password that sudo does not ask for reaches nobody
        done = desk.ran(text="cat; id -un", sudo={"password": PASSWORD}, stdin="in\n", secrets={"pw": "never-asked"})
        assert done["stdout"] == "in\nroot\n"
        with pytest.raises(Refused, match="no such program"):
            desk.ran(argv=["no-such"], sudo=True)


def test_sudo_with_a_password(desk, who):
    with sudoer(who.name, "ALL=(ALL) ALL"):
        more = {"sudo": {"password": PASSWORD}, "secrets": {"pw": who.password}}
        done = desk.ran(text='cat; id -un; echo "$A"; echo err >&2', stdin="in\n" * 1000, env={"A": PASSWORD}, **more)
        assert done["stdout"] == "in\n" * 1000 + f"root\n{who.password}\n"
        assert done["stderr"] == "err\n"
        assert desk.ran(text="exit 7", **more)["exit_code"] == 7
        done = desk.ran(text="ps -eo args", **more)
        assert who.password not in done["stdout"]


def test_a_password_that_sudo_does_not_take(desk, who):
    with sudoer(who.name, "ALL=(ALL) ALL"):
        with pytest.raises(Refused, match="does not take the password") as caught:
            desk.ran(text="id", sudo={"password": PASSWORD}, stdin="line\n" * 5, secrets={"pw": "wrong"})
        assert not caught.value.unsure
        with pytest.raises(Refused, match="wants a password"):
            desk.ran(text="id", sudo=True)


def test_sudo_that_refuses(desk, who):
    with pytest.raises(Refused, match=r"sudo on .* wants a password|would not"):
        desk.ran(text="id", sudo=True)
    with sudoer(who.name, "ALL=(ALL) NOPASSWD: /bin/true"), pytest.raises(Refused):
        desk.ran(text="id", sudo=True)
    with sudoer(who.name, "ALL=(nobody) NOPASSWD: ALL"), pytest.raises(Refused):
        desk.ran(text="id", sudo={"user": "root"})


def test_sudo_that_wants_a_terminal(desk, who):
    rule = f"ALL=(ALL) NOPASSWD: ALL\nDefaults:{who.name} requiretty"
    with sudoer(who.name, rule), pytest.raises(Refused, match="wants a terminal"):
        desk.ran(text="id", sudo=True)


@pytest.mark.parametrize("rule", ["ALL=(ALL) NOPASSWD: ALL", "ALL=(ALL) ALL"])
def test_what_runs_as_root_is_ended_as_root(desk, who, rule):
    with tempfile.TemporaryDirectory() as folder, sudoer(who.name, rule):
        pids = Path(folder) / "pids"
        given = True if "NOPASSWD" in rule else {"password": PASSWORD}
        plan = ssh.plan(as_text({"text": f"sleep 303 & echo $$ $! >> {pids}; sleep 304", "sudo": given}), desk.place)
        hands = BenchHands(timeout=30, connections=desk.connections, secrets={"pw": who.password})
        found: list[HandlerError] = []

        def go() -> None:
            with pytest.raises(Cancelled) as caught:
                ssh.perform(plan, hands)
            found.append(caught.value)

        thread = threading.Thread(target=go)
        thread.start()
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2, "the commands")
        hands.cancel()
        thread.join(15)
        assert found
        assert "ended it" in found[0].message
        assert all(gone(int(pid)) for pid in pids.read_text().split())


# --- ends that are not known


def test_a_channel_that_closes_without_a_word_is_unsure(desk):
    """The process that serves the command's streams is gone, and the connection is not."""
    hands = BenchHands(connections=desk.connections)
    plan = ssh.plan(as_text({"text": "exec sleep 60"}), desk.place)
    desk.ran(text="true")
    found: list[HandlerError] = []

    def go() -> None:
        with pytest.raises(HandlerError) as caught:
            ssh.perform(plan, hands)
        found.append(caught.value)

    thread = threading.Thread(target=go)
    thread.start()
    (kept,) = [one for one, _ in desk.connections._kept.values() if hasattr(one, "transport")]
    until(lambda: len(list(kept.transport._channels.values())) == 1, "the command")
    time.sleep(0.5)
    next(iter(kept.transport._channels.values())).close()
    thread.join(10)
    assert isinstance(found[0], BadResponse)
    assert found[0].unsure


def test_the_time_is_over_and_nothing_answers_any_more(home, who):
    """Nothing of the command can be ended, and that is said."""
    with sshd(home / "deaf") as server, Desk(target(server, user=who.name)) as desk:
        desk.ran(text="true")
        threading.Timer(0.6, lambda: [os.kill(pid, 19) for pid in server.sessions()]).start()
        start = time.monotonic()
        with pytest.raises(TimedOut, match="could not be ended") as caught:
            desk.ran(text="sleep 305", timeout=1.5)
        assert caught.value.unsure
        assert time.monotonic() - start < 12
        for pid in server.sessions():
            os.kill(pid, 18)
