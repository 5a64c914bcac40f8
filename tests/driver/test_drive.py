"""Whole runs with real processes: every construct of the format, modes, timers, stops, and a store that fails."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from ..cli.steady import STEADY, as_person, environment, start, steady

HEAD = "steadyhand: 1\nname: x\ntitle: X\n"
ENDS = "fail: end.escalated, error: end.escalated"


def write(folder, body, name="x"):
    (folder / f"{name}.yaml").write_text(HEAD.replace("name: x", f"name: {name}") + body)


def run(folder, *words, code=0, **more):
    done = steady(folder, "run", "x.yaml", *words, **more)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def events(folder, kind=""):
    rows = [json.loads(line) for line in steady(folder, "watch", "--json", "--no-wait").stdout.splitlines()]
    return [row["event"] for row in rows if row["type"] == kind] if kind else rows


def outcomes(folder):
    return {e["path"]: e["outcome"] for e in events(folder, "step.settled")}


def path(folder):
    return [e["path"] for e in events(folder, "step.entered")]


def conclusion(folder):
    return json.loads(steady(folder, "runs", "--json").stdout)["runs"][0]["conclusion"]


def until(there, seconds=20.0):
    over = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < over
        time.sleep(0.02)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# --- constructs


def test_a_called_runbook_has_its_own_inputs_facts_secrets_and_gates(tmp_path):
    write(tmp_path, f"""\
inputs: {{who: {{type: string, default: outer}}}}
steps:
  sub:
    title: Sub
    call: {{runbook: inner, inputs: {{who: "{{{{ inputs.who }}}}-given"}}}}
    next: {{pass: look, {ENDS}}}
  look:
    title: Look
    shell: echo {{{{ steps.sub.facts.seen }}}}
    effect: read
    expect: {{stdout: {{equals: outer-given}}}}
    next: {{pass: end.healthy, {ENDS}}}
""")  # fmt: skip
    write(tmp_path, f"""\
inputs: {{who: {{type: string}}}}
secrets: {{key: {{env: INNER_KEY}}}}
steps:
  ask:
    title: Ask
    shell: {{argv: [sh, -c, 'echo "$0 $KEY" >> done', "{{{{ inputs.who }}}}"], env: {{KEY: "{{{{ secrets.key }}}}"}}}}
    gate: Sure?
    undo: {{none: x}}
    next: {{pass: see, {ENDS}, rejected: end.escalated}}
  see:
    title: See
    purpose: verification
    shell: cat done
    effect: read
    facts: {{seen: "{{{{ stdout.split(' ')[0] }}}}"}}
    next: {{pass: end.resolved, {ENDS}}}
""", "inner")  # fmt: skip
    run(tmp_path, code=4, INNER_KEY="sesame-open")
    gate = events(tmp_path, "gate.opened")[0]["gate"]
    assert gate == "sub/ask"
    assert steady(tmp_path, "answer", "last", gate, "approve", "--resume", INNER_KEY="sesame-open").returncode == 0
    assert (tmp_path / "done").read_text() == "outer-given sesame-open\n"
    assert conclusion(tmp_path) == "healthy"
    said = steady(tmp_path, "watch", "--json", "--no-wait").stdout + steady(tmp_path, "transcript").stdout
    assert "sesame-open" not in said
    assert "[secret key]" in said


def test_a_called_runbook_that_escalates_is_a_failure(tmp_path):
    write(
        tmp_path,
        "steps:\n  sub: {title: S, call: inner, next: {pass: end.healthy, fail: end.stopped, error: end.broken}}\n",
    )
    write(
        tmp_path,
        f"steps:\n  a: {{title: A, shell: 'false', effect: read, expect: {{exit_code: 0}}, next: {{pass: end.healthy, {ENDS}}}}}\n",
        "inner",
    )
    run(tmp_path, code=1)
    assert conclusion(tmp_path) == "stopped"


def test_parallel_branches_run_side_by_side_within_the_limit_and_all_join(tmp_path):
    branches = "".join(
        f"        b{n}: {{shell: 'echo + >> log; sleep 0.2; echo - >> log; test {n} != 2', effect: read, expect: {{exit_code: 0}}}}\n"
        for n in range(5)
    )
    write(tmp_path, f"steps:\n  all:\n    title: All\n    parallel:\n      limit: 2\n      branches:\n{branches}"
                    "        graph: {steps: {p: {title: P, shell: 'echo p', effect: read, facts: {f: '{{ stdout | trim }}'}},"
                    " q: {title: Q, shell: 'echo {{ facts.f }}q', effect: read, expect: {stdout: pq}}}}\n"
                    "    next: {pass: end.healthy, fail: end.escalated, error: end.broken}\n")  # fmt: skip
    run(tmp_path, code=1)
    running = most = 0
    for line in (tmp_path / "log").read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert most == 2
    found = outcomes(tmp_path)
    assert (found["all.b2"], found["all.b4"], found["all.graph/q"]) == ("fail", "pass", "pass")
    assert conclusion(tmp_path) == "escalated"


def test_each_runs_a_canary_then_batches_with_a_check_between(tmp_path):
    write(tmp_path, f"""\
steps:
  wave:
    title: Wave
    shell: "echo {{{{ host }}}} >> log"
    effect: change
    gate: {{prompt: All hosts?}}
    undo: {{none: x}}
    each: {{in: [a, b, c, d], as: host, batch: [1, 50%], between: {{shell: "echo between >> log"}}}}
    next: {{pass: end.escalated, {ENDS}, rejected: end.escalated}}
""")  # fmt: skip
    run(tmp_path, code=4)
    assert len(events(tmp_path, "gate.opened")) == 1, "one question for the whole wave"
    steady(tmp_path, "answer", "last", "wave", "approve", "--resume")
    log = (tmp_path / "log").read_text().split()
    assert log[:2] == ["a", "between"]
    assert sorted(log[2:4]) == ["b", "c"]
    assert log[4:] == ["between", "d"]


def test_a_wave_stops_after_too_many_failures(tmp_path):
    write(tmp_path, f"""\
steps:
  wave:
    title: Wave
    shell: "echo {{{{ item }}}} >> log; test {{{{ item }}}} -gt 2"
    effect: read
    expect: {{exit_code: 0}}
    each: {{in: [1, 2, 3, 4, 5], batch: 1, max_failures: 1}}
    next: {{pass: end.healthy, {ENDS}}}
""")  # fmt: skip
    run(tmp_path, code=1)
    assert (tmp_path / "log").read_text().split() == ["1", "2"], "the second failure was one too many"


def test_diagnose_keeps_all_evidence_and_the_order_of_the_file_decides(tmp_path):
    check = "shell: sleep {slow}; echo {said}\n        expect: {{stdout: {{equals: ok}}}}"
    write(tmp_path, f"""\
steps:
  look:
    title: Look
    diagnose:
      slow:
        cause: Slow
        {check.format(slow="0.3", said="bad")}
        fix: one
      quick:
        cause: Quick
        {check.format(slow="0", said="bad")}
        fix: two
      broken:
        cause: Broken
        shell: echo ok; exit 7
        expect: {{stdout: {{equals: ok}}}}
        fix: two
    next: {{pass: end.healthy, error: end.broken}}
  one: {{title: One, wait: 10ms, next: end.escalated}}
  two: {{title: Two, wait: 10ms, next: end.escalated}}
""")  # fmt: skip
    run(tmp_path, code=1)
    assert outcomes(tmp_path) == {"look.slow": "fail", "look.quick": "fail", "look.broken": "error"}
    assert path(tmp_path) == ["look", "one"]


def test_a_read_is_tried_again_with_pauses_and_each_attempt_is_kept(tmp_path):
    write(tmp_path, f"""\
steps:
  look:
    title: Look
    shell: "echo x >> log; test $(wc -l < log) = 3; echo $?"
    effect: read
    expect: {{stdout: {{equals: '0'}}}}
    retry: {{times: 4, every: 50ms, backoff: 2}}
    next: {{pass: end.healthy, {ENDS}}}
""")  # fmt: skip
    run(tmp_path)
    assert [e["outcome"] for e in events(tmp_path, "step.settled")] == ["fail", "fail", "pass"]


def test_a_loop_ends_after_max_visits(tmp_path):
    write(tmp_path, """\
steps:
  again: {title: Again, shell: 'echo x >> log', effect: read, max_visits: 3, next: {pass: again, fail: end.escalated, error: end.escalated}}
""")  # fmt: skip
    run(tmp_path, code=1)
    assert (tmp_path / "log").read_text().split() == ["x"] * 3
    assert conclusion(tmp_path) == "escalated"


def test_set_and_wait(tmp_path):
    write(tmp_path, f"""\
steps:
  facts: {{title: F, set: {{a: "{{{{ 6 * 7 }}}}", b: [1, 2]}}, next: pause}}
  pause: {{title: P, wait: 300ms, next: look}}
  look: {{title: L, shell: "echo {{{{ facts.a }}}} {{{{ facts.b | length }}}}", effect: read, expect: {{stdout: 42 2}}, next: {{pass: end.healthy, {ENDS}}}}}
""")  # fmt: skip
    begun = time.monotonic()
    run(tmp_path)
    assert time.monotonic() - begun > 0.3


def test_a_step_that_takes_too_long_is_an_error_and_its_processes_are_gone(tmp_path):
    write(tmp_path, """\
steps:
  slow:
    title: Slow
    shell: "sleep 60 & echo $! > pid; wait"
    effect: read
    timeout: 500ms
    next: {pass: end.healthy, fail: end.escalated, error: end.stopped}
""")  # fmt: skip
    run(tmp_path, code=1)
    assert outcomes(tmp_path) == {"slow": "error"}
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_run_has_a_deadline(tmp_path):
    write(
        tmp_path,
        f"within: 600ms\nsteps:\n  slow: {{title: S, shell: sleep 60, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n",
    )
    begun = time.monotonic()
    run(tmp_path, code=1)
    assert time.monotonic() - begun < 30
    assert conclusion(tmp_path) == "escalated"


def test_escalation_is_raised_and_the_run_goes_on(tmp_path):
    write(tmp_path, f"escalation: {{after: 200ms, to: team, contact: '{{{{ contacts.team }}}}'}}\n"
                    f"steps:\n  slow: {{title: S, shell: sleep 0.6, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n")  # fmt: skip
    (tmp_path / "steady.yaml").write_text("contacts: {team: '#team-channel'}\n")
    done = run(tmp_path)
    assert [(e["to"], e["contact"]) for e in events(tmp_path, "escalation.raised")] == [("team", "#team-channel")]
    assert "ESCALATE to team #team-channel" in done.stdout


# --- fixes


FIX = """\
steps:
  fix:
    title: Fix
    shell: echo new > state; echo did >> log
    gate: Fix it?
    capture: {{state: {{shell: cat state}}}}
    verify: {{shell: cat state, expect: {{stdout: {{equals: {wanted}}}}}, settle: 100ms, every: 100ms, within: 300ms}}
    undo: {{shell: "{undo}", effect: change}}
    next: {{pass: end.resolved, fail: end.escalated, error: end.broken, rejected: end.escalated}}
"""


@pytest.mark.parametrize(
    ("wanted", "undo", "code", "log", "state"),
    [
        ("new", "echo old > state; echo undid >> log", 0, ["did"], "new"),
        ("other", "echo old > state; echo undid >> log", 1, ["did", "undid"], "old"),
        ("other", "echo tried >> log; exit 9", 3, ["did", "tried"], "new"),
    ],
    ids=["holds", "undone", "undo fails"],
)
def test_a_fix_proves_itself_or_is_undone(tmp_path, wanted, undo, code, log, state):
    (tmp_path / "state").write_text("old\n")
    write(tmp_path, FIX.format(wanted=wanted, undo=undo))
    run(tmp_path, code=4)
    done = steady(tmp_path, "answer", "last", "fix", "approve", "--resume")
    assert ((tmp_path / "log").read_text().split(), (tmp_path / "state").read_text().strip()) == (log, state)
    assert done.returncode in {code, 1}, done.stdout
    transcript = steady(tmp_path, "transcript").stdout
    assert "old" in transcript, "what was there before"
    if code == 3:
        assert "undo" in transcript


# --- modes


MODES = f"""\
steps:
  look: {{title: L, shell: 'echo looked >> log', effect: read, confine: false, next: {{pass: auto, {ENDS}}}}}
  auto: {{title: A, shell: 'echo auto >> log', gate: {{prompt: Auto?, auto: true}}, undo: {{none: x}}, next: {{pass: asked, {ENDS}, rejected: end.stopped}}}}
  asked: {{title: Q, shell: 'echo asked >> log', gate: Asked?, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}
"""


@pytest.mark.parametrize(
    ("words", "log", "waits"),
    [
        (["--mode", "guided"], ["looked"], "auto"), (["--mode", "step"], [], "look"),
        (["--mode", "auto"], ["looked", "auto"], "asked"), (["--mode", "diagnose"], ["looked"], "auto"),
        (["--dry-run"], [], ""), (["--dry-run", "--probe"], ["looked"], ""), (["--mode", "dry-run"], [], ""),
    ],
    ids=lambda v: "-".join(v) if isinstance(v, list) else v,
)  # fmt: skip
def test_what_each_mode_runs_and_where_it_asks(tmp_path, words, log, waits):
    write(tmp_path, MODES)
    run(tmp_path, *words, code=4 if waits else 1)
    done = (tmp_path / "log").read_text().split() if (tmp_path / "log").exists() else []
    assert done == log
    waiting = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"][0]["waiting_for"]
    assert waiting == ([waits] if waits else [])


def test_a_change_without_a_gate_is_asked_for_all_the_same(tmp_path):
    write(tmp_path, f"steps:\n  act: {{title: A, shell: touch acted, next: {{pass: end.escalated, {ENDS}}}}}\n")
    for mode in ("guided", "auto", "step", "diagnose"):
        run(tmp_path, "--mode", mode, code=4)
    assert not (tmp_path / "acted").exists()


# --- timers and people


EXPIRES = """\
steps:
  ask:
    title: A
    shell: echo done >> done
    gate: {prompt: Sure?, within: 500ms}
    undo: {none: x}
    next: {pass: end.escalated, fail: end.escalated, error: end.escalated, rejected: end.stopped, expired: end.stopped}
"""


def test_a_question_that_expired_while_nobody_drove_takes_no_yes(tmp_path):
    write(tmp_path, EXPIRES)
    run(tmp_path, code=4)
    time.sleep(0.8)
    late = steady(tmp_path, "answer", "last", "ask", "approve", "--resume")
    assert late.returncode == 1
    assert "gate ask has expired" in late.stderr
    assert not (tmp_path / "done").exists()
    assert events(tmp_path, "gate.refused")[0]["reason"].startswith("gate ask has expired")


def test_a_question_that_expired_while_nobody_drove_is_closed_when_the_run_is_resumed(tmp_path):
    write(tmp_path, EXPIRES)
    run(tmp_path, code=4)
    time.sleep(0.8)
    assert steady(tmp_path, "resume", "last").returncode == 1
    assert conclusion(tmp_path) == "stopped"
    assert events(tmp_path, "gate.closed")[0]["result"] == "expired"
    assert events(tmp_path, "timer.fired")[0]["late"] >= 200_000


def test_an_answer_that_came_in_time_counts_when_the_run_is_resumed_later(tmp_path):
    write(tmp_path, EXPIRES.replace("500ms", "4s"))
    run(tmp_path, code=4)
    assert steady(tmp_path, "answer", "last", "ask", "approve").returncode == 0
    time.sleep(4.2)
    assert steady(tmp_path, "resume", "last").returncode == 1
    assert (tmp_path / "done").exists()


def test_a_run_whose_time_was_over_while_nobody_drove_changes_nothing_any_more(tmp_path):
    write(tmp_path, "within: 1s\n" + EXPIRES.replace(", within: 500ms", "").replace(", expired: end.stopped", ""))
    run(tmp_path, code=4)
    time.sleep(1.2)
    steady(tmp_path, "answer", "last", "ask", "approve", "--resume")
    assert conclusion(tmp_path) == "escalated"
    assert not (tmp_path / "done").exists()


def test_two_people_must_agree_and_one_cannot_be_two(tmp_path):
    write(
        tmp_path,
        "steps:\n  ask: {title: A, gate: {prompt: Sure?, quorum: 2}, next: {approved: end.healthy, rejected: end.stopped}}\n",
    )
    run(tmp_path, code=4)
    assert steady(tmp_path, "answer", "last", "ask", "approve").returncode == 0
    again = steady(tmp_path, "answer", "last", "ask", "approve")
    assert (again.returncode, "has already answered" in again.stderr) == (1, True)
    assert steady(tmp_path, "resume", "last").returncode == 4
    second = steady(tmp_path, "answer", "last", "ask", "approve", "--resume", **as_person("second"))
    assert second.returncode == 0, second.stderr


def test_whoever_started_it_may_be_kept_from_approving(tmp_path):
    write(
        tmp_path,
        "steps:\n  ask: {title: A, gate: {prompt: Sure?, other_than_requester: true}, next: {approved: end.healthy, rejected: end.stopped}}\n",
    )
    run(tmp_path, code=4)
    own = steady(tmp_path, "answer", "last", "ask", "approve")
    assert (own.returncode, "wants somebody else's answer" in own.stderr) == (1, True)


def test_a_yes_is_void_when_what_would_run_has_changed(tmp_path):
    """A fact that the command needs is computed again after the yes, and is another."""
    write(tmp_path, f"""\
steps:
  look: {{title: L, shell: cat version, effect: read, facts: {{v: "{{{{ stdout }}}}"}}, max_visits: 2, next: {{pass: act, {ENDS}}}}}
  act: {{title: A, shell: "echo {{{{ facts.v }}}} >> done", gate: "Deploy {{{{ facts.v }}}}?", undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: look}}}}
""")  # fmt: skip
    (tmp_path / "version").write_text("v1\n")
    run(tmp_path, code=4)
    first = events(tmp_path, "gate.opened")[0]
    (tmp_path / "version").write_text("v2\n")
    assert steady(tmp_path, "answer", "last", "act", "reject", "--resume").returncode == 4
    old = steady(tmp_path, "answer", "last", "act", "approve", "--digest", first["digest"])
    assert old.returncode == 1
    assert "now asks about" in old.stderr
    assert not (tmp_path / "done").exists()


# --- interruptions


SLOW = """\
steps:
  slow:
    title: S
    shell: "echo $$ > pid; exec sleep 60"
    effect: read
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_go_in_good_order_and_the_child_is_gone(tmp_path, number):
    write(tmp_path, SLOW)
    with start(tmp_path, "run", "x.yaml") as engine:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        engine.send_signal(number)
        _, err = engine.communicate(timeout=30)
    assert engine.returncode == 130
    assert "interrupted; go on with: steady" in err
    assert not alive(int((tmp_path / "pid").read_text()))
    assert [e["reason"] for e in events(tmp_path, "run.paused")] == ["interrupted"]
    (tmp_path / "pid").unlink()
    with start(tmp_path, "resume", "last") as engine:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=30)
    assert [e["attempt"] for e in events(tmp_path, "step.intended")] == [1, 2], "a read is attempted anew"


def test_a_second_ctrl_c_leaves_at_once_and_nothing_is_lost(tmp_path):
    write(
        tmp_path,
        SLOW.replace("exec sleep 60", "trap '' INT TERM; while :; do sleep 1; done"),
    )
    with start(tmp_path, "run", "x.yaml") as engine:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        engine.send_signal(signal.SIGINT)
        time.sleep(0.5)
        begun = time.monotonic()
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=30)
    assert time.monotonic() - begun < 2
    assert engine.returncode == 130
    done = start(tmp_path, "resume", "last")
    until(lambda: any(row["type"] == "child.stopped" for row in events(tmp_path)))
    done.send_signal(signal.SIGINT)
    done.communicate(timeout=30)
    assert "child.found" in {row["type"] for row in events(tmp_path)}
    for found in events(tmp_path, "child.found"):
        until(lambda pid=found["pid"]: not alive(pid))


# --- a store that fails


def test_an_outcome_that_could_not_be_recorded_is_in_doubt_and_never_repeated(tmp_path):
    write(
        tmp_path,
        f"steps:\n  act: {{title: A, shell: 'echo once >> done; echo $$ > pid; sleep 1.5', gate: Act?, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.escalated}}}}\n",
    )
    run(tmp_path, code=4)
    store = tmp_path / "store" / "j.db"
    with start(tmp_path, "answer", "last", "act", "approve", "--resume") as engine:
        until((tmp_path / "pid").exists)
        holder = sqlite3.connect(store)
        holder.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        holder.commit()
        _, err = engine.communicate(timeout=60)
    assert engine.returncode not in {0, 4}
    assert "were not recorded" in err
    assert "then run `steady resume`" in err
    holder.execute("DROP TRIGGER full")
    holder.commit()
    holder.close()
    resumed = steady(tmp_path, "resume", "last")
    assert resumed.returncode == 4, resumed.stderr
    assert "act:doubt" in resumed.stderr
    assert steady(tmp_path, "answer", "last", "act:doubt", "happened", "--resume").returncode == 1
    assert (tmp_path / "done").read_text() == "once\n"
    assert steady(tmp_path, "audit", "verify").returncode == 0


def test_a_store_that_cannot_be_written_starts_nothing(tmp_path):
    write(
        tmp_path,
        f"steps:\n  look: {{title: L, shell: touch looked, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n",
    )
    run(tmp_path)
    (tmp_path / "looked").unlink()
    with sqlite3.connect(tmp_path / "store" / "j.db") as store:
        store.execute(
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    store.close()
    done = steady(tmp_path, "run", "x.yaml")
    assert done.returncode not in {0, 4}
    assert not (tmp_path / "looked").exists()


def test_the_environment_of_a_step_says_which_it_is(tmp_path):
    write(
        tmp_path,
        f"steps:\n  look: {{title: L, shell: 'env | grep ^STEADY_ | sort', effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n",
    )
    run(tmp_path)
    name = json.loads(steady(tmp_path, "runs", "--json").stdout)["runs"][0]["id"]
    said = dict(line.split("=", 1) for line in events(tmp_path, "step.settled")[0]["values"]["stdout"].split())
    assert {k: v for k, v in said.items() if k != "STEADY_STORE"} == {
        "STEADY_RUN": name, "STEADY_STEP": "look", "STEADY_VISIT": "1", "STEADY_ATTEMPT": "1", "STEADY_FENCE": f"{name}:1",
    }  # fmt: skip


@pytest.mark.slow
def test_a_step_that_prints_a_gigabyte_runs_in_constant_memory(tmp_path):
    size = 1_000_000_000
    write(
        tmp_path,
        f"steps:\n  big: {{title: B, shell: 'echo begin; head -c {size} /dev/zero; echo; echo the end', effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n",
    )
    # A child begins with the high-water mark of who started it, so a small process stands between this one and it.
    code = "import os, sys; child = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]); _, s, u = os.wait4(child, 0); print(os.waitstatus_to_exitcode(s), u.ru_maxrss)"
    done = subprocess.run(
        [sys.executable, "-c", code, *STEADY, "run", "x.yaml", "--quiet"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    status, kilobytes = (int(word) for word in done.stdout.split()[-2:])
    assert status == 0
    assert kilobytes < 80 * 1024, f"{kilobytes // 1024} MB"
    (artifact,) = events(tmp_path, "step.settled")[0]["artifacts"]
    assert artifact["size"] == size + len("begin\n\nthe end\n")
    assert artifact["head"].startswith("begin")
    assert artifact["tail"].endswith("the end\n")
    assert len(artifact["digest"]) == 64
    transcript = steady(tmp_path, "transcript").stdout
    assert artifact["digest"][:12] in transcript
    assert len(transcript) < 100_000
