"""Test documents on disk, and the runbooks that they are about."""

from __future__ import annotations

import pytest

from steadyhand.app import rehearsing
from steadyhand.errors import InvalidDocument, NotFound

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


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / "x.test.yaml").write_text("tests: 5\n")
    with pytest.raises(InvalidDocument, match="1 finding makes the document invalid"):
        rehearsing.test(desk(tmp_path), tmp_path / "x.test.yaml")
    (tmp_path / "y.test.yaml").write_text(CASE)
    with pytest.raises(NotFound, match="there is no runbook"):
        rehearsing.test(desk(tmp_path), tmp_path / "y.test.yaml")
