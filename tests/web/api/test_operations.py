"""What a row of the table says of itself."""

from __future__ import annotations

from steadyhand.model.people import Role
from steadyhand.model.wire import Nothing
from steadyhand.web.api.operations import Operation, Param


def test_a_parameter_has_a_schema():
    number = Param("limit", "How many.", 20, kind="integer", low=1, high=200, default=50)
    assert number.schema() == {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}
    assert Param("mode", "Which.", "a", choices=("a", "b")).schema() == {"type": "string", "enum": ["a", "b"]}
    assert Param("run", "Which.", "r1").schema() == {"type": "string", "minLength": 1, "maxLength": 200}


def test_what_may_go_wrong_follows_from_what_it_is():
    reads = Operation("a", "GET", "/a", "runs", "A", "A.", Role.VIEWER, print)
    assert {"unknown-person", "denied", "not-acceptable"} <= set(reads.all_problems)
    assert "media-type" not in reads.all_problems
    anybody = Operation("b", "GET", "/b", "runs", "B", "B.", None, print)
    assert "denied" not in anybody.all_problems
    writes = Operation(
        "c", "POST", "/c", "runs", "C", "C.", Role.RESPONDER, print, body=Nothing, problems=("conflict",)
    )
    assert {"too-large", "media-type", "unfit", "key-reused", "in-progress", "conflict"} <= set(writes.all_problems)
