"""Test documents on disk, and the runbooks that they are about."""

from __future__ import annotations

import pytest

from steadyhand.app import rehearsing
from steadyhand.errors import NotFound

from .desk import desk, one_step, write

CASE = "tests: {fine: {steps: {only: pass}, expect: {conclusion: healthy}}}\n"


def test_files_from_a_folder_a_test_or_a_runbook(tmp_path):
    write(tmp_path, "x", one_step())
    (tmp_path / "x.test.yaml").write_text(CASE)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "y.test.yaml").write_text(CASE)
    found = [list(rehearsing.test_files(tmp_path / name)) for name in ("", "x.yaml", "x.test.yaml")]
    assert found == [[tmp_path / "x.test.yaml"]] * 3
    write(tmp_path, "untested", one_step())
    with pytest.raises(NotFound) as caught:
        list(rehearsing.test_files(tmp_path / "untested.yaml"))
    assert caught.value.hint == "write untested.test.yaml beside it"


def test_a_document_is_run_against_the_runbook_beside_it_or_the_one_it_names(tmp_path):
    write(tmp_path, "x", one_step("shell: touch effect"))
    (tmp_path / "x.test.yaml").write_text(CASE)
    (tmp_path / "other.test.yaml").write_text("runbook: x.yaml\n" + CASE)
    for name in ("x", "other"):
        tested = rehearsing.test(desk(tmp_path), tmp_path / f"{name}.test.yaml")
        assert tested.passed
        assert tested.runbook.name == "x"
    assert not (tmp_path / "effect").exists()


def test_what_cannot_be_read_is_said_and_nothing_of_it_is_run(tmp_path):
    (tmp_path / "x.test.yaml").write_text("tests: 5\n")
    tested = rehearsing.test(desk(tmp_path), tmp_path / "x.test.yaml")
    assert (tested.passed, tested.reports, len(tested.findings)) == (False, (), 1)
    (tmp_path / "y.test.yaml").write_text(CASE)
    (finding,) = rehearsing.test(desk(tmp_path), tmp_path / "y.test.yaml").findings
    assert finding.message.startswith("there is no runbook ")
    assert finding.hint == "name it as a path from this file: `runbook: NAME.yaml`"
    (tmp_path / "z.test.yaml").write_text("runbook: gone.yaml\n" + CASE)
    (finding,) = rehearsing.test(desk(tmp_path), tmp_path / "z.test.yaml").findings
    assert (finding.code, finding.span.line, finding.span.column) == ("ST002", 1, 10)


def test_a_name_that_the_runbook_does_not_have_fails_the_document(tmp_path):
    write(tmp_path, "x", one_step())
    (tmp_path / "x.test.yaml").write_text(CASE.replace("only: pass", "onyl: pass"))
    (finding,) = rehearsing.test(desk(tmp_path), tmp_path / "x.test.yaml").findings
    assert (finding.code, finding.hint, finding.span.line) == ("ST002", "did you mean `only`?", 1)


def test_all_documents_of_a_runbook_cover_it_together(tmp_path):
    write(tmp_path, "x", one_step())
    (tmp_path / "x.test.yaml").write_text(CASE)
    other = CASE.replace("only: pass", "only: fail").replace("healthy", "escalated")
    (tmp_path / "x.more.test.yaml").write_text("runbook: x.yaml\n" + other)
    services = desk(tmp_path)
    files = list(rehearsing.test_files(tmp_path / "x.yaml"))
    assert [file.name for file in files] == ["x.test.yaml", "x.more.test.yaml"]
    (walked,) = rehearsing.walked(rehearsing.test(services, file) for file in files)
    (alone,) = rehearsing.walked([rehearsing.test(services, files[0])])
    assert walked.coverage.edges.walked == alone.coverage.edges.walked + 1


def test_a_runbook_without_a_test_is_not_walked(tmp_path):
    write(tmp_path, "x", one_step())
    runbook = rehearsing.library.load(desk(tmp_path), "x.yaml")
    assert rehearsing.untested(tmp_path / "x.yaml", runbook).coverage.percent == 0


NOTIFIES = """\
steps:
  tell: {title: Tell, notify: {message: It is slow, to: [team]}, next: {pass: end.healthy}}
"""
CHANNEL = "channels: {team: {console: {}}}\n"


def test_a_case_stands_in_the_settings_that_are_here_unless_it_says_otherwise(tmp_path):
    (tmp_path / "steady.yaml").write_text("contacts: {a: one, b: two}\nroles: {oncall: [anna]}\n" + CHANNEL)
    (tmp_path / "x.test.yaml").write_text("tests: {t: {contacts: {b: mine}, steps: {only: pass}}}\n")
    write(tmp_path, "x", one_step())
    document, _, _ = rehearsing.read(desk(tmp_path), tmp_path / "x.test.yaml")
    case = rehearsing.surrounded(desk(tmp_path), document.cases[0])
    assert case.contacts == {"a": "one", "b": "mine"}
    assert case.channels == {"team": {"console": {}}}
    assert case.roles == {}, "who may answer is a matter of the test"


@pytest.mark.parametrize("settings", [CHANNEL, ""])
def test_a_message_goes_to_a_channel_of_the_settings_or_of_the_test(tmp_path, settings):
    (tmp_path / "steady.yaml").write_text(settings or "roles: {}\n")
    write(tmp_path, "x", NOTIFIES)
    own = "" if settings else CHANNEL.strip().replace("channels:", "channels: ").join(["    ", "\n"])
    expect = "    steps: {tell: pass}\n    expect: {sends: [{text: It is slow, channel: team}]}\n"
    (tmp_path / "x.test.yaml").write_text(f"tests:\n  t:\n{own}{expect}")
    tested = rehearsing.test(desk(tmp_path), tmp_path / "x.test.yaml")
    assert tested.findings == ()
    assert tested.reports[0].problems == ()


def test_a_handler_that_is_not_here_still_has_a_plan(tmp_path):
    plan = rehearsing.planning(desk(tmp_path))("notify-somewhere-else", {"text": "x"}, None)
    assert plan.request == {"text": "x"}
