"""Runbooks that are wrong in one way each: what `steady validate` prints of them, to the letter, and nothing beside it.

A folder of `tests/cases` is one case: `doc.yaml`, what lies around it (settings, rules, a called runbook), and
`expect.txt`. Without a `doc.yaml` it is about the settings. Its name begins with the code that it is about.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from steadyhand import graph, schema
from steadyhand.app import library
from steadyhand.cli.main import steady
from steadyhand.cli.reporters import text_of
from steadyhand.errors import InvalidDocument
from steadyhand.graph import confinement

CASES = sorted(path.parent for path in Path(__file__).resolve().parent.glob("cases/*/expect.txt"))
BESIDE = {"SG015-alert-through-raw": {"SH503"}}
"""Cases that cannot but earn a second code."""


def said(folder: Path, *words: str) -> str:
    what = "doc.yaml" if (folder / "doc.yaml").exists() else "steady.yaml"
    done = CliRunner().invoke(steady, ["validate", *words, what], standalone_mode=False)
    if isinstance(done.exception, InvalidDocument):  # the settings are wrong: nothing is looked at
        return f"{text_of(done.exception.diagnostics)}\n".replace(f"{folder}/", "")
    return done.output


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_is_said_is_this_and_no_more(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("STEADY_CONFIG", raising=False)
    expected = (folder / "expect.txt").read_text("utf-8")
    assert said(folder) == expected
    codes = set(re.findall(r"(?:error|warning) (S[A-Z]\d+): ", expected))
    assert codes == {folder.name[:5]} | BESIDE.get(folder.name, set())


def test_every_code_has_a_case():
    codes = {folder.name[:5] for folder in CASES}
    assert codes == {*schema.CODES, *graph.CODES, *confinement.CODES, *library.CODES}
    assert len(CASES) >= 45


@pytest.mark.parametrize("folder", [c for c in CASES if c.name.startswith("SG")], ids=lambda folder: folder.name)
def test_a_case_can_be_mended_by_what_is_hinted(folder):
    """A proof's finding never stands without a hint."""
    blocks = re.split(r"\n(?=\S+:\d+:\d+: )", (folder / "expect.txt").read_text("utf-8"))
    for block in (one for one in blocks if " SG" in one.split("\n", 1)[0]):
        lines = block.splitlines()
        assert lines[3].startswith("  why: "), block
        assert len(lines) > 4, block
        assert lines[4].startswith("  "), block


def test_what_we_ship_is_without_any_finding(monkeypatch):
    """The library and the examples."""
    root = Path(__file__).resolve().parent.parent
    monkeypatch.chdir(root)
    monkeypatch.delenv("STEADY_CONFIG", raising=False)
    output = CliRunner().invoke(steady, ["validate", "runbooks", "examples"], standalone_mode=False).output
    assert re.findall(r"(?:error|warning) (S[A-Z]\d+): ", output) == []
