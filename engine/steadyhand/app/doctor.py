"""What this machine has and lacks: versions, the store, the settings, plug-ins, what the kernel can confine."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from .. import __version__
from ..errors import InvalidDocument, SteadyError
from .services import Services

Row = tuple[str, bool, str]


def examine(services: Services) -> tuple[Row, ...]:
    """Rows of (what, whether it is in order, what was found)."""
    return (
        ("version", True, f"steadyhand {__version__}, Python {platform.python_version()}, {platform.system()}"),
        _settings(services),
        _store(services),
        *((("plug-in", False, problem)) for problem in services.plugin_problems),
        ("step kinds", True, ", ".join(n for n, s in services.all_specs().items() if not s.available)),
        ("confinement", True, _confinement()),
    )


def _settings(services: Services) -> Row:
    try:
        path, settings = services.config_path, services.settings
    except InvalidDocument as problem:
        return ("settings", False, "; ".join(f"{d.span}: {d.message}" for d in problem.diagnostics[:3]))
    except SteadyError as problem:
        return ("settings", False, problem.message)
    roles = f", {len(settings.roles)} roles" if settings.roles else ""
    return ("settings", True, f"{path}{roles}" if path else "none (defaults)")


def _store(services: Services) -> Row:
    try:
        runs = sum(1 for _ in services.journal.streams("r"))
    except SteadyError as problem:
        return ("store", False, f"{problem.message}; {problem.hint}")
    return ("store", True, f"{services.store_url}, {runs} runs")


def _confinement() -> str:
    """What could hold a read to reading. Reads are not confined by this version, and transcripts say so."""
    landlock = Path("/sys/kernel/security/lsm")
    known = landlock.read_text() if os.access(landlock, os.R_OK) else ""
    found = [
        name
        for name, there in (("Landlock", "landlock" in known), ("bubblewrap", bool(shutil.which("bwrap"))))
        if there
    ]
    return f"{', '.join(found) or 'neither Landlock nor bubblewrap'}; reads are not confined by this version"
