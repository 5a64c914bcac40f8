"""What has become of a question since somebody was shown it: why their answer does not fit any more. Pure.

Called by the pages, when an answer was refused: the one who gave it is shown what is different now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from typing import NamedTuple

from .. import events as e
from .words import clock

AROUND = 2


class Changed(NamedTuple):
    """What happened since, a sentence each; and what a yes would be a yes to, before and now, as a diff."""

    since: tuple[str, ...]
    diff: str
    now: e.GateOpened | None


def changed(recorded: Iterable[e.Recorded], gate: str, opening: int, digest: str) -> Changed:
    """What has become of a question since it was opened for that time, about that."""
    shown: e.GateOpened | None = None
    now: e.GateOpened | None = None
    since: list[str] = []
    for one in recorded:
        match one.event:
            case e.GateOpened(gate=name) as opened if name == gate:
                if opened.opening == opening and opened.digest == digest:
                    shown, since = opened, []
                elif shown is not None:
                    since.append(f"{clock(one.at)} it was asked again")
                now = opened
            case e.GateAnswered(gate=name) as said if name == gate:
                label = now.options.get(said.answer, said.answer) if now else said.answer
                since.append(f"{clock(one.at)} {said.by} answered: {label}")
            case e.GateClosed(gate=name) as closed if name == gate:
                why = f" ({closed.reason})" if closed.reason else ""
                since.append(f"{clock(one.at)} it was settled: {closed.result}{why}")
                now = None
            case e.RunConcluded(conclusion=conclusion):
                since.append(f"{clock(one.at)} the run ended: {conclusion}")
                now = None
            case _:
                pass
    if shown is None:
        since = ["this question was never asked in this way"]
    diff = _diff(shown, now) if shown is not None and now is not None and now is not shown else ""
    return Changed(tuple(since), diff, now)


def _diff(before: e.GateOpened, now: e.GateOpened) -> str:
    lines = unified_diff(
        list(_lines(before)), list(_lines(now)), "what you were shown", "what is asked now", "", "", AROUND, ""
    )
    return "\n".join(lines)


def _lines(opened: e.GateOpened) -> Iterator[str]:
    parts: Sequence[tuple[str, Sequence[str]]] = (
        ("question", opened.prompt.splitlines()),
        ("effect", (opened.effect,)),
        ("targets", opened.targets),
        ("", opened.preview.splitlines()),
        ("note", opened.notices),
        ("known", opened.evidence),
    )
    for name, lines in parts:
        yield from (f"{name}: {line}" if name else line for line in lines)
