"""The process between the engine and a confined read: what it denies, how it ends, and that privileges do not come back."""

from __future__ import annotations

import marshal
import os
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from steadyhand.handlers import _confine, _launcher, _seccomp

from .cages import usable


def test_what_landlock_is_asked_to_deny_by_version():
    assert _launcher.rights(1) == (0x1FF2, 0, 0)
    assert _launcher.rights(2) == (0x3FF2, 0, 0)
    assert _launcher.rights(3) == (0x7FF2, 0, 0)
    assert _launcher.rights(4) == (0x7FF2, 1, 0)
    assert _launcher.rights(5) == (0xFFF2, 1, 0)
    assert _launcher.rights(6) == _launcher.rights(9) == (0xFFF2, 1, 3)


def test_reading_and_running_are_never_denied():
    execute, read_file, read_folder = 1 << 0, 1 << 2, 1 << 3
    assert all(_launcher.rights(abi)[0] & (execute | read_file | read_folder) == 0 for abi in range(1, 12))


def test_it_needs_nothing_of_ours():
    run = f"import sys; sys.path.append({_launcher.HERE!r}); import _launcher"
    look = "[m for m in sys.modules if m.startswith('steadyhand') or m in ('json', 'signal', 'subprocess', 'typing')]"
    code = f"{run}; print({look})"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def forked(call) -> int:
    child = os.fork()
    if not child:
        try:
            call()
        finally:
            os._exit(99)
    return os.waitpid(child, 0)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE, signal.SIGABRT])
def test_it_ends_by_the_same_signal(number):
    assert os.WTERMSIG(forked(lambda: _launcher.end_as(number, 0))) == number


def test_it_ends_with_the_same_code():
    assert os.waitstatus_to_exitcode(forked(lambda: _launcher.end_as(0, 7))) == 7
    assert os.waitstatus_to_exitcode(forked(lambda: _launcher.end_as(signal.SIGCHLD, 0))) == 128 + signal.SIGCHLD


def test_children_and_parents():
    with subprocess.Popen(["sleep", "60"]) as child:
        try:
            assert child.pid in _launcher.children()
            assert _launcher._parent(str(child.pid)) == os.getpid()
            assert _launcher._parent("0") == 0
        finally:
            child.kill()


def test_setuid_programs_do_not_raise(tmp_path):
    """As somebody who is not the administrator, with a program that would make them that."""
    means = usable(_confine.LANDLOCK)
    python = "/usr/bin/python3"
    if os.geteuid() != 0 or not os.access(python, os.X_OK) or shutil.which("setpriv") is None:
        pytest.skip("this needs an administrator, /usr/bin/python3 and setpriv (util-linux)")
    folder = f"/tmp/steady-setuid-{os.getpid()}"
    os.mkdir(folder, 0o755)
    try:
        raiser, launcher, scratch = (os.path.join(folder, name) for name in ("id", "_launcher.py", "scratch"))
        shutil.copy("/usr/bin/id", raiser)
        os.chmod(raiser, 0o755 | stat.S_ISUID)
        shutil.copy(_launcher.__file__, launcher)
        os.mkdir(scratch, 0o777)
        somebody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        assert subprocess.run([*somebody, raiser, "-u"], capture_output=True, check=True).stdout == b"0\n"
        orders, into = os.pipe()
        report, told = os.pipe()
        abi, program = _confine.landlock(), _seccomp.program(os.uname().machine)
        os.write(into, marshal.dumps({"scratch": scratch.encode(), "abi": abi, "filter": program, "behind": []}, 2))
        os.close(into)
        start = _launcher.START.replace(_launcher.HERE, folder)
        words = [*somebody, python, "-I", "-S", "-c", start, "outer", str(orders), str(told), "--", raiser, "-u"]
        done = subprocess.run(words, pass_fds=(orders, told), capture_output=True, check=False)
        os.close(told)
        assert os.read(report, 100) == b"ok\n", (means, done.stderr)
        assert done.stdout == b"65534\n"
        os.close(orders)
        os.close(report)
    finally:
        shutil.rmtree(folder)


def test_it_says_that_it_cannot(tmp_path):
    """A filter that the kernel does not take: nothing is begun."""
    usable(_confine.LANDLOCK)
    begun = tmp_path / "begun"
    orders, into = os.pipe()
    report, told = os.pipe()
    os.write(into, marshal.dumps({"scratch": os.fsencode(tmp_path), "abi": 0, "filter": b"\xff" * 8, "behind": []}))
    os.close(into)
    words = [*_launcher.PYTHON, _launcher.START, "outer", str(orders), str(told), "--", "touch", str(begun)]
    done = subprocess.run(words, pass_fds=(orders, told), check=False)
    os.close(told)
    assert done.returncode == 125
    assert os.read(report, 100) == b"broken Invalid argument\n"
    assert not begun.exists()
    os.close(orders)
    os.close(report)


def test_told_to_end_before_it_has_begun():
    """Ctrl-C in the first milliseconds ends it, and leaves nothing."""
    means = usable(_confine.LANDLOCK)
    with _confine.Cage(means) as cage:
        child = subprocess.Popen(
            [*cage.behind, "sleep", "60"], pass_fds=cage.passed, stderr=subprocess.DEVNULL, start_new_session=True
        )
        cage.started()
        over = time.monotonic() + 10
        while child.poll() is None:
            assert time.monotonic() < over
            os.killpg(child.pid, signal.SIGINT)
            time.sleep(0.005)
        assert child.returncode in {-signal.SIGINT, 1, 130}
