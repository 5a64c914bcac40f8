"""Rows, counted to the end and kept as far as was asked for."""

from __future__ import annotations

from steadyhand.handlers._records import MOST, PIECE, Records
from steadyhand.handlers.bench import BenchHands


def test_rows_are_counted_and_kept_as_far_as_was_asked_for():
    hands = BenchHands()
    records = Records(hands, 2)
    records.begin(["a", "b"])
    for number in range(5):
        records.add([number, "x"])
    assert records.values() == {
        "rows": 5, "records": [{"a": 0, "b": "x"}, {"a": 1, "b": "x"}], "value": 0, "columns": ["a", "b"], "truncated": True,
    }  # fmt: skip
    assert hands.sink("records").text() == '{"a": 0, "b": "x"}\n{"a": 1, "b": "x"}\n'


def test_columns_of_one_name_are_told_apart():
    records = Records(BenchHands(), 2)
    records.begin(["a", "a", "a_2", "a"])
    assert records.columns == ["a", "a_2", "a_2_2", "a_3"]


def test_the_last_statement_with_rows_is_kept_and_all_are_counted():
    records = Records(BenchHands(), 1)
    records.begin(["a"])
    records.add([1])
    records.add([2])
    records.changed(3)
    records.changed(-1)
    records.begin(["b"])
    records.add([None])
    found = records.values()
    assert (found["rows"], found["records"], found["truncated"], found["value"]) == (6, [{"b": None}], False, None)


def test_nothing_is_kept_of_rows_that_are_too_large():
    hands = BenchHands()
    records = Records(hands, 10)
    records.begin(["a"])
    records.add(["x" * (PIECE + 10)])
    records.add(["x" * MOST])
    records.add(["small"])
    assert (len(records.rows), records.count, records.truncated) == (1, 3, True)
    assert hands.sink("records").largest == PIECE


def test_there_may_be_no_rows_at_all():
    assert Records(BenchHands(), 0).values() == {
        "rows": 0, "records": [], "value": None, "columns": [], "truncated": False,
    }  # fmt: skip
