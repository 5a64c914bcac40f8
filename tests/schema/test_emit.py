"""The published schemas: every property is explained, examples hold, and editors see what the checker sees."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from steadyhand import schema
from steadyhand.handlers import registry
from steadyhand.source import builtin, parse

from .test_codes import CASES

ROOT = Path(__file__).parents[2]
SPECS = registry.specs()
SCHEMAS = {
    p.name.removesuffix(".schema.json"): json.loads(p.read_text())
    for p in sorted((ROOT / "schemas").glob("*.schema.json"))
}


def plain(text):
    root, _ = parse(text, "x")
    return builtin(root) if root is not None else None


def properties(node, where="$"):
    if isinstance(node, dict):
        for name, inner in (node.get("properties") or {}).items():
            if isinstance(inner, dict):
                yield f"{where}.{name}", inner
        for key, inner in node.items():
            if key not in {"examples", "default", "enum", "const"}:
                yield from properties(inner, f"{where}.{key}")
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from properties(inner, f"{where}[{number}]")


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["runbook", "settings", "test"])
def test_every_property_is_described_and_has_an_example_that_holds(name):
    whole = SCHEMAS[name]
    seen = 0
    for where, node in properties(whole):
        seen += 1
        assert node.get("description"), f"{where} has no description"
        assert node.get("examples"), f"{where} has no example"
        for example in node["examples"]:
            validator = jsonschema.Draft202012Validator({**node, "$defs": whole.get("$defs", {})})
            assert validator.is_valid(example), f"{where}: {example!r}"
    assert seen > 4


SHIPPED = [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("runbooks/**/*.yaml")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_what_is_shipped_fits(path):
    kind = next((k for k in ("test", "drill") if f".{k}" in path.name), "runbook")
    errors = [e.message for e in jsonschema.Draft202012Validator(SCHEMAS[kind]).iter_errors(plain(path.read_text()))]
    assert errors == []


SEEN_BY_EDITORS = {"SH101", "SH102", "SH103", "SH105", "SH401"}


@pytest.mark.parametrize("case", [c for c in CASES if c[0] in SEEN_BY_EDITORS], ids=lambda c: c[2])
def test_an_editor_sees_mistakes_of_shape(case):
    assert not jsonschema.Draft202012Validator(SCHEMAS["runbook"]).is_valid(plain(case[1]))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[2])
def test_what_the_schema_refuses_the_checker_refuses(case):
    """The checker may know more, never less."""
    if not jsonschema.Draft202012Validator(SCHEMAS["runbook"]).is_valid(plain(case[1])):
        assert schema.read(case[1], "x", SPECS).runbook is None
