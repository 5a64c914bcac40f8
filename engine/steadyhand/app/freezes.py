"""The freezes of the settings, and which of them are on. Called by the pages."""

from __future__ import annotations

from ..driver.freezes import in_force
from ..schema import Freeze
from .services import Services


def freezes(services: Services) -> tuple[tuple[Freeze, bool], ...]:
    """Each freeze of the settings, and whether it is on now."""
    now = services.clock.now()
    return tuple((one, in_force((one,), one.targets, now) is not None) for one in services.settings.changes.freezes)
