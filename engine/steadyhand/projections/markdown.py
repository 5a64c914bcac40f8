"""The transcript as Markdown: what a person pastes into a post-mortem. Hostile text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..graph import Graph
from ..graph.pictures import mermaid
from ..model import Artifact, Finding
from .differences import captured
from .sections import Attempt, Question, Section, Transcript
from .words import UNFINISHED, brief, clock, confinement, door, ending, size, spelled, stamp, took, visible

_SPECIAL = re.compile(r"([\\`*{}\[\]<>#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|~(?=~)|(?<=~)~|&(?=[A-Za-z#])|!(?=\[))")


def plain(text: object, most: int = 300) -> str:
    """Words in a sentence or a table cell."""
    return _SPECIAL.sub(r"\\\1", brief(text if isinstance(text, str) else str(text), most))


def code(text: str, most: int = 400) -> str:
    """A short piece of code in a line."""
    line = brief(text, most)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def row(*cells: str) -> str:
    """A row of a table; a bar inside a cell does not end it."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def block(text: str, language: str = "text") -> str:
    """A fenced block; the fence is longer than any inside."""
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}{language}\n{visible(text)}\n{fence}"


def render(t: Transcript, graph: Graph, folder: str = "") -> str:
    """The whole document. `folder` is where the artifacts lie, for links; '' when they do not lie beside it."""
    parts = [*_head(t), *_picture(t, graph), "## What happened", ""]
    for section in t.sections:
        parts.extend(_section(section, folder))
    parts.extend(_foot(t))
    return "\n".join(parts).rstrip() + "\n"


def _head(t: Transcript) -> Iterator[str]:
    yield f"# {plain(t.title)}"
    yield ""
    for path in t.in_doubt:
        yield f"> **In doubt:** nobody knows whether the change {code(path)} happened."
        yield ""
    for one in t.undelivered:
        yield f"> **Not delivered:** {plain(one.what, 600)} (step {code(one.path)}, {clock(one.at)})"
        yield ""
    yield " ".join(plain(sentence, 600) for sentence in t.summary)
    yield ""
    rows = [
        ("Run", code(t.run)),
        ("Runbook", f"{code(t.runbook)} (text {code(t.digest[:12])})"),
        ("Conclusion", f"**{plain(ending(t.conclusion, t.mode, changed=t.changed))}**"),
        ("Started", f"{stamp(t.started)} by {plain(t.starter)}"),
        ("Alert", plain(t.cause)),
        ("Ended", f"{stamp(t.ended)}, after {took(t.ended - t.started)}" if t.ended else "not yet"),
        ("Mode", t.mode),
        ("Severity", t.severity),
        ("Services", ", ".join(map(plain, t.services))),
        ("Inputs", ", ".join(f"{plain(k)} = {code(spelled(v))}" for k, v in t.inputs.items())),
    ]
    yield "| | |"
    yield "|---|---|"
    for name, value in rows:
        if value:
            yield row(name, value)
    yield ""


def _picture(t: Transcript, graph: Graph) -> Iterator[str]:
    yield "## The path taken"
    yield ""
    for section in t.sections:
        if "/" not in section.path:
            arrow = f" → {code(section.to)}" if section.to else ""
            yield f"1. {code(section.path)} {plain(section.title)}: **{plain(section.outcome or UNFINISHED)}**{arrow}"
    yield ""
    yield block(mermaid(graph, t.walked, t.marks), "mermaid")
    yield ""


def _section(s: Section, folder: str) -> Iterator[str]:
    again = f" (visit {s.visit})" if s.visit > 1 else ""
    yield f"### {clock(s.entered)} {plain(s.title)}{again}"
    yield ""
    lasted = f", {took(s.left - s.entered)}" if s.left else ""
    decided = f" The cause: **{plain(s.decided)}**." if s.decided else ""
    yield f"Step {code(s.path)} ({s.kind}): **{plain(s.outcome or UNFINISHED)}**{lasted}.{decided}"
    yield ""
    for question in s.gates:
        yield from _question(question)
    if len({a.path for a in s.attempts}) > 1:
        yield from _table(s)
    for attempt in s.attempts:
        yield from _attempt(attempt, folder)
    for name, diff in captured(s.attempts):
        yield f"What changed, as the capture {code(name)} saw it{':' if diff else ': nothing.'}"
        yield ""
        if diff:
            yield block(diff, "diff")
            yield ""
    yield from _findings(s.findings)
    if s.facts:
        yield "Facts: " + ", ".join(f"{code(name)} = {code(spelled(value))}" for name, value in s.facts.items())
        yield ""
    for at, text in s.remarks:
        yield f"- {clock(at)} {plain(text)}"
    if s.remarks:
        yield ""


def _table(s: Section) -> Iterator[str]:
    yield "| Part | Outcome | What was seen | Took |"
    yield "|---|---|---|---|"
    for a in s.attempts:
        again = f" (attempt {a.number})" if a.number > 1 else ""
        outcome = plain(a.outcome or "running")
        lasted = took(a.duration) if a.duration else ""
        yield row(f"{plain(a.label or a.path)}{again}", f"**{outcome}**", plain(a.reason), lasted)
    yield ""


def _question(q: Question) -> Iterator[str]:
    yield f"**Asked at {clock(q.opened)}:** {plain(q.prompt, 2000)}"
    yield ""
    if q.preview:
        yield f"A yes was a yes to exactly this ({plain(q.effect)}, {code(q.digest[:12])}):"
        yield ""
        yield block(q.preview)
        yield ""
    asked = f"{q.quorum} of " if q.quorum > 1 else ""
    who = f"Asked: {asked}{', '.join(map(plain, q.roles))}. " if q.roles else ""
    on = f"Targets: {', '.join(map(plain, q.targets))}. " if q.targets else ""
    if who or on:
        yield f"{who}{on}".strip()
        yield ""
    for notice in q.notices:
        yield f"**Note:** {plain(notice, 500)}"
        yield ""
    if q.evidence and q.kind in {"confirm", "doubt"}:
        yield f"Known then: {plain(', '.join(q.evidence), 1000)}"
        yield ""
    for answer in q.answers:
        refused = f" (refused: {plain(answer.refused)})" if answer.refused else ""
        through = door(answer.via, answer.origin)
        via = f" ({plain(through)})" if through else ""
        comment = f": {plain(answer.comment, 2000)}" if answer.comment else ""
        said = f"{plain(q.said(answer))}{comment}{refused}, after {took(answer.at - q.opened)}"
        yield f"- {clock(answer.at)} **{plain(answer.by)}**{via}: {said}"
    if q.result:
        yield f"- {clock(q.closed)} {plain(q.result)}{f': {plain(q.reason)}' if q.reason else ''}"
    yield ""


def _attempt(a: Attempt, folder: str) -> Iterator[str]:
    label = f"{plain(a.label)}: " if a.label else ""
    again = f", attempt {a.number}" if a.number > 1 else ""
    how = confinement(a.kind, a.effect, a.confined, a.confinement)
    held = f", {plain(how)}" if how else ""
    what = f" ({plain(a.kind)}, {a.effect}{held}{again})" if a.kind else ""
    outcome = f"{label}**{plain(a.outcome or 'running')}**"
    lasted = f", {took(a.duration)}" if a.duration else ""
    yield f"{outcome}{what}, {clock(a.started)}{lasted}. {plain(a.reason, 600)}".rstrip()
    yield ""
    if a.unsure:
        yield "It may have had its effect all the same."
        yield ""
    if a.hint:
        yield f"To do: {plain(a.hint)}"
        yield ""
    if a.preview:
        yield block(a.preview, "sh" if a.kind == "shell" else "text")
        yield ""
    yield from _findings(a.findings)
    for artifact in a.artifacts:
        yield from _artifact(artifact, folder)


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    if not findings:
        return
    yield "| | Looked at | Expected | Actual |"
    yield "|---|---|---|---|"
    for f in findings:
        sign = {True: "✓", False: "✗", None: "?"}[f.holds]
        names = "".join(f", {code(k)} = {code(v)}" for k, v in f.names.items())
        yield row(sign, code(f.subject), plain(f.expected), f"{code(f.actual)}{names}")
    yield ""


def _artifact(artifact: Artifact, folder: str) -> Iterator[str]:
    cut = "" if artifact.whole else f", the first {size(artifact.stored)} kept"
    name = code(artifact.sha256[:12])
    linked = f"[{name}]({folder}/{artifact.sha256})" if folder else name
    kept = f", artifact {linked}" if artifact.sha256 else ""
    yield f"{plain(artifact.name)}: {size(artifact.size)}{kept}{cut}, SHA-256 {code(artifact.digest[:12])}"
    yield ""
    yield block(artifact.head)
    yield ""
    if artifact.tail:
        yield "..."
        yield ""
        yield block(artifact.tail)
        yield ""


def _foot(t: Transcript) -> Iterator[str]:
    if t.remarks:
        yield "## Beside the steps"
        yield ""
        for at, text in t.remarks:
            yield f"- {stamp(at)} {plain(text, 1000)}"
        yield ""
    if t.preflight:
        yield "## Preflight"
        yield ""
        for what, holds, detail in t.preflight:
            yield f"- {'✓' if holds else '✗'} {plain(what)} {plain(detail)}".rstrip()
        yield ""
    head = f" Their chain ends with {code(t.head)}." if t.head else ""
    yield f"{t.events} events, the last at {stamp(t.last)}. Times are UTC.{head}"
