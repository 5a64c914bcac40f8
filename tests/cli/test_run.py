"""A run from the command line: exit codes, gates in a pipe and on a terminal, Ctrl-C, stop, modes."""

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from .steady import environment, start, steady

RUNBOOK = """\
steadyhand: 1
name: fix-it
title: Fix it
steps:
  look:
    title: Look
    shell: test ! -e broken
    effect: read
    next: {pass: end.healthy, fail: repair, error: end.escalated}
  repair:
    title: Repair
    shell: rm broken; echo once >> effect
    gate: {prompt: 'Repair it?'}
    undo: {none: nothing}
    next: {pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated}
  confirm:
    title: Confirm
    purpose: verification
    shell: test ! -e broken
    effect: read
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fix-it.yaml").write_text(RUNBOOK)
    (tmp_path / "broken").touch()
    return tmp_path


def run_of(folder):
    return json.loads(steady(folder, "runs", "--json").stdout)["runs"][0]


def test_a_healthy_run_ends_with_0(folder):
    (folder / "broken").unlink()
    assert steady(folder, "run", "fix-it.yaml").returncode == 0
    assert run_of(folder)["conclusion"] == "healthy"


def test_a_run_that_is_only_recorded_is_nobodys_until_it_is_taken_up(folder):
    left = steady(folder, "run", "fix-it.yaml", "--detach")
    assert left.returncode == 4
    run = run_of(folder)["id"]
    assert f"recorded; a server on this store drives it, or: steady resume {run}" in left.stderr
    said = json.loads(steady(folder, "watch", "--json", "--no-wait").stdout.splitlines()[0])["event"]
    assert (said["driver"], said["via"]) == ("", "cli")
    (folder / "broken").unlink()
    done = steady(folder, "resume", run)
    assert done.returncode == 0
    assert "(before: nobody)" in done.stdout


def test_in_a_pipe_a_run_stops_at_a_gate_with_4_and_the_exact_command_that_answers_it(folder):
    first = steady(folder, "run", "fix-it.yaml")
    assert first.returncode == 4
    assert not (folder / "effect").exists()
    run = run_of(folder)
    assert (run["status"], run["waiting_for"]) == ("waiting", ["repair"])
    command = next(line.strip() for line in first.stderr.splitlines() if line.strip().startswith("steady answer"))
    assert command == f"steady answer {run['id']} repair approve --resume"
    words = shlex.split(command)[1:]
    done = steady(folder, *words)
    assert done.returncode == 0, done.stderr
    assert (folder / "effect").read_text() == "once\n"
    assert run_of(folder)["conclusion"] == "resolved"


def test_a_no_is_a_no(folder):
    steady(folder, "run", "fix-it.yaml")
    done = steady(folder, "answer", "last", "repair", "reject", "--comment", "not tonight", "--resume")
    assert done.returncode == 1
    assert not (folder / "effect").exists()
    assert "not tonight" in steady(folder, "transcript").stdout


def test_an_answer_to_something_else_or_a_second_answer_is_refused_and_recorded(folder):
    steady(folder, "run", "fix-it.yaml")
    other = steady(folder, "answer", "last", "repair", "approve", "--digest", "0" * 64)
    assert (other.returncode, "refused" in other.stderr) == (1, True)
    assert steady(folder, "answer", "last", "repair", "approve").returncode == 0
    second = steady(folder, "answer", "last", "repair", "approve")
    assert second.returncode == 1
    assert "already answered" in second.stderr
    assert steady(folder, "resume", "last").returncode == 0
    late = steady(folder, "answer", "last", "repair", "reject")
    assert late.returncode == 1
    assert "already closed: approved" in late.stderr
    assert (folder / "effect").read_text() == "once\n"
    kinds = [json.loads(line)["type"] for line in steady(folder, "watch", "--json", "--no-wait").stdout.splitlines()]
    assert kinds.count("gate.refused") == 3


def test_roles_of_the_settings_decide_whose_yes_counts(folder):
    (folder / "fix-it.yaml").write_text(RUNBOOK.replace("'Repair it?'}", "'Repair it?', roles: [responder]}"))
    (folder / "steady.yaml").write_text("roles: {responder: [somebody-else]}\n")
    steady(folder, "run", "fix-it.yaml")
    done = steady(folder, "answer", "last", "repair", "approve", "--resume")
    assert done.returncode == 1
    assert "none of the roles" in done.stderr
    assert not (folder / "effect").exists()


def test_on_a_terminal_the_question_is_asked_and_answered_there(folder):
    child = pexpect.spawn(
        sys.executable,
        ["-m", "steadyhand", "run", "fix-it.yaml"],
        cwd=str(folder),
        env=environment(folder),
        timeout=30,
        encoding="utf-8",
    )
    child.expect("Repair it\\?")
    child.expect("approve/reject")
    child.sendline("perhaps")
    child.expect("is no answer")
    child.sendline("y")
    child.expect("resolved")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (folder / "effect").read_text() == "once\n"


SLOW = RUNBOOK.replace(
    "shell: test ! -e broken\n    effect: read\n    next: {pass: end.healthy",
    "shell: touch started; sleep 20; test ! -e broken\n    effect: read\n    next: {pass: end.healthy",
    1,
)


def await_file(path):
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path} did not come")


def test_ctrl_c_leaves_the_run_resumable_and_a_read_runs_again(folder):
    (folder / "fix-it.yaml").write_text(SLOW)
    with start(folder, "run", "fix-it.yaml") as engine:
        await_file(folder / "started")
        engine.send_signal(signal.SIGINT)
        _, errors = engine.communicate(timeout=20)
    assert engine.returncode == 130
    assert "steady resume" in errors
    assert run_of(folder)["status"] == "running"
    (folder / "broken").unlink()
    (folder / "started").unlink()
    with start(folder, "resume", "last") as again:
        await_file(folder / "started")
        again.send_signal(signal.SIGINT)
        again.communicate(timeout=20)
    attempts = json.loads(steady(folder, "show", "--json").stdout)["steps"]["look"]["attempts"]
    assert [a["outcome"] for a in attempts] == ["interrupted", "interrupted"]


def test_ctrl_c_during_a_change_asks_what_happened(folder):
    (folder / "fix-it.yaml").write_text(
        RUNBOOK.replace("rm broken; echo once >> effect", "rm broken; echo once >> effect; sleep 20")
    )
    steady(folder, "run", "fix-it.yaml")
    with start(folder, "answer", "last", "repair", "approve", "--resume") as engine:
        await_file(folder / "effect")
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=20)
    assert engine.returncode == 130
    asked = steady(folder, "resume", "last")
    assert asked.returncode == 4
    assert "did it happen?" in asked.stdout
    done = steady(folder, "answer", "last", "repair:doubt", "happened", "--comment", "I looked", "--resume")
    assert done.returncode == 0, done.stderr
    assert (folder / "effect").read_text() == "once\n"


def test_two_engines_never_drive_one_run(folder):
    (folder / "fix-it.yaml").write_text(SLOW)
    with start(folder, "run", "fix-it.yaml") as engine:
        await_file(folder / "started")
        other = steady(folder, "resume", "last")
        assert other.returncode == 2
        assert "is driven by engine@" in other.stderr
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=20)


def test_stop_from_elsewhere_ends_what_runs(folder):
    (folder / "fix-it.yaml").write_text(SLOW)
    with start(folder, "run", "fix-it.yaml") as engine:
        await_file(folder / "started")
        assert steady(folder, "stop", "last", "--reason", "wrong host").returncode == 0
        engine.communicate(timeout=20)
    assert engine.returncode == 1
    assert run_of(folder)["conclusion"] == "stopped"
    assert "wrong host" in steady(folder, "transcript").stdout


def test_stop_all_ends_runs_that_only_wait(folder):
    for _ in range(3):
        steady(folder, "run", "fix-it.yaml")
    assert "3 runs stopped" in steady(folder, "stop", "--all").stderr
    assert {r["conclusion"] for r in json.loads(steady(folder, "runs", "--json").stdout)["runs"]} == {"stopped"}
    assert not (folder / "effect").exists()


def test_the_deadline_of_a_run_escalates_it(folder):
    (folder / "fix-it.yaml").write_text(SLOW.replace("title: Fix it\n", "title: Fix it\nwithin: 1s\n", 1))
    done = steady(folder, "run", "fix-it.yaml")
    assert done.returncode == 1
    assert run_of(folder)["conclusion"] == "escalated"


def test_a_dry_run_changes_nothing(folder):
    done = steady(folder, "run", "fix-it.yaml", "--dry-run", "--probe")
    assert done.returncode == 0, done.stderr
    assert "rm broken" in done.stdout
    assert (folder / "broken").exists()
    assert not (folder / "effect").exists()
    said = done.stdout.partition("dry run: nothing was changed\n")[2]
    assert "carried out, since they only read: look" in said
    assert "only rendered: repair" in said


def test_mode_auto_passes_only_gates_that_allow_it(folder):
    assert steady(folder, "run", "fix-it.yaml", "--mode", "auto").returncode == 4
    (folder / "fix-it.yaml").write_text(RUNBOOK.replace("'Repair it?'}", "'Repair it?', auto: true}"))
    assert steady(folder, "run", "fix-it.yaml", "--mode", "auto").returncode == 0
    assert (folder / "effect").read_text() == "once\n"


def test_mode_step_asks_before_a_read(folder):
    assert steady(folder, "run", "fix-it.yaml", "--mode", "step").returncode == 4
    assert run_of(folder)["waiting_for"] == ["look"]


def test_mode_diagnose_reads_and_waits_at_the_open_gate(folder):
    assert steady(folder, "run", "fix-it.yaml", "--mode", "diagnose").returncode == 4
    assert run_of(folder)["waiting_for"] == ["repair"]


def test_editing_the_file_never_changes_a_run_in_flight(folder):
    steady(folder, "run", "fix-it.yaml")
    (folder / "fix-it.yaml").write_text(RUNBOOK.replace("echo once", "echo EDITED"))
    steady(folder, "answer", "last", "repair", "approve", "--resume")
    assert (folder / "effect").read_text() == "once\n"


def test_a_run_that_could_not_be_finished_is_not_started(folder):
    (folder / "fix-it.yaml").write_text(
        RUNBOOK.replace("title: Fix it\n", "title: Fix it\nrequires: {tools: [no-such-tool]}\n", 1)
    )
    done = steady(folder, "run", "fix-it.yaml")
    assert done.returncode == 2
    assert "install no-such-tool" in done.stderr
    assert json.loads(steady(folder, "runs", "--json").stdout) == {"runs": []}


def test_wrong_words_get_a_clear_error_and_2(folder):
    for words in (["run"], ["run", "nothing.yaml"], ["show", "nope"], ["answer", "last", "x", "y"], ["frobnicate"]):
        done = steady(folder, *words)
        assert done.returncode == 2, (words, done)
        assert done.stderr.strip()


def test_shell_completion_is_there(folder):
    env = {**environment(folder), "_STEADY_COMPLETE": "bash_complete", "COMP_WORDS": "steady val", "COMP_CWORD": "1"}
    done = subprocess.run(
        [Path(sys.executable).with_name("steady")], env=env, capture_output=True, text=True, check=False
    )
    assert "validate" in done.stdout


def test_an_alert_fills_in_the_inputs(tmp_path):
    from tests.app.alerts import deliver, desk, said, state

    services = desk(tmp_path)
    stream = deliver(services, said(instance="db7"))
    done = steady(tmp_path, "run", "look", "--alert", "f1")
    assert done.returncode == 0, done.stderr
    (run,) = state(services, stream).runs
    started = services.journal.read(run)[0].event
    assert (started.inputs, started.alert["fingerprint"], started.via) == ({"host": "db7"}, "f1", "cli")
    other = steady(tmp_path, "run", "look", "--alert", "f1", "-i", "host=db8")
    assert other.returncode == 0, other.stderr
    assert services.journal.read(state(services, stream).runs[1])[0].event.inputs == {"host": "db8"}
    stream = deliver(services, said("f2", instance="$(x)"))
    wrong = steady(tmp_path, "run", "look", "--alert", "f2")
    assert wrong.returncode == 2
    assert "the alert does not give all inputs: host: '$(x)' must match" in wrong.stderr
    assert "-i host=VALUE --alert am:f2" in wrong.stderr
