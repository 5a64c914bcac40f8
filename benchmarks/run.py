"""What `steady` costs, as ratios against floors measured in the same interleaved run: `make bench`.

W1 cold `validate`, ten steps            floor: the interpreter's own start
W2 cold run, one step                    floor: an asyncio program that runs one `true`
W3 sequential shell steps, per step      floor: asyncio subprocess, per step; the journal is fully durable
W4 200 steps of `sleep 0.1`, 50 at once  floor: the ideal, 0.4 s
W5 over SSH: see ssh.py
W6 one step prints 200 MB                floor: the shell writes it to a file
W7 alerts acknowledged durably: see intake.py
W8 `validate` of 10,000 steps            seconds and memory; and 2,500 steps, to see that it grows linearly
W9 `test` of 1,000 scripted worlds        floor: pytest runs 1,000 tests that do nothing
W10 durable appends on PostgreSQL: see postgresql.py

Modules are compiled once beforehand, as an installer does.
"""

from __future__ import annotations

import compileall
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import postgresql
import ssh

import steadyhand
from steadyhand.app import library

STEADY = [str(Path(sys.executable).with_name("steady"))]
ASYNC = """
import asyncio, sys
async def main(n):
    for _ in range(n):
        p = await asyncio.create_subprocess_exec('true'); await p.wait()
asyncio.run(main(int(sys.argv[1])))
"""
EMPTY = """
import pytest
@pytest.mark.parametrize('n', range(1000))
def test_nothing(n):
    pass
"""


def timed(argv: list[str], folder: Path) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of a whole process."""
    env = {**os.environ, "STEADY_STORE": str(folder / f"store-{time.monotonic_ns()}" / "j.db")}
    start = time.perf_counter()
    with subprocess.Popen(
        argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - start
    if child.returncode:
        sys.exit(f"{argv} exited {child.returncode}")
    return took, usage.ru_maxrss / 1024


def medians(folder: Path, commands: dict[str, list[str]], times: int) -> dict[str, tuple[float, float]]:
    """Each command several times, interleaved; medians."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(times):
        for name, argv in commands.items():
            found[name].append(timed(argv, folder))
    return {name: (statistics.median(t for t, _ in rows), max(m for _, m in rows)) for name, rows in found.items()}


def steps(count: int, step: str) -> str:
    head = "steadyhand: 1\nname: bench\ntitle: Bench\nsteps:\n"
    ends = "fail: end.escalated, error: end.escalated"
    afters = [*(f"s{i + 1}" for i in range(count - 1)), "end.healthy"]
    return head + "".join(
        f"  s{i}:\n    title: Step {i}\n    {step}\n    next: {{pass: {after}, {ends}}}\n"
        for i, after in enumerate(afters)
    )


def parallel(count: int, at_once: int) -> str:
    branches = "".join(f"        b{i}: {{shell: sleep 0.1, effect: read}}\n" for i in range(count))
    head = "steadyhand: 1\nname: bench\ntitle: Bench\nsteps:\n  all:\n    title: All\n    parallel:\n"
    after = "    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}\n"
    return f"{head}      limit: {at_once}\n      branches:\n{branches}{after}"


def worlds(count: int) -> str:
    """The tests that come with a runbook, over and over."""
    shipped = (library.shipped("runbooks") / "infrastructure" / "disk-full.test.yaml").read_text()
    head, _, body = shipped.partition("tests:\n")
    cases = re.split(r"(?m)^  (?=\S)", body)[1:]
    named = (cases[n % len(cases)].partition(":\n") for n in range(count))
    return f"{head}tests:\n" + "".join(f"  {name} {n}:\n{rest}" for n, (name, _, rest) in enumerate(named))


def report(what: str, measured: tuple[float, float], floor: float, target: float) -> None:
    took, memory = measured
    ratio = f"{took / floor:5.1f} x of {floor * 1000:.1f} ms (target {target:g} x)"
    print(f"{what:<36} {ratio}, {took * 1000:.1f} ms, {memory:.0f} MB", flush=True)


def main() -> None:
    compileall.compile_dir(Path(steadyhand.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        read = "shell: 'true'\n    effect: read"
        ten = "shell: test -e {{ run.runbook }}\n    effect: read"
        texts = {
            "ten": steps(10, ten),
            "one": steps(1, read),
            "many": steps(200, read),
            "wide": parallel(200, 50),
            "big": steps(1, "shell: head -c 200000000 /dev/zero\n    effect: read"),
            "huge": steps(10_000, ten),
            "quarter": steps(2_500, ten),
        }
        for key, text in texts.items():
            (folder / f"{key}.yaml").write_text(text)
        (folder / "a.py").write_text(ASYNC)
        shipped = library.shipped("runbooks") / "infrastructure" / "disk-full.yaml"
        (folder / "disk-full.yaml").write_text(shipped.read_text())
        (folder / "disk-full.test.yaml").write_text(worlds(1000))
        (folder / "test_floor.py").write_text(EMPTY)

        def run(key: str) -> list[str]:
            return [*STEADY, "run", "--quiet", f"{key}.yaml"]

        def validate(key: str) -> list[str]:
            return [*STEADY, "validate", f"{key}.yaml"]

        python = [sys.executable]
        m = medians(folder, {"start": [*python, "-c", "pass"], "validate": validate("ten")}, 15)
        report("W1 cold validate, 10 steps", m["validate"], m["start"][0], 7.0)
        m = medians(folder, {"floor": [*python, "a.py", "1"], "run": run("one")}, 15)
        report("W2 cold run, one step", m["run"], m["floor"][0], 2.0)
        commands = {
            "f1": [*python, "a.py", "1"],
            "f200": [*python, "a.py", "200"],
            "one": run("one"),
            "run": run("many"),
        }
        m = medians(folder, commands, 5)
        per, floor = (m["run"][0] - m["one"][0]) / 199, (m["f200"][0] - m["f1"][0]) / 199
        report("W3 sequential steps, per step", (per, m["run"][1]), floor, 2.5)
        m = medians(folder, {"run": run("wide"), "one": run("one")}, 3)
        report("W4 200 x sleep 0.1, 50 at once", (m["run"][0] - m["one"][0], m["run"][1]), 0.4, 1.6)
        ssh.measure(folder, python, STEADY, medians, report)
        m = medians(folder, {"floor": ["sh", "-c", "head -c 200000000 /dev/zero > out"], "run": run("big")}, 3)
        report("W6 one step prints 200 MB", m["run"], m["floor"][0], 3.0)
        m = medians(folder, {"quarter": validate("quarter"), "huge": validate("huge")}, 3)
        took, memory = m["huge"]
        print(f"W8 validate 10,000 steps             {took:.2f} s (target 1.5), {memory:.0f} MB (target 120)")
        print(f"   validate  2,500 steps             {m['quarter'][0]:.2f} s, {m['quarter'][1]:.0f} MB")
        floor_of_tests = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_floor.py"]
        m = medians(folder, {"floor": floor_of_tests, "test": [*STEADY, "test", "disk-full.yaml"]}, 5)
        report("W9 test, 1,000 scripted worlds", m["test"], m["floor"][0], 0.7)
    postgresql.measure(report)


if __name__ == "__main__":
    main()
