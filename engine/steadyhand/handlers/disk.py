"""`disk`: how full the file system of a path is, here or on a machine that is reached by SSH.

Here the kernel is asked, in a thread of its own, since a file system whose server is gone answers nobody; there, `df`
is, with the options that POSIX knows. The percentages are those of df: what root keeps for itself counts as neither
used nor free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BadInput, BadResponse, Refused
from ..model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target, unknown_in
from . import _there
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

MOUNTS = "/proc/self/mountinfo"
ROW = re.compile(
    r"(?P<device>.*?)\s+(?P<size>[\d-]+)\s+(?P<used>[\d-]+)\s+(?P<free>[\d-]+)\s+(?:\d+%|-)\s+(?P<mount>/.*)"
)
"""A line of `df -P`."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Looking at a file system changes nothing."""
    del params
    return Effect.READ


spec = HandlerSpec(
    name="disk",
    summary="Look how full a file system is.",
    short="path",
    params=(Param("path", "text", "A path on the file system.", "/var/lib/postgresql", required=True),),
    results={
        "percent": "how much of the space is used, 0 to 100, as df counts it",
        "free": "bytes that are free for whoever is not root",
        "size": "bytes of the whole file system",
        "inodes_percent": "how many of the inodes are used, 0 to 100; null where there is no such limit",
        "mount": "where it is mounted",
        "device": "what is mounted there",
        "read_only": "whether it is mounted read-only; null where that could not be seen",
        "duration": "microseconds from the start to the end",
    },
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, remote=True),
    targets=(_there.FAMILY,),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """Where would be looked. Raises BadInput."""
    path = text_of(params["path"])
    if not path.secrets and (not path.masked() or "\0" in path.masked()):
        raise BadInput("`path` is none", "write a path, as in disk: /var")
    request = {"path": path, **_there.place(target)}
    if target is not None:
        _there.unsecret(path, "path")
        if not path.masked().startswith("/") and not unknown_in(path):
            raise BadInput(
                f"{path.masked()[:80]!r} is no whole path, and where it begins there is not known", "begin it with /"
            )
    targets, lines = _there.named(target, request)
    return Plan("disk", "\n".join([f"look at the file system of {path.masked()}", *lines]), request, targets)


def perform(plan: Plan, hands: Hands) -> Result:
    """Look, once."""
    import time  # noqa: PLC0415 not for `validate`

    from ._dial import start_checks  # noqa: PLC0415 as above

    start_checks(hands)
    start = time.monotonic()
    found = (_far if "connection" in plan.request else _near)(plan.request, hands)
    return Result({**found, "duration": int((time.monotonic() - start) * 1_000_000)})


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the machine lets us in; here, whether there is such a path."""
    import os  # noqa: PLC0415 not for `validate`

    if "connection" in plan.request:
        return _there.login(plan.request, hands)
    if plan.request["path"].secrets:
        return []
    path = os.path.join(hands.cwd, plan.request["path"].masked())
    there = os.path.exists(path)
    return [Need(f"path {path}", there, *(("", "") if there else ("there is none", "create it, or change `path`")))]


def _near(request: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    """On this machine."""
    import os  # noqa: PLC0415 not for `validate`

    from ._place import connected  # noqa: PLC0415 as above

    path = os.path.realpath(os.path.join(hands.cwd, hands.reveal(request["path"])))
    try:
        seen = connected(lambda: os.statvfs(path), lambda _: None, path, hands)
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
            mount, device, _ = mounted(mounts.read(), path)
    except FileNotFoundError:
        raise BadInput(f"{path} is not there", "look at `path`") from None
    except OSError as problem:
        raise Refused(f"{path} cannot be looked at: {problem.strerror}", "look at its rights, and at dmesg") from None
    used = seen.f_blocks - seen.f_bfree
    return {
        "percent": _percent(used, seen.f_bavail),
        "free": seen.f_bavail * seen.f_frsize,
        "size": seen.f_blocks * seen.f_frsize,
        "inodes_percent": _percent(seen.f_files - seen.f_ffree, seen.f_favail) if seen.f_files else None,
        "mount": mount,
        "device": device,
        "read_only": bool(seen.f_flag & os.ST_RDONLY),
    }


def _far(request: Mapping[str, Any], hands: Hands) -> dict[str, Any]:
    """On another machine, by df."""
    path = request["path"].masked()
    space = _row(_there.ran(["df", "-P", "-k", "--", path], request, hands)[1])
    code, text, _ = _there.ran(["df", "-P", "-i", "--", path], request, hands, ends=range(256))
    inodes = _row(text) if code == 0 else {}
    code, text, _ = _there.ran(["cat", MOUNTS], request, hands, ends=range(256))
    return {
        "percent": _percent(int(space["used"]), int(space["free"])),
        "free": int(space["free"]) * 1024,
        "size": int(space["size"]) * 1024,
        "inodes_percent": _inodes(inodes),
        "mount": space["mount"],
        "device": space["device"],
        "read_only": mounted(text, space["mount"])[2] if code == 0 else None,
    }


def _row(text: str) -> dict[str, str]:
    """The line of the file system."""
    found = ROW.fullmatch(text.rstrip("\n").rpartition("\n")[2])
    if found is None:
        raise BadResponse(f"df printed what it does not print by POSIX: {text[:200]!r}", "try df -P -k there")
    return found.groupdict()


def _inodes(row: Mapping[str, str]) -> float | None:
    if not row or "-" in {row["size"], row["used"], row["free"]} or int(row["size"]) == 0:
        return None
    return _percent(int(row["used"]), int(row["free"]))


def _percent(used: int, free: int) -> float:
    return round(100 * used / (used + free), 2) if used + free > 0 else 0.0


def mounted(mounts: str, path: str) -> tuple[str, str, bool]:
    """The mount point that a path lies below, what is mounted there, and whether read-only, by /proc/self/mountinfo."""
    best = ("/", "", False)
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, more = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(more) < 2:
            continue
        point = _plain(fields[4])
        # Of several at one place, the last one is the one that is seen.
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[0]):
            flags = {*fields[5].split(","), *(more[2].split(",") if len(more) > 2 else ())}
            best = (point, _plain(more[1]), "ro" in flags)
    return best


def _plain(text: str) -> str:
    """Without the octal escapes that stand for blanks."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
