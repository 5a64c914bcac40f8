"""Confinement from the command line: where it applies, what is recorded and said of it, and a machine that has none."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest

from steadyhand.handlers._confine import ability

from .steady import STEADY, environment, steady

ENDS = "fail: end.escalated, error: end.escalated"


def book(folder, *lines, command="echo seen; echo x > trace", **more):
    body = "".join(f"    {line}\n" for line in lines)
    (folder / "x.yaml").write_text(
        "steadyhand: 1\nname: x\ntitle: X\nsteps:\n  look:\n    title: Look\n"
        f"    shell: {command}\n    effect: read\n{body}    next: {{pass: end.healthy, {ENDS}}}\n"
    )


def means():
    able = ability()
    if not able.means:
        pytest.skip(f"this machine cannot confine: {able.words}")
    return able.means


def run(folder, *words):
    done = steady(folder, "run", "x.yaml", *words)
    text = steady(folder, "transcript", "last").stdout
    shown = json.loads(steady(folder, "show", "last", "--json").stdout)["steps"]["look"]["attempts"]
    return done, text, shown[-1]


def poor(folder, *words, also=()):
    """`steady` on a kernel without Landlock (a filter of the test hides it), with no other programs than `also`."""
    env = environment(folder)
    tools = folder / "bin"
    if not tools.exists():
        tools.mkdir()
        for name in ("sh", "true", *also):
            (tools / name).symlink_to(f"/usr/bin/{name}")
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050026), (0x06, 0, 0, 0x7FFF0000)]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    code = (
        "import ctypes, os, sys\n"
        "class P(ctypes.Structure): _fields_ = (('n', ctypes.c_ushort), ('p', ctypes.c_char_p))\n"
        f"p = P({len(steps)}, {program!r}); c = ctypes.CDLL(None, use_errno=True); n = ctypes.c_ulong\n"
        "assert c.prctl(38, n(1), n(0), n(0), n(0)) == 0 == c.prctl(22, n(2), ctypes.byref(p), n(0), n(0))\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *STEADY, *words], cwd=folder, env={**env, "PATH": str(tools)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_in_mode_diagnose_a_read_is_confined_unasked(tmp_path):
    book(tmp_path)
    done, text, shown = run(tmp_path, "--mode", "diagnose")
    assert done.returncode == 1
    assert not (tmp_path / "trace").exists()
    assert f"(shell, read, confined by {means()})" in text
    assert (shown["confined"], shown["confinement"]) == (True, means())
    assert "error in" in done.stdout
    assert f"confined by {means()}, it was refused something, so it could not tell: exit_code: " in done.stdout
    assert "`confine: false` runs it unconfined" in done.stdout
    assert f"(confined by {means()})" in done.stdout


def test_in_other_modes_it_is_where_the_step_says_so(tmp_path):
    book(tmp_path)
    done, text, shown = run(tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "trace").exists()
    assert "(shell, read, not confined)" in text
    assert (shown["confined"], shown["confinement"]) == (False, "")
    (tmp_path / "trace").unlink()
    book(tmp_path, "confine: true", command="echo seen")
    done, text, _ = run(tmp_path)
    assert done.returncode == 0
    assert f"(shell, read, confined by {means()})" in text


def test_a_step_opts_out_and_it_is_said(tmp_path):
    book(tmp_path, "confine: false")
    done, text, shown = run(tmp_path, "--mode", "diagnose")
    assert done.returncode == 0
    assert (tmp_path / "trace").exists()
    assert "not confined: the step says `confine: false`" in shown["confinement"] or shown["confined"] is False
    assert "not confined: the step says" in text
    assert "(not confined: the step says `confine: false`)" in done.stdout


def test_every_form_of_the_transcript_says_it(tmp_path):
    book(tmp_path, "confine: true", command="echo seen")
    run(tmp_path)
    found = json.loads(steady(tmp_path, "transcript", "last", "--format", "json").stdout)
    (attempt,) = found["sections"][0]["attempts"]
    assert (attempt["confined"], attempt["confinement"]) == (True, means())
    assert f"confined by {means()}" in steady(tmp_path, "transcript", "last", "--format", "html").stdout
    assert f"(confined by {means()})" in steady(tmp_path, "show", "last").stdout


def test_the_settings_can_demand_it(tmp_path):
    book(tmp_path)
    assert steady(tmp_path, "validate", "x.yaml").returncode == 0
    (tmp_path / "steady.yaml").write_text("confine: required\n")
    done = steady(tmp_path, "validate", "x.yaml")
    assert done.returncode == 1
    assert "SC001" in done.stdout
    assert steady(tmp_path, "run", "x.yaml").returncode == 1
    book(tmp_path, "confine: true")
    assert steady(tmp_path, "validate", "x.yaml").returncode == 0
    (tmp_path / "steady.yaml").write_text("confine: never\n")
    assert steady(tmp_path, "validate", "x.yaml").returncode == 2


def test_a_machine_without_either(tmp_path):
    book(tmp_path, command="echo seen")
    assert poor(tmp_path, "run", "x.yaml", "--mode", "diagnose").returncode == 0
    text = steady(tmp_path, "transcript", "last").stdout
    assert (
        "not confined: the kernel has no Landlock (Linux 6.12), and bubblewrap (`bwrap`) is not installed"
        in text.replace("\\", "")
    )
    told = poor(tmp_path, "doctor")
    assert "reads are not confined: the kernel has no Landlock" in told.stdout
    assert told.returncode == 0


def test_a_machine_without_either_does_not_start_what_must_be_confined(tmp_path):
    book(tmp_path, "confine: true", command="touch begun")
    done = poor(tmp_path, "run", "x.yaml")
    assert done.returncode == 2
    assert not (tmp_path / "begun").exists()
    assert "confinement of reads: the kernel has no Landlock" in done.stderr
    assert "install bubblewrap" in done.stderr
    told = poor(tmp_path, "preflight", "x.yaml")
    assert told.returncode == 1
    assert "NO     -     confinement of reads  the kernel has no Landlock" in told.stdout


def test_a_step_that_must_be_confined_is_not_run_where_it_cannot_be(tmp_path):
    """The run was begun on a machine that can, and is taken up on one that cannot."""
    means()
    (tmp_path / "x.yaml").write_text(
        "steadyhand: 1\nname: x\ntitle: X\nsteps:\n  ask:\n    title: Ask\n    gate: go?\n    next: {approved: look, "
        "rejected: end.stopped}\n  look:\n    title: Look\n    shell: touch begun\n    effect: read\n    confine: true\n"
        f"    retry: {{times: 3, every: 1ms}}\n    next: {{pass: end.healthy, {ENDS}}}\n"
    )
    assert steady(tmp_path, "run", "x.yaml").returncode == 4
    done = poor(tmp_path, "answer", "last", "ask", "approve", "--resume")
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (tmp_path / "begun").exists()
    assert (
        "look              error: it must be confined, and this machine cannot do that: the kernel has no"
        in done.stdout
    )
    assert "install bubblewrap" in done.stdout
    shown = json.loads(steady(tmp_path, "show", "last", "--json").stdout)["steps"]["look"]
    assert shown["outcome"] == "error"


def test_a_kernel_without_landlock_has_bubblewrap(tmp_path):
    """Nor does the way through another process's `/proc/PID/root` lead out, to where nothing is read-only."""
    if not os.path.exists("/usr/bin/bwrap"):
        pytest.skip("bubblewrap is not installed: apt-get install bubblewrap")
    told = poor(tmp_path, "doctor", also=("bwrap",))
    if "confinement: reads are not confined" in told.stdout:
        pytest.skip(f"bubblewrap does not work here: {told.stdout}")
    assert "confinement: bubblewrap (" in told.stdout
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    with subprocess.Popen([*powerless, "sleep", "60"]) as other:
        attack = f"echo seen; echo x > /proc/{other.pid}/root{tmp_path}/trace"
        try:
            book(tmp_path, command=attack)
            assert poor(tmp_path, "run", "x.yaml").returncode == 0
            (tmp_path / "trace").unlink()
            done = poor(tmp_path, "run", "x.yaml", "--mode", "diagnose")
            assert done.returncode == 1
            assert "(confined by bubblewrap)" in done.stdout
            assert "seen" in steady(tmp_path, "transcript", "last").stdout
            assert not (tmp_path / "trace").exists()
        finally:
            other.kill()


def test_a_confined_read_that_is_cut_off_is_found_and_run_again(tmp_path):
    """kill -9 of the engine: the read goes on confined, is ended at resume, and is attempted again."""
    means()
    book(tmp_path, "confine: true", command="sleep 3.25")
    (tmp_path / "tmp").mkdir()
    engine = subprocess.Popen(
        [*STEADY, "run", "x.yaml"], cwd=tmp_path, env=environment(tmp_path, TMPDIR=str(tmp_path / "tmp")), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    ask = ["pgrep", "-f", r"^sleep 3\.25$"]
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        assert engine.poll() is None
    engine.kill()
    engine.wait()
    done = steady(tmp_path, "resume", "last", TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert os.listdir(tmp_path / "tmp") == [], "the scratch folders are gone, that of the engine which died too"
    events = [json.loads(line) for line in steady(tmp_path, "watch", "--json", "--no-wait", "last").stdout.splitlines()]
    kinds = [event["type"] for event in events]
    assert "child.found" in kinds
    assert "child.stopped" in kinds
    assert [e["event"]["confined"] for e in events if e["type"] == "step.intended"] == [True, True]
