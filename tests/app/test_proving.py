"""What can be shown of a library in one go. The drills are real, if small; `steady library prove` is tried as a program."""

from __future__ import annotations

import pytest

from steadyhand.app import proving

from .desk import calling, desk, one_step, write

TEST = (
    "tests:\n  well: {steps: {only: pass}}\n"
    "  ill: {steps: {only: fail}, expect: {conclusion: escalated}}\n"
    "  lost: {steps: {only: error}, expect: {conclusion: escalated}}\n"
)
DRILL = "drills:\n  well: {expect: {cause: '', conclusion: healthy}}\n"


@pytest.fixture
def office(tmp_path):
    write(tmp_path, "runbooks/web", one_step())
    (tmp_path / "runbooks" / "web.test.yaml").write_text(TEST)
    (tmp_path / "runbooks" / "web.drill.yaml").write_text(DRILL)
    return desk(tmp_path), tmp_path / "runbooks"


def proved(services, folder, **given):
    return list(proving.prove(services, proving.runbooks([folder]), **{"namespaces": True, **given}))


def test_one_that_holds(office):
    (one,) = proved(*office)
    assert one.passed, one
    assert (one.runbook, one.tests, one.edges, [d.drill for d in one.drills]) == ("web", 3, 100, ["well"])


def test_every_edge_must_be_walked(office):
    services, folder = office
    (folder / "web.test.yaml").write_text("tests:\n  well: {steps: {only: pass}}\n")
    (one,) = proved(services, folder)
    assert not one.passed
    assert one.failed == ("33 % of the edges are walked by its tests, 100 % are wanted",)


def test_a_test_that_fails_and_one_that_cannot_be_read(office):
    services, folder = office
    (folder / "web.test.yaml").write_text(
        TEST.replace("{steps: {only: pass}}", "{steps: {only: pass}, expect: {conclusion: stopped}}")
    )
    (one,) = proved(services, folder)
    assert [line for line in one.failed if line.startswith("well: conclusion")]
    (folder / "web.test.yaml").write_text("tests: 3\n")
    (one,) = proved(services, folder)
    assert not one.passed
    assert "web.test.yaml" in one.failed[0]


def test_a_finding_is_told_and_nothing_is_broken_for_it(office):
    services, folder = office
    write(folder, "web", one_step().replace("title: Only", "tilte: Only"))
    (one,) = proved(services, folder)
    assert one.findings
    assert one.drills == ()


def test_one_without_a_drill_fails_unless_it_is_drilled_by_whoever_calls_it(office):
    services, folder = office
    (folder / "web.drill.yaml").unlink()
    (one,) = proved(services, folder)
    assert "it has no drill" in one.findings[0]
    write(folder, "caller", calling("web"))
    (folder / "caller.drill.yaml").write_text("drills:\n  well: {expect: {conclusion: healthy}}\n")
    found = {one.runbook: one for one in proved(services, folder)}
    assert found["web"].findings == ()


def test_a_drill_that_is_wrong(office):
    services, folder = office
    (folder / "web.drill.yaml").write_text("drills: 3\n")
    (one,) = proved(services, folder)
    assert "web.drill.yaml" in one.findings[0]
    (folder / "web.drill.yaml").write_text(DRILL.replace("conclusion: healthy", "conclusion: resolved"))
    (one,) = proved(services, folder)
    assert not one.passed
    assert "should have ended resolved" in one.drills[0].problems[0]


def test_where_there_are_no_namespaces_that_is_said_and_fails_nothing(office):
    services, folder = office
    (folder / "web.drill.yaml").write_text(f"place: namespace\n{DRILL}")
    assert proving.needs_namespace(services, [folder / "web.yaml"])
    (one,) = proved(services, folder, namespaces=False)
    assert one.passed
    assert [drill.skipped for drill in one.drills] == [proving.CANNOT]
