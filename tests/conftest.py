"""Servers that the tests of several handlers share, and those of the documentation: started once in a session."""

from __future__ import annotations

from .handlers.kube import fake, fake_server, here, real_server

__all__ = ["fake", "fake_server", "here", "real_server"]
