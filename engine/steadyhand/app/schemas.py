"""The published schemas by name. `schemas/` in the repository is written from here; a test compares."""

from __future__ import annotations

from typing import Any

from ..schema.emit import runbook_schema, settings_schema
from .services import Services

NAMES = ("backtest", "drill", "plan", "proved", "runbook", "settings", "test", "tested", "transcript")


def schema(services: Services, name: str) -> dict[str, Any]:
    """One schema."""
    if name == "settings":
        return settings_schema(services.specs)
    if name == "test":
        from ..rehearsal.published import test_schema  # noqa: PLC0415 only for this one

        return test_schema()
    if name == "drill":
        from ..rehearsal.published import drill_schema  # noqa: PLC0415 only for this one

        return drill_schema()
    if name == "proved":
        from ..rehearsal.published import proved_schema  # noqa: PLC0415 only for this one

        return proved_schema()
    if name == "tested":
        from ..rehearsal.published import tested_schema  # noqa: PLC0415 only for this one

        return tested_schema()
    if name == "backtest":
        from ..alerts.replayed import schema as backtest_schema  # noqa: PLC0415 only for this one

        return backtest_schema()
    if name == "plan":
        from ..projections.planned import schema as plan_schema  # noqa: PLC0415 only for this one

        return plan_schema()
    if name == "transcript":
        from ..projections.structured import schema as transcript_schema  # noqa: PLC0415 only for this one

        return transcript_schema()
    return runbook_schema(services.specs)
