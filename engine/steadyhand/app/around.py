"""What lies around the runbooks, as plain data for the proofs: the settings, and the alerts that rules files raise.

Called by the composition root, once a command. Rules files are read only where the settings name them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import UsageError
from ..graph import Around
from ..schema import Settings

CONSOLE = "console"
"""The channel that is always there: whoever watches the run."""


def around(settings: Settings, config: Path, read: Callable[[Path], bytes]) -> Around:
    """All that the proofs may know beside the runbook, but for the step kinds. `config` is the settings' file."""
    return Around(
        settings=True,
        roles=settings.roles,
        targets=frozenset(settings.targets),
        channels=frozenset(settings.channels) | {CONSOLE},
        policy={**Around().policy, **settings.policy},
        policy_said=bool(settings.policy),
        alerts=frozenset(_alerts(settings, config, read)) if settings.rules else None,
    )


def _alerts(settings: Settings, config: Path, read: Callable[[Path], bytes]) -> Iterator[str]:
    """The names of all alerts that the rules files raise. Raises UsageError for one that cannot be read."""
    from ..schema.rules import alert_names  # noqa: PLC0415 only where rules files are named

    for pattern in settings.rules:
        files = [Path(pattern)] if Path(pattern).is_absolute() else sorted(config.parent.glob(pattern))
        if not files:
            raise UsageError(f"no rules file matches {pattern}", f"check `rules:` in {config}")
        for file in files:
            names, problems = alert_names(read(file), str(file))
            if problems:
                first = problems[0]
                raise UsageError(f"{first.span}: the rules file cannot be read: {first.message}", first.hint)
            yield from names
