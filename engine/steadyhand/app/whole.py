"""The server as its own parts see it: what they may look at, without knowing who puts it together (`server.py`)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Protocol

from ..schema import Settings
from .board import Board
from .conductor import Conductor
from .hub import Hub
from .services import Services
from .traces import Traces


class Whole(Protocol):
    """All parts of a server; each lives as long as it does."""

    @property
    def services(self) -> Services:
        """Settings, store, handlers, time."""

    @property
    def settings(self) -> Settings:
        """The settings as of now."""

    @property
    def board(self) -> Board:
        """What is known by heart."""

    @property
    def hub(self) -> Hub:
        """Where the news meet."""

    @property
    def conductor(self) -> Conductor:
        """Who drives runs."""

    @property
    def traces(self) -> Traces:
        """Who sends traces."""

    @property
    def draining(self) -> threading.Event:
        """Whether the server is about to end."""

    @property
    def parts(self) -> Sequence[Any]:
        """Whatever else lives in threads of its own; `alive` says whether it does."""
