"""Named SQL: the queries of a store by name. Loaded once, when a store is opened."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def parse(text: str) -> dict[str, str]:
    """Every query of a file by its name, without the comments."""
    found: dict[str, str] = {}
    parts = _NAME.split(text)[1:]
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name in found:
            raise ValueError(f"query {name} stands twice")
        lines = [line for line in body.splitlines() if not line.startswith("--")]
        found[name] = "\n".join(lines).strip()
    return found


def load(file: str = "queries.sql") -> dict[str, str]:
    """The queries of a store: those of the SQLite journal unless another file is named."""
    return parse((Path(__file__).parent / file).read_text(encoding="utf-8"))
