"""The OpenAPI document is valid, complete, described, and the one that is checked in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from steadyhand.web.api.document import document, text
from steadyhand.web.api.table import OPERATIONS
from steadyhand.web.problems import KINDS

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


def resolved(node: Any) -> Any:
    return DOCUMENT["components"]["responses"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def test_it_is_the_one_that_is_checked_in():
    assert (ROOT / "schemas" / "openapi.json").read_text("utf-8") == text(), "run `make schemas`"


def test_it_is_valid_openapi():
    from schemathesis.openapi import from_dict

    schema = from_dict(json.loads(text()))
    assert schema.specification.version == "3.1.0"
    assert len(list(schema.get_all_operations())) == len(OPERATIONS)


def test_each_schema_is_a_schema():
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("description") or name.startswith(("Plan", "Transcript")), name


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_examples_fit_what_they_are_examples_of(name):
    for key, found in SCHEMAS[name].get("properties", {}).items():
        for example in found.get("examples", []) if isinstance(found, dict) else []:
            whole = {**found, "components": DOCUMENT["components"]}
            jsonschema.validate(example, whole)
            assert key


def test_every_operation_tells_how_it_may_end():
    for one in OPERATIONS:
        path = DOCUMENT["paths"]["/api/v1" + one.path][one.method.lower()]
        assert path["operationId"] == one.id
        told = set(path["responses"])
        assert {"400", "405", "406", "500", "503", str(one.status)} <= told
        assert ({"401", "403"} <= told) is (one.right is not None)
        assert ({"409", "413", "415", "422"} <= told) is (one.body is not None) or one.id == "drawRunbook"


def test_every_kind_of_problem_is_told_of_somewhere():
    examples = {
        name
        for path in DOCUMENT["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
        for name in resolved(answer).get("content", {}).get("application/problem+json", {}).get("examples", {})
    }
    assert examples == set(KINDS)


def test_every_reference_leads_somewhere():
    for part in text().split('"$ref": "')[1:]:
        _, _, place, name = part.partition('"')[0].split("/")
        assert name in DOCUMENT["components"][place], name
