"""What this machine has and lacks: versions, the store, the settings, plug-ins, what the kernel can confine."""

from __future__ import annotations

import platform

from .. import __version__
from ..errors import InvalidDocument, SteadyError
from ..handlers._confine import ability, trial
from .services import Services

Row = tuple[str, bool, str]


def examine(services: Services) -> tuple[Row, ...]:
    """Rows of (what, whether it is in order, what was found)."""
    return (
        ("version", True, f"steadyhand {__version__}, Python {platform.python_version()}, {platform.system()}"),
        _settings(services),
        _store(services),
        *((("plug-in", False, problem)) for problem in services.plugin_problems),
        ("step kinds", True, ", ".join(services.all_specs())),
        _confinement(),
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
        count = sum(1 for _ in services.journal.streams("r"))
    except SteadyError as problem:
        return ("store", False, f"{problem.message}; {problem.hint}")
    held = f"{services.store_name}, {count} run{'s'[: count != 1]}"
    readonly = services.journal.readonly
    return ("store", not readonly, f"{held}; it can only be read: {readonly}" if readonly else held)


def _confinement() -> Row:
    """By what a read is confined here, after a program has really been confined by it; having nothing is no fault."""
    found = ability()
    why = trial(found.means) if found.means else ""
    if why:
        return ("confinement", False, f"{found.words}, and it fails: {why}")
    return ("confinement", True, found.words if found.means else f"reads are not confined: {found.words}")
