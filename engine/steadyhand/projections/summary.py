"""What happened in a run, in a few plain sentences: the first thing that a transcript says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import PASS
from .sections import Attempt, Section, Transcript
from .words import ending, took


def summary(t: Transcript) -> Iterator[str]:
    """What happened in a few plain sentences, each from what the events say."""
    found = [s.decided for s in t.sections if s.decided]
    if found:
        yield f"The cause found: {'; '.join(dict.fromkeys(found))}."
    for section in t.sections:
        yield from _changed(section)
    if t.conclusion:
        why = f": {t.reason.rstrip('.')}" if t.reason else ""
        how = ending(t.conclusion, t.mode, changed=t.changed)
        yield f"The run ended {how}, after {took(t.ended - t.started)}{why}."
    else:
        waiting = [q.gate for s in t.sections for q in s.gates if not q.result]
        yield f"The run waits for people at: {', '.join(waiting)}." if waiting else "The run has not ended."


def _changed(section: Section) -> Iterator[str]:
    """What a step changed, by whose yes, and whether it was shown to work."""
    changes = [a for a in section.attempts if a.effect in {"change", "destructive"} and not a.simulated]
    if not changes:
        return
    said = [
        answer
        for q in section.gates
        if q.result in {"approved", "run_again"}
        for answer in q.answers
        if not answer.refused
    ]
    by = f", approved by {', '.join(dict.fromkeys(a.by for a in said))}" if said else ""
    yield f"Changed: {section.title} ({_came(section, changes)}{by})."


def _came(section: Section, changes: Sequence[Attempt]) -> str:
    """What became of a change as a whole, not only of its own command."""
    outcome = section.outcome or changes[-1].outcome or "running"
    items = {a.path: a.outcome for a in changes if a.path.startswith(f"{section.path}[") and a.path.endswith("]")}
    bad = sum(one != PASS for one in items.values())
    if bad:
        return f"{outcome}: {bad} of {len(items)} did not pass"
    proofs = [a for a in section.attempts if a.path.endswith(":verify")]
    if not proofs or proofs[-1].outcome == PASS:
        return outcome
    undone = any(a.path.endswith(":undo") and a.outcome == PASS for a in changes)
    return f"{outcome}: it did not prove itself{', and was undone' if undone else ''}"
