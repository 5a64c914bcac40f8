"""The processes of this machine from /proc, and those of another from `ps`. Called by `process` when a step runs."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from ..errors import BadInput, BadResponse, Cancelled
from ..expressions import patterns
from ..expressions.failures import TemplateError
from ..model import Result
from . import _there
from ._dial import start_checks
from .protocol import Hands

LISTED = 200
"""Processes that are told in full."""
SHOWN = 1000
"""Characters of a command that are told."""
COLUMNS = "pid,ppid,user:32,rss,pcpu,etimes,stat,args"


class Process(Struct, frozen=True):
    """One process. `names` are what its program may be called; `age` is seconds, `rss` bytes."""

    pid: int
    parent: int
    user: str
    rss: int
    cpu: float
    age: int
    state: str
    command: str
    names: tuple[str, ...]


def number(text: str) -> int:
    """The number of a process. Raises BadInput."""
    if not (text.isascii() and text.isdigit() and int(text[:20]) > 0):
        raise BadInput(f"{text[:40]!r} is no number of a process", "numbers of processes are above 0")
    return int(text)


def look(request: Mapping[str, Any], hands: Hands) -> Result:
    """Those that are all that was asked for, the oldest first."""
    start_checks(hands)
    start, asked = time.monotonic(), request["asked"]
    told = {name: hands.reveal(value) for name, value in asked.items()}
    pid = number(told["pid"]) if "pid" in told else 0
    try:
        pattern = patterns.compiled(told["pattern"]) if "pattern" in told else None
    except TemplateError as problem:
        raise BadInput("`pattern` is no regular expression that can be used", problem.hint) from None
    everybody = _far(request, hands) if "connection" in request else _near(hands)
    found = [
        one
        for one in everybody
        if pid in {0, one.pid}
        and told.get("user", one.user) == one.user
        and ("name" not in told or told["name"] in one.names)
        and (pattern is None or pattern.search(patterns.searchable(one.command)) is not None)
    ]
    found.sort(key=lambda one: (-one.age, one.pid))
    return Result(
        {
            "count": len(found),
            "pids": [one.pid for one in found],
            "processes": [_told(one) for one in found[:LISTED]],
            "duration": int((time.monotonic() - start) * 1_000_000),
        }
    )


def _told(one: Process) -> dict[str, Any]:
    return {
        "pid": one.pid, "parent": one.parent, "user": one.user, "rss": one.rss, "cpu": one.cpu, "age": one.age,
        "state": one.state, "command": one.command[:SHOWN],
    }  # fmt: skip


# --- here


def _near(hands: Hands) -> Iterator[Process]:
    """All processes of this machine but the engine. One that ends while it is looked at is not there."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    with open("/proc/uptime", encoding="ascii") as uptime:
        now = float(uptime.read().split()[0])
    for entry in os.listdir("/proc"):
        if hands.cancelled():
            raise Cancelled("it was told to stop while it looked")
        if entry.isdigit() and int(entry) != os.getpid():
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                yield _one(int(entry), now, ticks, page)


def _one(pid: int, now: float, ticks: int, page: int) -> Process:
    stat = _text(f"/proc/{pid}/stat")
    called = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    words = _text(f"/proc/{pid}/cmdline").rstrip("\0").split("\0")
    age = max(0.0, now - int(fields[19]) / ticks)
    used = (int(fields[11]) + int(fields[12])) / ticks
    return Process(
        pid=pid,
        parent=int(fields[1]),
        user=_user(os.stat(f"/proc/{pid}").st_uid),
        rss=int(fields[21]) * page,
        cpu=round(100 * used / age, 1) if age > 0 else 0.0,
        age=int(age),
        state=fields[0],
        command=" ".join(words) if words[0] else f"[{called}]",
        names=(called, *_names(words[0])),
    )


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(patterns.LONGEST // 4).decode("utf-8", "surrogateescape")


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _names(program: str) -> tuple[str, ...]:
    """What a program may be called, from the first word of its command: sshd writes `sshd:`, a login shell `-bash`."""
    name = program.rpartition("/")[2]
    return tuple({name, name.rstrip(":"), name.lstrip("-"), name.strip("[]")} - {""})


# --- there


def _far(request: Mapping[str, Any], hands: Hands) -> list[Process]:
    """All processes of another machine but the one that lists them."""
    _, text, _ = _there.ran(["ps", "-eww", "-o", COLUMNS], request, hands)
    rows = [line.split(None, 7) for line in text.splitlines()[1:]]
    if not rows or any(len(row) < 7 for row in rows[:1]):
        raise BadResponse(f"ps printed what it should not: {text[:200]!r}", f"try ps -eww -o {COLUMNS} there")
    found = [_row(row) for row in rows if len(row) == 8]
    return [one for one in found if COLUMNS not in one.command]


def _row(row: list[str]) -> Process:
    first = row[7].split(" ", 1)[0]
    return Process(
        pid=int(row[0]), parent=int(row[1]), user=row[2], rss=int(row[3]) * 1024, cpu=float(row[4]), age=int(row[5]),
        state=row[6][:1], command=row[7].rstrip(), names=_names(first),
    )  # fmt: skip
