"""`steady graph`."""

import xml.etree.ElementTree as ET

from .documents import ASKS, WRONG
from .steady import steady


def test_three_forms(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    text = steady(tmp_path, "graph", "asks.yaml").stdout
    assert text.splitlines()[0] == "act  Act  (shell, change, gate)"
    assert steady(tmp_path, "graph", "asks.yaml", "--format", "mermaid").stdout.startswith("flowchart TD")
    assert ET.fromstring(steady(tmp_path, "graph", "asks.yaml", "--format", "svg").stdout).tag.endswith("svg")


def test_an_invalid_runbook_is_not_drawn(tmp_path):
    (tmp_path / "wrong.yaml").write_text(WRONG)
    done = steady(tmp_path, "graph", "wrong.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "wrong.yaml:9:18: error SH301" in done.stderr
