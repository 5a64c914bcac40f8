"""Tests that are written for you: of past runs, and for what no test walks."""

from __future__ import annotations

import pytest

from steadyhand.app import fixtures, library, rehearsing, runs
from steadyhand.errors import NotFound, UsageError
from steadyhand.model import Mode

from .desk import desk, one_step, write

SECRET = """\
secrets: {token: {env: TOKEN}}
steps:
  only:
    title: Only
    shell: 'echo {{ secrets.token }}'
    effect: read
    facts: {said: "{{ stdout }}"}
    next: {pass: end.healthy}
"""


def ran(tmp_path, text=None, name="x", **environ):
    services = desk(tmp_path, **environ)
    write(tmp_path, name, text or one_step())
    runbook = library.load(services, f"{name}.yaml")
    driver = runs.start(services, runbook, {}, Mode.GUIDED)
    driver.drive()
    return services, driver.stream


def test_a_run_becomes_a_test_that_passes(tmp_path):
    services, run = ran(tmp_path)
    case, where = fixtures.recorded(services, run)
    text = fixtures.text_of(services, [case], where, "x.test.yaml")
    fixtures.write(services, "x.test.yaml", text)
    tested = rehearsing.test(services, rehearsing.Path("x.test.yaml"))
    assert tested.passed
    assert tested.reports[0].case == f"as in {run}"


def test_a_secret_stays_hidden(tmp_path):
    services, run = ran(tmp_path, SECRET, TOKEN="hunter2-hunter2")
    case, where = fixtures.recorded(services, run)
    text = fixtures.text_of(services, [case], where, "x.test.yaml")
    assert "hunter2" not in text
    assert "[secret token]" in text
    fixtures.write(services, "x.test.yaml", text)
    assert rehearsing.test(services, rehearsing.Path("x.test.yaml")).passed


def test_another_version_of_the_runbook_is_refused(tmp_path):
    services, run = ran(tmp_path)
    write(tmp_path, "x", one_step("shell: echo other"))
    with pytest.raises(UsageError, match=r"is of another version of x: [0-9a-f]{12}, and the one here is [0-9a-f]{12}"):
        fixtures.recorded(services, run)


def test_another_runbook_is_refused(tmp_path):
    services, run = ran(tmp_path)
    write(tmp_path, "y", one_step())
    with pytest.raises(UsageError, match=r"is of the runbook x, and .*y.yaml is y"):
        fixtures.recorded(services, run, "y.yaml")


def test_a_runbook_that_is_not_there_is_asked_for(tmp_path):
    services, run = ran(tmp_path)
    (tmp_path / "x.yaml").unlink()
    with pytest.raises(NotFound) as caught:
        fixtures.recorded(services, run)
    assert caught.value.hint == "say where it is: steady test --record RUN PATH/TO/x.yaml"


def test_a_file_is_not_written_over_and_must_be_found_again(tmp_path):
    services = desk(tmp_path)
    (tmp_path / "x.test.yaml").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        fixtures.write(services, "x.test.yaml", "text")
    with pytest.raises(UsageError, match="would not be found as a test"):
        fixtures.write(services, "x.yaml", "text")
    with pytest.raises(UsageError, match="cannot be written"):
        fixtures.write(services, "gone/x.test.yaml", "text")
    assert (tmp_path / "x.test.yaml").read_text() == "mine"


def test_the_runbook_is_named_as_it_is_seen_from_the_file(tmp_path):
    services, run = ran(tmp_path)
    case, where = fixtures.recorded(services, run)
    assert 'runbook: "../x.yaml"\n' in fixtures.text_of(services, [case], where, "deep/x.test.yaml")
    assert fixtures.text_of(services, [case], where, "").startswith("runbook: x.yaml\n")


def test_what_no_test_walks_gets_one(tmp_path):
    services = desk(tmp_path)
    write(tmp_path, "x", one_step())
    ((where, runbook),) = fixtures.runbooks(services, [tmp_path / "x.yaml"])
    found, more = fixtures.unwalked(services, rehearsing.untested(where, runbook))
    assert more == 0
    text = fixtures.text_of(services, [one.case for one in found], where, "x.more.test.yaml", fixtures.SKELETON)
    fixtures.write(services, "x.more.test.yaml", text)
    tested = rehearsing.test(services, rehearsing.Path("x.more.test.yaml"))
    assert tested.passed
    (walked,) = rehearsing.walked([tested])
    assert walked.coverage.edges.missing == ()


def test_inputs_come_from_a_test_that_there_is(tmp_path):
    services = desk(tmp_path)
    needs = one_step().replace("steps:", "inputs: {code: {type: string, pattern: '^[QZ]{7}$'}}\nsteps:")
    write(tmp_path, "x", needs)
    ((where, runbook),) = fixtures.runbooks(services, [tmp_path / "x.yaml"])
    found, _ = fixtures.unwalked(services, rehearsing.untested(where, runbook))
    assert {one.why for one in found} == {"no value fits the input code by chance: write one test that gives it"}
    (tmp_path / "x.test.yaml").write_text("tests: {t: {inputs: {code: QQQQQQQ}, steps: {only: pass}}}\n")
    found, _ = fixtures.unwalked(services, rehearsing.untested(where, runbook))
    assert all(one.case is not None and one.case.inputs == {"code": "QQQQQQQ"} for one in found)
