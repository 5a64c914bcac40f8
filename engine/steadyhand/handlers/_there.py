"""Programs that are asked for facts on another machine: the one place where `disk` and `process` go over SSH."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, HandlerError, Refused
from ..model import Need, Target, Text
from . import _ssh_target

if TYPE_CHECKING:
    from .protocol import Hands

FAMILY = _ssh_target.FAMILY


def place(target: Target | None) -> dict[str, Any]:
    """What a request says of where: {} for this machine. Raises BadInput."""
    return {"connection": _ssh_target.connection(target)} if target is not None else {}


def named(target: Target | None, request: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """The targets of a plan, and the lines of its preview about them."""
    if target is None:
        return (), []
    reached = request["connection"]
    return (f"{target.name}/{reached['host']}",), [f"# {line}" for line in _ssh_target.shown(reached)]


def unsecret(text: Text, name: str) -> None:
    """Raises BadInput for a secret that would stand on a command line there."""
    if text.secrets:
        what = f"a secret cannot stand in `{name}`: every user of that machine would see it"
        raise BadInput(what, "write it out, or look on this machine")


def ran(
    argv: Sequence[str], request: Mapping[str, Any], hands: Hands, *, ends: Sequence[int] = (0,)
) -> tuple[int, str, str]:
    """How a program ended there, and what it printed, in the language of POSIX. Raises a HandlerError."""
    from . import _ssh  # noqa: PLC0415 not for `validate`

    found = _ssh.run(["env", "LC_ALL=C", *argv], request["connection"], hands)
    if found.exit_code not in ends:
        said = " ".join(found.stderr.split())[:300] or f"exit code {found.exit_code}"
        where = request["connection"]["host"]
        raise Refused(f"{argv[0]} on {where} says: {said}", f"try it there by hand: {' '.join(argv)}")
    return found.exit_code, found.stdout, found.stderr


def login(request: Mapping[str, Any], hands: Hands) -> list[Need]:
    """For a preflight: whether the machine lets us in."""
    from . import _ssh  # noqa: PLC0415 not for `validate`

    what = f"login to {request['connection']['host']}"
    try:
        _ssh.connected(request["connection"], hands)
    except HandlerError as problem:
        return [Need(what, False, problem.message, problem.hint or "look at the host")]
    return [Need(what, True)]
