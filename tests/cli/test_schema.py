"""`steady schema`."""

import json
from pathlib import Path

import pytest

from .steady import steady

PUBLISHED = sorted(Path(__file__).parents[2].glob("schemas/*.schema.json"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda p: p.name)
def test_the_published_schemas_are_what_the_program_prints(tmp_path, path):
    printed = steady(tmp_path, "schema", path.name.removesuffix(".schema.json")).stdout
    assert json.loads(printed) == json.loads(path.read_text())


def test_there_are_some():
    assert {p.name for p in PUBLISHED} >= {"runbook.schema.json", "settings.schema.json", "test.schema.json"}


def test_an_unknown_one_is_refused_with_those_there_are(tmp_path):
    done = steady(tmp_path, "schema", "incidents")
    assert done.returncode == 2
    assert "'backtest', 'drill', 'plan', 'proved', 'runbook', 'settings', 'test', 'tested', 'transcript'" in done.stderr
