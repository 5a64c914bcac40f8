"""Which drill documents there are; the drills themselves are tried in tests/cli/test_drill.py."""

from __future__ import annotations

import os

import pytest

from steadyhand.app import drilling
from steadyhand.errors import InvalidDocument, UsageError

from .desk import desk, one_step, write

DRILL = "drills:\n  well: {expect: {conclusion: healthy}}\n"


@pytest.fixture
def office(tmp_path):
    write(tmp_path, "runbooks/web", one_step())
    (tmp_path / "runbooks" / "web.drill.yaml").write_text(DRILL)
    return desk(tmp_path), tmp_path / "runbooks"


def test_documents_at_a_path(office):
    services, folder = office
    drill = folder / "web.drill.yaml"
    assert list(drilling.drill_files(services, folder)) == [drill]
    assert list(drilling.drill_files(services, drill)) == [drill]
    assert list(drilling.drill_files(services, folder / "web.yaml")) == [drill]
    drill.unlink()
    with pytest.raises(UsageError, match="has no drill"):
        list(drilling.drill_files(services, folder / "web.yaml"))


def test_a_document_with_its_runbook(office):
    services, folder = office
    document, runbook = drilling.read(services, folder / "web.drill.yaml")
    assert (runbook.name, document.drills[0].name) == ("web", "well")
    (folder / "web.drill.yaml").write_text(DRILL.replace("{expect", "{inputs: {x: 1}, expect"))
    with pytest.raises(UsageError, match="the runbook has no input `x`"):
        drilling.read(services, folder / "web.drill.yaml")
    (folder / "web.drill.yaml").write_text("drills: 3\n")
    with pytest.raises(InvalidDocument):
        drilling.read(services, folder / "web.drill.yaml")


def test_a_run_that_is_well(office):
    services, folder = office
    (outcome,) = drilling.drill(services, folder / "web.drill.yaml")
    assert outcome.passed, outcome.problems
    assert (outcome.conclusion, outcome.cause, outcome.expected) == ("healthy", "", "none")


def test_what_a_drill_may_know(office):
    services, folder = office
    (folder / "beside").write_text("here\n")
    start = (
        'start: test -f "$HERE/beside" && "$PYTHON" -c "import steadyhand" && test -d "$DRILL" && test "$PORT4" -gt 0\n'
    )
    (folder / "web.drill.yaml").write_text(start + DRILL)
    (outcome,) = drilling.drill(services, folder / "web.drill.yaml")
    assert outcome.passed, outcome.problems


def test_the_drill_knows_its_own_folder_and_that_of_its_document(office):
    """So that drills can share what lies beside them."""
    services, folder = office
    (folder / "shared.sh").write_text("echo shared > $DRILL/told\n")
    (folder / "web.drill.yaml").write_text(
        'start: |\n  . "$HERE/shared.sh"\nready: test "$(cat told)" = shared\n' + DRILL
    )
    (outcome,) = drilling.drill(services, folder / "web.drill.yaml")
    assert outcome.passed, outcome.problems


def test_a_drill_has_variables_of_its_own(office):
    services, folder = office
    body = "shell: 'test -e ~/here && test \"$SHOP_COLOUR\" = red'"
    write(folder, "web", one_step(body))
    (folder / "web.drill.yaml").write_text(
        "start: touch here\n"
        "drills:\n  well:\n    environment: {HOME: '{{ drill.folder }}', SHOP_COLOUR: red}\n"
        "    expect: {conclusion: healthy}\n"
    )
    (outcome,) = drilling.drill(services, folder / "web.drill.yaml")
    assert outcome.passed, outcome.problems


def test_they_hold_for_this_process_only_while_the_runbook_runs(monkeypatch):
    """What is looked for in the home of the process, such as `.ssh/config`, is found in the folder of the drill."""
    monkeypatch.setenv("HOME", "/before")
    monkeypatch.delenv("SHOP_COLOUR", raising=False)
    with pytest.raises(KeyError), drilling._environment({"HOME": "/drill", "SHOP_COLOUR": "red"}):
        assert (os.environ["HOME"], os.environ["SHOP_COLOUR"]) == ("/drill", "red")
        raise KeyError
    assert (os.environ["HOME"], os.environ.get("SHOP_COLOUR")) == ("/before", None)


def test_a_place_is_asked_beforehand_whether_every_step_could_be_carried_out(office):
    services, folder = office
    write(folder, "web", one_step().replace("steps:", "requires: {tools: [no-such-tool]}\nsteps:"))
    (outcome,) = drilling.drill(services, folder / "web.drill.yaml", preflight=True)
    assert outcome.lacking == ("preflight: tool no-such-tool: not on PATH; install no-such-tool",)
    assert outcome.lacking[0] in outcome.problems
