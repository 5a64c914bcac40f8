"""Servers that the tests of several handlers share, and those of the documentation: started once in a session."""

from __future__ import annotations

import os
import tempfile

import pytest

from .handlers.kube import fake, fake_server, here, real_server
from .realparts import NOTES, noted

__all__ = ["fake", "fake_server", "here", "real_server"]


def pytest_configure(config: pytest.Config) -> None:
    """The file into which this run, in all its processes, notes the real servers that it used."""
    if not hasattr(config, "workerinput"):
        handle, os.environ[NOTES] = tempfile.mkstemp(prefix="steady-servers-")
        os.close(handle)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which real servers the tests ran against, and which are not on this machine."""
    here, missing = noted(os.environ[NOTES])
    if here or missing:
        terminalreporter.write_line(f"real servers: {', '.join(here) or 'none'}")
    if missing:
        terminalreporter.write_line(f"not here: {', '.join(missing)}; ./tests/realparts/install.sh brings them")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The notes have been read."""
    if not hasattr(config, "workerinput"):
        os.unlink(os.environ.pop(NOTES))
