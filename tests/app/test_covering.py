"""Tests are counted aside, once for each content."""

from __future__ import annotations

import pytest

from steadyhand.app.covering import Coverages
from steadyhand.errors import NotFound

from .server import asking, services_in, until

TEST = "runbook: asking.yaml\ntests:\n  no: {steps: {look: pass}, answers: {change: reject}, expect: {conclusion: escalated}}\n"


def test_counted_once_for_each_content(tmp_path):
    asking(tmp_path)
    services = services_in(tmp_path)
    found = Coverages(lambda: services)
    path = tmp_path / "asking.yaml"
    with pytest.raises(NotFound):
        found.of(path, path.read_text())
    (tmp_path / "asking.test.yaml").write_text(TEST)
    first = until(lambda: found.of(path, path.read_text(), 1.0))
    assert (first.cases, first.failed, first.trouble) == (1, (), "")
    assert first.coverage.steps.walked == 2
    assert found.of(path, path.read_text()) is first
    (tmp_path / "asking.test.yaml").write_text(TEST.replace("escalated}", "resolved}"))
    assert until(lambda: found.of(path, path.read_text(), 1.0)).failed == ("no",)
    (tmp_path / "asking.test.yaml").write_text("tests: 3\n")
    assert until(lambda: found.of(path, path.read_text(), 1.0)).trouble
