"""`process`: which processes run, here or on a machine that is reached by SSH.

This is the half without hands: the specification, the plan, its preview. Looking changes nothing. `_processes` reads
/proc here, and asks `ps` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target, unknown_in
from . import _there
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

TEXTS = ("name", "pattern", "pid", "user")


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Looking at processes changes nothing."""
    del params
    return Effect.READ


spec = HandlerSpec(
    name="process",
    summary="Look which processes run.",
    short="name",
    params=(
        Param("name", "text", "The name of the program, without its folder.", "nginx"),
        Param(
            "pattern", "text", "A regular expression that is looked for in the whole command.", "worker --queue=orders"
        ),
        Param("pid", "text", "The number of one process.", 4711),
        Param("user", "text", "Whose processes.", "postgres"),
    ),
    results={
        "count": "how many there are that are all that was asked for; the engine itself is none of them",
        "pids": "their numbers, the oldest process first",
        "processes": "the first 200: a list of {pid, parent, user, rss (bytes), cpu (percent over its life), "
        "age (seconds), state (letter), command (at most 1000 characters)}",
        "duration": "microseconds from the start to the end",
    },
    default_expect={"count": {"gt": 0}},
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, remote=True),
    targets=(_there.FAMILY,),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """What would be looked for, and where. Raises BadInput."""
    from ..expressions import patterns  # noqa: PLC0415 not for `validate`
    from ..expressions.failures import TemplateError  # noqa: PLC0415 as above
    from . import _processes  # noqa: PLC0415 as above

    asked: dict[str, Any] = {name: text_of(params[name]) for name in TEXTS if name in params}
    if "pid" in asked and not asked["pid"].secrets and not unknown_in(asked["pid"]):
        _processes.number(asked["pid"].masked())
    if not asked:
        raise BadInput("`process` looks for nothing", "give it at least one of name, pattern, pid and user")
    if "pattern" in asked and not asked["pattern"].secrets and not unknown_in(asked["pattern"]):
        try:
            patterns.compiled(asked["pattern"].masked())
        except TemplateError as problem:
            raise BadInput(problem.message, problem.hint or "look at `pattern`") from None
    request = {"asked": asked, **_there.place(target)}
    targets, lines = _there.named(target, request)
    words = ", ".join(f"{k} {v.masked() if k == 'pid' else repr(v.masked())}" for k, v in asked.items())
    return Plan("process", "\n".join([f"look for processes: {words}", *lines]), request, targets)


def perform(plan: Plan, hands: Hands) -> Result:
    """Look, once."""
    from . import _processes  # noqa: PLC0415 not for `validate`

    return _processes.look(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the machine lets us in; here, nothing is needed."""
    return _there.login(plan.request, hands) if "connection" in plan.request else []
