"""A server that stands for hosted services: it keeps what they would be sent, and answers as it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .servers import Seen, web

Reply = tuple[int, dict[str, str], Any]
"""Status, header fields, and the body: JSON, or text, or what gives one of them when it is answered."""


class Sink:
    """What came, and what is answered: `replies` in turn, and then `last`."""

    def __init__(self, base: str, seen: Seen, replies: list[Reply], last: list[Reply]) -> None:
        self.url = f"http://{base}"
        self.replies = replies
        self.last = last
        self._seen = seen

    @property
    def requests(self) -> list[tuple[str, str, dict[str, str], Any]]:
        """(method, path, header fields, body) of each, the body as JSON where it is."""
        return [(m, p, h, json.loads(b) if b else None) for m, p, h, b in self._seen.requests]

    @property
    def raw(self) -> list[bytes]:
        return [body for _, _, _, body in self._seen.requests]


@contextmanager
def sink(*replies: Reply) -> Iterator[Sink]:
    """A service; without replies it takes everything."""
    waiting, last = list(replies), [(200, {}, {"id": "i1"})]

    def respond(path: str, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        status, headers, found = waiting.pop(0) if waiting else last[0]
        found = found() if callable(found) else found
        text = found if isinstance(found, str) else json.dumps(found)
        return status, list(headers.items()), text.encode()

    with web(respond) as (base, seen):
        yield Sink(base, seen, waiting, last)
