"""Which drill documents there are; the drills themselves are tried in tests/cli/test_drill.py."""

from __future__ import annotations

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
