"""Step kinds whose hands are not in this version: they are read and checked, and a run that needs one says so first.

Data only, for the registry. Their parameters are open: the schema room takes what stands there, and reads `target` and
`timeout` out of it as it does for every kind. Their effects are told where the words tell them, and a word that is not
known here is never taken for a read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Effect, HandlerSpec, Param, TargetSpec, undeclared_is_a_change


def _spec(
    name: str,
    summary: str,
    short: Param,
    effect_of: Callable[[Mapping[str, Any]], Effect] = undeclared_is_a_change,
    target: str = "",
) -> HandlerSpec:
    return HandlerSpec(
        name=name,
        summary=summary,
        short=short.name,
        params=(short,),
        open_params=True,
        results={},
        effect_of=effect_of,
        targets=(TargetSpec(target, f"What {name} acts on.", (), open_params=True),) if target else (),
        available=f"`{name}` steps are read and checked, but this version cannot carry them out yet",
    )


SPECS: Mapping[str, HandlerSpec] = {
    "ssh": _spec(
        "ssh",
        "Run a command on other machines.",
        Param("text", "any", "The command, for the shell there.", "uptime"),
        target="ssh",
    ),
}
