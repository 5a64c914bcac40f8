"""The published schemas are JSON Schemas, and accept what is shipped."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from steadyhand.app.schemas import NAMES, schema
from steadyhand.source import builtin, parse

from .desk import desk

ROOT = Path(__file__).parents[2]
SHIPPED = [*ROOT.glob("runbooks/**/*.yaml"), *ROOT.glob("examples/**/*.yaml"), ROOT / "tests/golden/incident.yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema(tmp_path, name):
    jsonschema.Draft202012Validator.check_schema(schema(desk(tmp_path), name))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_what_is_shipped_fits(tmp_path, path):
    named = {".test": "test", ".drill": "drill"}
    other = next((kind for ending, kind in named.items() if path.stem.endswith(ending)), "runbook")
    name = "settings" if path.name == "steady.yaml" else other
    document, _ = parse(path.read_bytes(), path.name)
    jsonschema.Draft202012Validator(schema(desk(tmp_path), name)).validate(builtin(document))
