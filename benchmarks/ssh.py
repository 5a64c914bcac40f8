"""What steps on other machines cost, against two floors: called by run.py, or alone.

W5a 100 machines, `uptime`, cold   floor: the same client in as many threads, as one would write it by hand
W5b 20 steps on one machine        floor: the ssh program with a shared master, twenty times

All machines are one server on the loopback interface, under a hundred names.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.realparts.sshd import sshd

MACHINES, STEPS = 100, 20
THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
import paramiko
port, user, key, known, count = int(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5])
def one(_):
    client = paramiko.SSHClient()
    client.load_host_keys(known)
    client.connect('127.0.0.1', port, user, key_filename=key, allow_agent=False, look_for_keys=False, timeout=30,
                   banner_timeout=60, auth_timeout=60)
    _, out, err = client.exec_command('uptime')
    out.read(), err.read()
    assert out.channel.recv_exit_status() == 0
    client.close()
with ThreadPoolExecutor(64) as pool:
    list(pool.map(one, range(count)))
"""
MASTER = """
set -e
master=$1; shift
ssh -o ControlMaster=yes -o ControlPath="$master" -fN "$@"
for i in $(seq {steps}); do ssh -o ControlPath="$master" "$@" uptime >/dev/null; done
ssh -o ControlPath="$master" -O exit "$@" 2>/dev/null
"""
STEP = "ssh: uptime\n    effect: read"


@contextlib.contextmanager
def commands(folder: Path, python: list[str], steady: list[str]) -> Iterator[dict[str, list[str]]]:
    """The commands to measure, while there is a server for them."""
    with sshd(folder / "sshd", config="MaxSessions 50") as server:
        names = [f"m{number}" for number in range(MACHINES)]
        server.configure(folder / "ssh_config", *names)
        ends = "fail: end.escalated, error: end.escalated"
        all_of = "targets:\n  all: {ssh: {hosts: [%s], config: ./ssh_config}}\n"
        head = f"steadyhand: 1\nname: bench\ntitle: Bench\n{all_of}steps:\n"
        after = f"next: {{pass: end.healthy, {ends}}}"
        wave = f"  a:\n    title: A\n    each: {{target: all, as: host}}\n    {STEP}\n    {after}\n"
        (folder / "wave.yaml").write_text(head % ", ".join(names) + wave)
        one = STEP.replace("uptime", "{text: uptime, target: all}")
        afters = [*(f"s{number + 1}" for number in range(STEPS - 1)), "end.healthy"]
        rows = "".join(
            f"  s{number}:\n    title: S\n    {one}\n    next: {{pass: {after}, {ends}}}\n"
            for number, after in enumerate(afters)
        )
        (folder / "row.yaml").write_text(head % "m1" + rows)
        (folder / "threads.py").write_text(THREADS)
        (folder / "master.sh").write_text(MASTER.format(steps=STEPS))
        known = str(folder / "known_hosts")
        yield {
            "threads": [
                *python,
                "threads.py",
                str(server.port),
                server.user,
                f"{folder}/sshd/id",
                known,
                str(MACHINES),
            ],
            "wave": [*steady, "run", "--quiet", "wave.yaml"],
            "master": ["sh", "master.sh", str(folder / "master"), "-F", str(folder / "ssh_config"), "m1"],
            "row": [*steady, "run", "--quiet", "row.yaml"],
        }


def measure(
    folder: Path,
    python: list[str],
    steady: list[str],
    medians: Callable[[Path, dict[str, list[str]], int], dict[str, tuple[float, float]]],
    report: Callable[[str, tuple[float, float], float, float], None],
    times: int = 5,
) -> None:
    """Measure and report, floors and ours in turns."""
    with commands(folder, python, steady) as found:
        m = medians(folder, {name: found[name] for name in ("threads", "wave")}, times)
        report(f"W5a {MACHINES} machines, uptime", m["wave"], m["threads"][0], 1.2)
        m = medians(folder, {name: found[name] for name in ("master", "row")}, times)
        report(f"W5b {STEPS} steps on one machine", m["row"], m["master"][0], 1.5)
