"""What came back of statements, as a step's result: counted to the end, kept as far as was asked for.

Filled by the sessions of `_postgresql` and `_mysql`, one row at a time: a table of any length costs the memory of the
rows that are kept. All of those go to the sink `records` as well, a line of JSON for each, so that they are kept as an
artifact when they are too many for the journal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .protocol import Hands

MOST = 8 * 1024 * 1024
"""Bytes of rows, as JSON, that are kept at most."""
PIECE = 1024 * 1024


class Records:
    """The rows of one attempt."""

    def __init__(self, hands: Hands, most: int) -> None:
        self._sink = hands.sink("records")
        self._most = most
        self._size = 0
        self.count = 0
        """Rows that came back, and rows that were changed by statements which gave none back."""
        self.columns: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.truncated = False

    def begin(self, names: Sequence[str]) -> None:
        """A statement gives rows back: the ones before it are let go. Columns of one name are told apart."""
        columns: list[str] = []
        for name in names:
            number, unique = 1, name
            while unique in columns:
                number += 1
                unique = f"{name}_{number}"
            columns.append(unique)
        self.columns, self.rows, self.truncated, self._size = columns, [], False, 0

    def add(self, values: Sequence[Any]) -> None:
        """One more row."""
        self.count += 1
        if self.truncated or len(self.rows) >= self._most:
            self.truncated = True
            return
        row = dict(zip(self.columns, values, strict=True))
        line = f"{json.dumps(row, ensure_ascii=False)}\n".encode("utf-8", "surrogateescape")
        self._size += len(line)
        if self._size > MOST:
            self.truncated = True
            return
        self.rows.append(row)
        for start in range(0, len(line), PIECE):
            self._sink.write(line[start : start + PIECE])

    def changed(self, count: int) -> None:
        """A statement gave nothing back, and changed so many rows."""
        self.count += max(0, count)

    def values(self) -> dict[str, Any]:
        """The result as far as rows tell it."""
        first = self.rows[0] if self.rows else {}
        return {
            "rows": self.count,
            "records": self.rows,
            "value": next(iter(first.values()), None),
            "columns": self.columns,
            "truncated": self.truncated,
        }
