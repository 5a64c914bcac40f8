"""A confined read cannot change anything, and sees and says all that it would unconfined.

Each attack is tried unconfined first, where it must succeed, so that the test could fail; then by every means that this
machine has.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from steadyhand.errors import Cancelled, Refused, TimedOut
from steadyhand.handlers import _confine, shell
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import plain

from .cages import CONFINED, usable

PYTHON = f"{sys.executable} -I -c"


@pytest.fixture(params=CONFINED)
def means(request):
    return usable(request.param)


def ran(command, means="", *, hands=None, **more):
    found = shell.perform(shell.plan({"text": plain(command)}, None), hands or BenchHands(confine=means, **more)).values
    return {name: found[name] for name in ("exit_code", "stdout", "stderr", "signal", "held_open")}


def until(holds, seconds=10.0):
    over = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < over, "it never came to be so"
        time.sleep(0.01)


def sleeping(long):
    """The processes that sleep for that long, a number that only one test uses."""
    done = subprocess.run(["pgrep", "-xf", f"sleep {long}"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# --- attacks


def seen(folder):
    """All that can be seen of a folder's files: names, contents, modes, owners, times."""
    found = []
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(above, name)
            about = os.lstat(path)
            content = Path(path).read_bytes() if os.path.isfile(path) else b""
            way = os.readlink(path) if os.path.islink(path) else ""
            found.append(
                (path, content, way, about.st_mode, about.st_uid, about.st_gid, about.st_mtime_ns, about.st_nlink)
            )
    return sorted(found, key=str)


ON_FILES = {
    "write": "echo changed > victim",
    "append": "echo changed >> victim",
    "truncate": "truncate -s 1 victim",
    "create": "echo new > new",
    "folder": "mkdir new",
    "fifo": "mkfifo new",
    "symlink": "ln -s victim new",
    "hard link": "ln victim new",
    "delete": "rm -f victim",
    "delete a folder": "rmdir empty",
    "rename": "mv victim other",
    "rename over": "mv -f victim second",
    "chmod": "chmod 777 victim",
    "chmod by descriptor": f"{PYTHON} 'import os; os.fchmod(os.open(\"victim\", os.O_RDONLY), 0o777)'",
    "touch": "touch -d 2001-01-01 victim",
    "touch by descriptor": "touch victim",
    "through a symlink": "echo changed > link",
    "through the scratch folder": 'ln -s "$PWD/victim" "${TMPDIR:-.}/way"; echo changed > "${TMPDIR:-.}/way"',
    "hard link into the scratch folder": 'ln victim "${TMPDIR:-.}/hard" && echo changed > "${TMPDIR:-.}/hard"',
    "move out of the scratch folder": 'echo x > "${TMPDIR:-.}/moved" && mv "${TMPDIR:-.}/moved" here',
    "by another program": f'{PYTHON} \'open("victim", "w").write("changed")\'',
    "a mapping": f"{PYTHON} 'import mmap, os; m = mmap.mmap(os.open(\"victim\", os.O_RDWR), 4); m[0] = 88'",
    "by a child in a session of its own": "setsid sh -c 'echo changed > victim'",
    "by /proc": 'echo changed > "/proc/$$/cwd/victim"',
    "socket": f"{PYTHON} 'import socket; socket.socket(socket.AF_UNIX).bind(\"new\")'",
}


def victims(folder):
    folder.mkdir()
    (folder / "victim").write_text("precious\n")
    (folder / "second").write_text("dear\n")
    (folder / "link").symlink_to("victim")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize("attack", ON_FILES)
def test_files_are_left_as_they_are(attack, tmp_path, means):
    free, held = victims(tmp_path / "free"), victims(tmp_path / "held")
    before = seen(free)
    assert ran(ON_FILES[attack], cwd=str(free))["exit_code"] == 0
    assert seen(free) != before, "the attack is none"
    before = seen(held)
    assert ran(ON_FILES[attack], means, cwd=str(held))["exit_code"] != 0
    assert seen(held) == before


def test_owners_and_attributes(tmp_path, means):
    victim = tmp_path / "victim"
    victim.write_text("x")
    attacks = {
        f"chgrp {os.getgid()} victim": True,
        f'{PYTHON} \'import os; os.setxattr("victim", "user.x", b"1")\'': hasattr(os, "setxattr"),
    }
    for attack in attacks:
        control = ran(attack, cwd=str(tmp_path))
        if "not supported" in control["stderr"]:
            continue  # this file system has no attributes
        assert control["exit_code"] == 0, attack
        found = ran(attack, means, cwd=str(tmp_path))
        assert found["exit_code"] != 0, attack
        assert "not permitted" in found["stderr"].lower() or "ermission" in found["stderr"]


@pytest.mark.parametrize("where", ["/tmp", "/var/tmp", "/dev/shm", "$HOME"])
def test_common_places_are_closed(where, means, tmp_path):
    name = f"steady-test-{os.getpid()}"
    path = os.path.join(os.path.expandvars(where), name)
    if not os.access(os.path.dirname(path), os.W_OK):
        pytest.skip(f"{where} cannot be written to here, confined or not")
    try:
        assert ran(f'echo x > "{where}/{name}"')["exit_code"] == 0
        os.unlink(path)
        ran(f'echo x > "{where}/{name}"', means)
        assert not os.path.exists(path)
    finally:
        if os.path.exists(path):
            os.unlink(path)


@pytest.mark.parametrize("path", ["/proc/self/oom_score_adj", "/proc/self/comm", "/proc/sys/kernel/hostname"])
def test_the_kernels_files_are_closed(path, means):
    attack = f'cat {path} | {PYTHON} \'import sys; open("{path}", "w").write(sys.stdin.read())\''
    if ran(attack)["exit_code"] == 0:  # where this user may not, nothing is shown
        assert ran(attack, means)["exit_code"] != 0
    assert ran("echo h > /proc/sysrq-trigger", means)["exit_code"] != 0


def test_an_inherited_descriptor_is_closed(tmp_path, means):
    victim = tmp_path / "victim"
    victim.write_text("")
    command = [sys.executable, "-I", "-c", "import os, sys; os.write(int(sys.argv[1]), b'changed\\n')"]
    with open(victim, "a") as file, _confine.Cage(means) as cage:
        number = file.fileno()
        subprocess.run([*command, str(number)], pass_fds=[number], check=True)
        assert victim.read_text() == "changed\n"
        done = subprocess.run(
            [*cage.behind, *command, str(number)], pass_fds=[number, *cage.passed], check=False, capture_output=True,
            env={**os.environ, **cage.environment},
        )  # fmt: skip
        assert done.returncode != 0
        assert b"ad file descriptor" in done.stderr
    assert victim.read_text() == "changed\n"


@pytest.mark.parametrize(
    "attack", ["kill -9 {}", "kill -STOP {}", "kill {}", "pkill -9 -P {}", "kill -9 -{}", "kill -9 -1"]
)
def test_other_processes_are_not_signalled(attack, means):
    """The last one would end the test itself, so it has no control."""
    with subprocess.Popen(["sh", "-c", "sleep 60 & wait"], start_new_session=True) as victim:
        until(lambda: _children(victim.pid))
        try:
            ran(attack.format(victim.pid), means)
            assert alive(victim.pid)
            assert _children(victim.pid)
            assert _state(victim.pid) != "T"
            if attack != "kill -9 -1":
                assert ran(attack.format(victim.pid))["exit_code"] == 0
                until(lambda: not alive(victim.pid) or _state(victim.pid) == "T" or not _children(victim.pid))
        finally:
            os.killpg(victim.pid, signal.SIGKILL)


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def _state(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def test_its_own_processes_are_signalled(means):
    found = ran("sleep 60 & kill -TERM $!; wait $!; echo $?; timeout 0.1 sleep 60; echo $?", means)
    assert found["stdout"].split() == ["143", "124"]


def test_other_processes_run_as_before(means):
    with subprocess.Popen(["sleep", "60"]) as victim:
        try:
            for attack in (
                f"renice -n 5 -p {victim.pid}",
                f"taskset -p 1 {victim.pid}",
                f"prlimit -p {victim.pid} -n7",
            ):
                assert ran(attack, means)["exit_code"] != 0, attack
                assert ran(attack)["exit_code"] == 0, attack
        finally:
            victim.kill()


TRACE = """import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
for request in (16, 0x4206):
    if libc.ptrace(ctypes.c_ulong(request), ctypes.c_ulong(int(sys.argv[1])), None, None) == 0: print("traced"); break
else: sys.exit(os.strerror(ctypes.get_errno()))
"""


def test_other_processes_are_not_traced(means, tmp_path):
    (tmp_path / "trace.py").write_text(TRACE)
    with subprocess.Popen(["sleep", "60"]) as victim:
        try:
            attack = f"{sys.executable} trace.py {victim.pid}"
            held = ran(attack, means, cwd=str(tmp_path))
            assert held["exit_code"] != 0
            assert "not permitted" in held["stderr"]
            if os.geteuid() == 0:  # others may be forbidden it by this machine
                assert ran(attack, cwd=str(tmp_path))["stdout"] == "traced\n"
            write = f'{PYTHON} \'open("/proc/{victim.pid}/mem", "r+b", 0)\''
            assert ran(write, means)["exit_code"] != 0
        finally:
            victim.kill()


def test_no_unix_socket_is_reached(tmp_path, means):
    path = str(tmp_path / "s")
    connect = 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect({!r}); s.sendall(b"obey")'
    for address, shown in ((path, path), ("\0steady-test-" + str(os.getpid()), "\\x00steady-test-" + str(os.getpid()))):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(address)
            server.listen()
            server.settimeout(10)
            attack = f"{PYTHON} '" + connect.format(address).replace("'", '"') + "'"
            assert ran(attack)["exit_code"] == 0, shown
            held = ran(attack, means)
            assert held["exit_code"] != 0
            assert "not permitted" in held["stderr"]
            server.accept()[0].close()
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()


def test_no_datagram_leaves_through_a_pair(tmp_path, means):
    path = str(tmp_path / "s")
    attack = (
        f'{PYTHON} \'import socket; a, b = socket.socketpair(type=socket.SOCK_DGRAM); a.sendto(b"obey", "{path}")\''
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        assert ran(attack)["exit_code"] == 0
        assert server.recv(10, socket.MSG_DONTWAIT) == b"obey"
        assert ran(attack, means)["exit_code"] != 0
        with pytest.raises(BlockingIOError):
            server.recv(10, socket.MSG_DONTWAIT)


ADMINISTRATORS = [
    "mount -t tmpfs none {}", "mount -o remount,rw /", "mount --bind / {}", "umount -l /proc", "unshare -Urm true",
    "unshare -m true", "chroot / true", "hostname steady-test", "date -s @0", "setpriv --reuid 1 true",
    "mknod {}/null c 1 3", "sysctl -w vm.swappiness=1", "ip link add dummy9 type dummy", "ip addr add 10.9.9.9/32 dev lo",
    "dmesg -C", "modprobe dummy", "setpriv --inh-caps +chown --ambient-caps +chown true",
]  # fmt: skip


@pytest.mark.parametrize("attack", ADMINISTRATORS)
def test_an_administrators_powers_are_gone(attack, means, tmp_path):
    """None of these has a control: this machine is the test's own as little as anybody's."""
    found = ran(attack.format(tmp_path), means)
    assert found["exit_code"] not in {0, -9}, found
    assert "unshare" not in attack or "peration not permitted" in found["stderr"]


def test_what_is_left_of_an_administrator(means):
    told = dict(line.split(":\t", 1) for line in ran("cat /proc/self/status", means)["stdout"].splitlines())
    bound = 1 << 2 | 1 << 34
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert [int(told[name], 16) & ~bound for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0]
    if os.geteuid() == 0:
        assert int(told["CapBnd"], 16) & ~bound == 0


def test_a_background_process_is_not_left(means):
    """Not even one that has left its session, its parents and its streams behind."""
    long = f"61.{os.getpid()}"
    command = f"setsid sh -c '(sleep {long} & sleep {long}) >/dev/null 2>&1 &' ; echo done"

    def running():
        return sleeping(long)

    assert ran(command)["stdout"] == "done\n"
    until(running)
    for pid in running():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not running())
    found = ran(command, means)
    assert (found["stdout"], found["held_open"]) == ("done\n", False)
    assert running() == []


# --- what works as ever


def test_looking_works(means):
    with open("/proc/self/cmdline", "rb") as file:
        ours = file.read().split(b"\0")[0].decode()
    for command, expected in {
        "df -P / | tail -n 1": "/",
        "ps -e -o args": ours,
        "cat /proc/loadavg /proc/meminfo": "MemTotal",
        "cat <<X | tr a b\naaa\nX": "bbb\n",
        "for i in 1 2 3; do echo $i; done | sort -r | head -n 1": "3\n",
        f"{PYTHON} 'print(6 * 7)'": "42\n",
        "ls / | wc -l; find /etc -maxdepth 1 -name passwd; grep -c root /etc/passwd": "/etc/passwd",
        "echo quiet >/dev/null; echo heard >/dev/stdout; echo x | tee /dev/stderr": "heard\n",
        "ls -l /proc/$$/exe >/dev/null; stat -c %n /; date; id; uname -r; env; ulimit -n": os.uname().release,
        "x=$(sleep 0.01; echo sub); echo $x": "sub\n",
    }.items():
        found = ran(command, means)
        assert found["exit_code"] == 0, (command, found)
        assert expected in found["stdout"], command


def test_a_local_server_can_be_asked(means):
    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"up")

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/health"
        ask = (
            f"{PYTHON} 'import urllib.request as u; print(u.build_opener(u.ProxyHandler({{}})).open(\"{url}\").read())'"
        )
        assert ran(ask, means)["stdout"] == "b'up'\n"
        if subprocess.run(["curl", "--version"], capture_output=True, check=False).returncode == 0:
            assert ran(f"curl -sf --noproxy '*' {url}", means)["stdout"] == "up"
        server.shutdown()


def test_a_port_is_not_opened(means):
    if _confine.landlock() < 4:
        pytest.skip("this kernel's Landlock does not hold ports (Linux 6.7)")
    attack = f"{PYTHON} 'import socket; socket.socket().bind((\"127.0.0.1\", 0))'"
    assert ran(attack)["exit_code"] == 0
    assert ran(attack, means)["exit_code"] != 0


def test_the_scratch_folder_is_private_and_gone_afterwards(means):
    found = ran('echo "$TMPDIR"; ls -A "$TMPDIR" | wc -l; echo x >"$TMPDIR/f"; mkdir "$TMPDIR/d"; mktemp -d; '
                'cat "$TMPDIR/f"; sort /etc/passwd -o "$TMPDIR/s" && stat -c %a "$TMPDIR"', means)  # fmt: skip
    path, empty, made, content, mode = found["stdout"].split()
    assert (empty, content, mode) == ("0", "x", "700")
    assert made.startswith(path)
    assert not os.path.exists(path)


@pytest.mark.parametrize("value", ["C", "POSIX", "C.UTF-8", "de_DE.UTF-8"])
def test_environment_folder_input_and_words_are_the_same(value, means, tmp_path):
    params = {
        "argv": [
            plain(w) for w in ("sh", "-c", 'env | sort; pwd; cat; printf "%s|" "$@"', "sh", "", "a b", "ü", "\udcff")
        ],
        "env": {"LC_ALL": plain(value), "LC_CTYPE": plain(value), "LANG": plain(value), "X": plain("\udc80 ")},
        "stdin": plain("in\n" * 100_000),
    }

    def printed(by):
        hands = BenchHands(confine=by, cwd=str(tmp_path))
        shell.perform(shell.plan(params, None), hands)
        return [line for line in hands.sink("stdout").text().split("\n") if not line.startswith(("TMPDIR=", "_="))]

    assert printed(means) == printed("")


@pytest.mark.parametrize(
    "command", ["exit 0", "exit 3", "exit 137", "exit 255", *(f"kill -{n} $$" for n in (1, 2, 3, 6, 9, 13, 15))]
)
def test_exit_codes_and_signals_are_the_same(command, means):
    assert ran(command, means) == ran(command)


def test_signals_have_their_usual_meaning(means):
    """The interpreter in between ignores some; the command must not inherit that."""
    ask = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
    assert ran(ask, means)["stdout"] == ran(ask)["stdout"]
    assert ran("yes | head -n 1", means) == ran("yes | head -n 1")


@pytest.mark.parametrize("argv", [["no-such-program-x"], ["/no/such/program"], ["/etc/passwd"], ["./there"]])
def test_what_cannot_be_started_is_said_in_the_same_words(argv, means, tmp_path):
    (tmp_path / "there").write_text("#!/no/such/interpreter\n")
    (tmp_path / "there").chmod(0o755)
    said = []
    for by in ("", means):
        with pytest.raises(Refused) as caught:
            shell.perform(
                shell.plan({"argv": [plain(w) for w in argv]}, None), BenchHands(confine=by, cwd=str(tmp_path))
            )
        said.append((caught.value.message, caught.value.hint))
    assert said[0] == said[1]


# --- the stop ladder


def stopped(command, means, failure, **more):
    hands = BenchHands(confine=means, **more)
    hands.sink("stdout")
    lines = []

    def cancel():
        until(lambda: "ready" in hands.sink("stdout").text())
        lines.append(time.monotonic())
        if failure is Cancelled:
            hands.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(failure) as caught:
        ran(command, hands=hands)
    thread.join()
    return hands, caught.value, time.monotonic() - lines[0]


def test_a_trap_has_its_time(means):
    command = "trap 'echo trapped; sleep 0.3; echo tidy; exit 1' INT; echo ready; while :; do sleep 0.05; done"
    hands, failure, took = stopped(command, means, Cancelled)
    assert hands.sink("stdout").text() == "ready\ntrapped\ntidy\n"
    assert "SIGINT ended it" in failure.message
    assert took < 1.9


def test_one_that_only_heeds_sigterm(means):
    command = "trap '' INT; trap 'echo term; exit 1' TERM; echo ready; while :; do sleep 0.05; done"
    hands, failure, took = stopped(command, means, Cancelled)
    assert hands.sink("stdout").text() == "ready\nterm\n"
    assert "SIGTERM" in failure.message
    assert 1.5 < took < 4


def test_one_that_heeds_nothing_is_killed_with_all_it_has_started(means):
    """Also what has left its group: the one who stays behind kills it before it is killed itself."""
    long = f"62.{os.getpid()}"
    command = f"trap '' INT TERM HUP; setsid sleep {long} & echo ready; while :; do sleep 0.05; done"
    _, _, took = stopped(command, means, Cancelled)
    assert 4 < took < 9
    assert sleeping(long) == []


def test_the_deadline_ends_it(means):
    _, failure, took = stopped("echo ready; sleep 60", means, TimedOut, timeout=1.0)
    assert failure.unsure
    assert took < 2


def test_output_comes_as_it_is_printed(means):
    came = []
    hands = BenchHands(confine=means, tap=lambda _, data: came.append((time.monotonic(), data)))
    ran("echo one; sleep 0.5; echo two", hands=hands)
    assert came[-1][0] - came[0][0] > 0.4


# --- what a machine can do


def test_this_machine_has_the_stronger_means():
    able = _confine.ability()
    if _confine.landlock() >= _confine.ENOUGH:
        assert able.means == _confine.LANDLOCK
    elif _confine.bubblewrap() and not _confine.trial(_confine.BUBBLEWRAP):
        assert able.means == _confine.BUBBLEWRAP
    else:
        assert able.means == ""
        assert able.words
    assert not able.means or _confine.trial(able.means) == ""


def test_root_that_cannot_give_up_its_powers():
    """As in a container that has taken CAP_SETPCAP away and left others."""
    if os.geteuid() != 0:
        pytest.skip("only root has powers to give up")
    code = "from steadyhand.handlers import _confine; print(_confine.ability())"
    without = ["setpriv", "--bounding-set=-setpcap", "--inh-caps=-setpcap", sys.executable, "-c", code]
    done = subprocess.run(without, capture_output=True, text=True, check=True)
    assert "means=''" in done.stdout
    assert "CAP_SETPCAP is missing" in done.stdout
    harmless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", code]
    assert "CAP_SETPCAP" not in subprocess.run(harmless, capture_output=True, text=True, check=True).stdout


def test_a_cage_without_means_is_none():
    with _confine.Cage("") as cage:
        assert (cage.behind, cage.passed, cage.environment) == ((), (), {})


def test_a_cage_that_cannot_be_made(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "no" / "such"))
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(Refused) as caught:
        _confine.Cage(_confine.LANDLOCK)
    assert caught.value.message == "a confined read needs a scratch folder and two pipes: No such file or directory"
    assert "TMPDIR" in caught.value.hint
    assert set(os.listdir("/proc/self/fd")) == before


def test_nothing_is_left_open_or_lying_about(means, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = set(os.listdir("/proc/self/fd"))
    ran('echo x > "$TMPDIR/x"', means)
    assert set(os.listdir("/proc/self/fd")) == before
    assert os.listdir(tmp_path) == []


def test_a_confinement_that_fails_starts_nothing(tmp_path, means):
    """The launcher's own powers are missing: it says so, and the command is not begun."""
    with _confine.Cage(means) as cage:
        os.rmdir(cage.environment["TMPDIR"])  # Landlock leaves out what is not there, bubblewrap cannot
        cage.environment = {}
        command = [*cage.behind, "touch", str(tmp_path / "begun")]
        done = subprocess.run(command, pass_fds=cage.passed, check=False, capture_output=True, text=True)
        problem = cage.problem(["touch"], last=done.stderr)
    assert not (tmp_path / "begun").exists()
    if means == _confine.BUBBLEWRAP:
        assert problem.message.startswith("it was not started, as it could not be confined by bubblewrap: bwrap: ")
        assert "confine: false" in problem.hint
    else:
        assert problem is None
