"""What the examples and the pages of the probes look at: real servers, and the words or variables that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from .handlers.servers import web


@contextmanager
def _tcp() -> Iterator[list[str]]:
    with web() as (address, _):
        yield ["-i", f"address={address}"]


PROBES: Mapping[str, Callable[[], AbstractContextManager[list[str]]]] = {"tcp": _tcp}
"""Kinds whose example needs a server: what starts it, and gives the words of the command line that lead to it."""
