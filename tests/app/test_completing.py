"""What could be typed next."""

from __future__ import annotations

from steadyhand.app import completing, leases, library, runs
from steadyhand.core.answers import Answer
from steadyhand.model import Mode

from .desk import desk, one_step, write

ASKS = "choose: {prompt: Which\n      way?, options: {right: To the right, left: To the left}}"


def test_runs_gates_and_answers_are_offered_newest_first(tmp_path):
    services = desk(tmp_path)
    write(tmp_path, "healthy", one_step())
    write(
        tmp_path,
        "asks",
        one_step(ASKS, ends="right: end.escalated, left: end.escalated").replace("    effect: read\n", ""),
    )
    started = [
        runs.start(services, library.load(services, f"{name}.yaml"), {}, Mode.GUIDED) for name in ("healthy", "asks")
    ]
    for driver in started:
        driver.drive()
    assert completing.recent(services) == [
        ("last", "the newest run"), (started[1].stream, "asks"), (started[0].stream, "healthy"),
    ]  # fmt: skip
    assert completing.gates(services, "last") == [("only", "Which way?")]
    assert completing.answers(services, "last", "only") == [("right", "To the right"), ("left", "To the left")]
    assert completing.answers(services, "last", "other") == []
    runs.answer(services, started[1].stream, Answer("only", "anna", "left"))


def test_where_there_is_no_store_none_is_made(tmp_path):
    services = desk(tmp_path)
    assert completing.recent(services) == completing.gates(services, "last") == completing.targets(services) == []
    assert not (tmp_path / "store").exists()
    assert completing.recent(desk(tmp_path, store="postgresql://x")) == []


def test_targets_and_runbooks_have_their_names(tmp_path):
    (tmp_path / "steady.yaml").write_text("targets: {web: {ssh: {hosts: [a]}}}\n")
    write(tmp_path / "runbooks", "mine", one_step())
    services = desk(tmp_path)
    leases.take(services, "db", "anna", "index", 1_000_000_000)
    assert completing.targets(services) == [("db", "taken by anna"), ("web", "ssh")]
    assert ("mine", str(tmp_path / "runbooks" / "mine.yaml")) in completing.runbooks(services)
