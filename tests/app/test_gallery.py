"""The runbooks of the library as things to choose from."""

from __future__ import annotations

import pytest

from steadyhand.app import gallery
from steadyhand.errors import NotFound

from .desk import calling, desk, one_step, write

CHANGE = "    gate: Sure?\n    undo: {none: It is nothing}\n"
DIAGNOSIS = """steps:
  causes:
    title: Why?
    diagnose: {full: {cause: It is full, shell: 'true', fix: clean}}
    otherwise: end.healthy
    next: {error: end.escalated}
  clean:
    title: Clean it
    shell: 'true'
    gate: Sure?
    undo: {none: It is nothing}
    verify: {shell: 'true', effect: read}
    next: {pass: end.resolved, fail: end.escalated, error: end.escalated, rejected: end.escalated}
"""
DRILL = 'start: . "$HERE/../parts/machine.sh"\ndrills:\n  well: {expect: {conclusion: healthy}}\n'


@pytest.fixture
def office(tmp_path):
    folder = tmp_path / "runbooks"
    write(folder / "infrastructure", "full", DIAGNOSIS)
    (folder / "infrastructure" / "full.test.yaml").write_text("tests: {well: {steps: {causes.full: pass}}}\n")
    (folder / "infrastructure" / "full.drill.yaml").write_text(DRILL)
    (folder / "parts").mkdir()
    (folder / "parts" / "machine.sh").write_text("true\n")
    write(folder / "parts", "part", one_step())
    write(folder / "application", "caller", calling("part"))
    return desk(tmp_path), folder


def test_what_a_runbook_is(office):
    services, folder = office
    one = gallery.find(services, "full")
    assert (one.name, one.group, one.path) == ("full", "infrastructure", folder / "infrastructure" / "full.yaml")
    assert one.causes == (("full", "It is full"),)
    assert one.changes == (("clean", "Clean it"),)
    assert [p.name for p in (*one.tests, *one.drills)] == ["full.test.yaml", "full.drill.yaml"]


def test_changes_of_what_is_called_count(office):
    services, folder = office
    ends = "pass: end.resolved, fail: end.escalated, error: end.escalated, rejected: end.escalated"
    step = one_step("shell: 'true'", "change", ends).replace(
        "    effect:", f"{CHANGE}    verify: {{shell: 'true', effect: read}}\n    effect:"
    )
    write(folder / "parts", "part", step)
    (path,) = (folder / "application").glob("caller.yaml")
    changes = gallery.book(services, path).changes
    assert [(step.partition("/")[2], title) for step, title in changes] == [("only", "Only")]


def test_all_of_them_your_own_and_those_that_are_shipped_and_parts_last(office):
    services, _ = office
    found = gallery.books(services)
    names = [one.name for one in found]
    assert {"full", "caller", "part", "disk-full", "restart-service"} <= set(names)
    groups = [one.group for one in found]
    assert groups[groups.index("parts") :] == ["parts"] * groups.count("parts")


def test_a_copy_has_all_that_it_needs_and_overwrites_nothing(office, tmp_path):
    services, _ = office
    copied = dict(gallery.copy(services, "full", tmp_path / "mine"))
    assert [str(path.relative_to(tmp_path / "mine")) for path in copied] == [
        "infrastructure/full.yaml", "infrastructure/full.test.yaml", "infrastructure/full.drill.yaml", "parts/machine.sh",
    ]  # fmt: skip
    assert all(copied.values())
    (tmp_path / "mine" / "infrastructure" / "full.yaml").write_text("mine")
    again = dict(gallery.copy(services, "full", tmp_path / "mine"))
    assert not any(again.values())
    assert (tmp_path / "mine" / "infrastructure" / "full.yaml").read_text() == "mine"


def test_what_is_called_is_copied_too(office, tmp_path):
    services, _ = office
    copied = [path.name for path, _ in gallery.copy(services, "caller", tmp_path / "mine")]
    assert copied == ["caller.yaml", "part.yaml"]


def test_one_that_is_not_there(office):
    services, _ = office
    with pytest.raises(NotFound, match="there is no runbook nothing"):
        gallery.find(services, "nothing")


def test_what_is_found_about_one(office):
    services, folder = office
    assert gallery.valid(services, folder / "infrastructure" / "full.yaml") == ()
    path = write(folder / "application", "wrong", one_step().replace("title: Only", "tilte: Only"))
    (finding,) = gallery.valid(services, path)[:1]
    assert "wrong.yaml:" in finding
