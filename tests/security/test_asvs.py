"""The list of the ASVS is whole, says one of three things of each requirement, and names tests that are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "asvs.md").read_text("utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if re.match(r"\| \d", line)]
CHAPTERS = {1: 38, 2: 53, 3: 18, 4: 9, 5: 30, 6: 13, 7: 12, 8: 15, 9: 7, 10: 5, 11: 8, 12: 15, 13: 13, 14: 23}
"""How many requirements up to level 2 each chapter of 4.0.3 has, without those that it has struck."""


def test_every_requirement_is_there_once():
    numbers = [tuple(map(int, row[0].split("."))) for row in ROWS]
    assert numbers == sorted(set(numbers))
    assert Counter(number[0] for number in numbers) == CHAPTERS


def test_the_counts_are_those_of_the_table():
    counted = Counter(row[2] for row in ROWS)
    assert set(counted) == {"holds", "not applicable", "not yet"}
    said = f"Of {len(ROWS)} requirements, {counted['holds']} hold, {counted['not applicable']} are not applicable, and {counted['not yet']}"
    assert said in PAGE


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_whole_and_its_tests_are_there(row):
    assert len(row) == 4
    for test in re.findall(r"(?:\w+/)?test_\w+\.py", row[3]):
        assert (ROOT / "tests" / test).is_file(), test
