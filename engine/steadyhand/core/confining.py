"""Whether the kernel must hold an attempt to reading, by what the runbook and the mode say. Pure.

Called by recording, just before an intent is recorded; what the machine can do is asked only when it matters.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Refused
from ..model import Ability, Effect, Mode, Operation

UNHELD = Ability("", "")
"""Nothing is to be held, and there is nothing to be said about it."""
OPTED_OUT = Ability("", "the step says `confine: false`")
HINT = (
    "install bubblewrap, or use a kernel with Landlock (Linux 6.12); `steady doctor` says what is there, and without "
    "`confine: true` the step runs unconfined"
)


def held(operation: Operation, able: bool, mode: str, ability: Callable[[], Ability]) -> Ability:
    """By what the attempt is to be confined, or why it is not; `able` says whether its handler can have it done.

    Written down (`confine: true`), it must be; in mode diagnose it is where it can be. Raises Refused.
    """
    if operation.effect is not Effect.READ or not able:
        return UNHELD
    if operation.confine is False:
        return OPTED_OUT
    if operation.confine is None and mode != Mode.DIAGNOSE.value:
        return UNHELD
    found = ability()
    if not found.means and operation.confine:
        raise Refused(f"it must be confined, and this machine cannot do that: {found.words}", HINT)
    return found
