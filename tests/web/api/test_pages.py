"""Pages add up to the whole list, and a cursor is nobody else's."""

from __future__ import annotations

import pytest

from steadyhand.web.api.pages import SCANNED, cursor, page, place_of
from steadyhand.web.problems import Refusal


def whole(rows, limit, draw=lambda row: row):
    found, pages, place = [], 0, None
    while True:
        rest = [row for row in rows if place is None or (row,) > place]
        some, after = page(rest, lambda row: (row,), draw, limit)
        found += some
        pages += 1
        if after is None:
            return found, pages
        place = tuple(place_of(after, tuple[int]))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_add_up(limit):
    found, pages = whole(range(7), limit)
    assert found == list(range(7))
    assert pages == -(-7 // limit)


def test_where_few_fit_a_page_ends_early():
    rows = range(2 * SCANNED + 5)
    found, pages = whole(rows, 10, lambda row: row if row % SCANNED == 3 else None)
    assert found == [3, SCANNED + 3, 2 * SCANNED + 3]
    assert pages == 3


def test_nothing_is_a_page_too():
    assert page([], lambda row: (row,), lambda row: row, 5) == ([], None)


@pytest.mark.parametrize("text", ["x", "!!", "W10", "WzEsMl0", "ü", "A" * 999])
def test_a_cursor_of_somebody_else_is_refused(text):
    with pytest.raises(Refusal) as told:
        place_of(text, tuple[int, str])
    assert told.value.kind == "unreadable"


def test_a_cursor_comes_back():
    assert place_of(cursor((12, "rgq")), tuple[int, str]) == (12, "rgq")
    assert place_of(None, tuple[int, str]) is None
