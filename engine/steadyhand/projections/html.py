"""The transcript as one self-contained page: no script, nothing loaded, light and dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Graph
from ..graph.svg import escape, svg
from ..model import Artifact, Finding
from .differences import captured
from .sections import Attempt, Question, Section, Transcript
from .words import UNFINISHED, brief, clock, confinement, door, ending, size, stamp, took, visible

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#59636e;--paper:#fff;--box:#f6f8fa;--line:#d1d9e0;--pass:#1a7f37;--fail:#cf222e;--error:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--paper:#0d1117;--box:#161b22;--line:#3d444d;--pass:#3fb950;--fail:#f85149;--error:#d29922}}
body{margin:0 auto;padding:1rem;max-width:60rem;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem;margin:0}
table{border-collapse:collapse;width:100%;margin:.5rem 0}td,th{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top;font-size:.9rem}th{white-space:nowrap}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.5rem;overflow-x:auto;white-space:pre-wrap;font-size:.85rem;max-height:24rem;overflow-y:auto}
code{font-size:.9em;background:var(--box);border-radius:4px;padding:0 .2em}section{border:1px solid var(--line);border-radius:8px;padding:.75rem;margin:.75rem 0}
.pass,.approved,.resolved,.healthy{color:var(--pass)}.fail,.rejected{color:var(--fail)}.error,.interrupted,.expired,.escalated{color:var(--error)}
.q{color:var(--quiet);font-size:.9rem}.notice{color:var(--error);font-weight:600}.doubt{border:2px solid var(--fail);border-radius:8px;padding:.75rem;font-weight:600}.lost{border-left:4px solid var(--error);padding-left:.75rem}.gate p:first-child{white-space:pre-line}.gate{border-left:4px solid var(--error);padding-left:.75rem;margin:.5rem 0}
summary{cursor:pointer;color:var(--quiet)}.scroll{overflow-x:auto}@media print{pre{max-height:none}details>*{display:block}}
""".strip().replace("\n", "")

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def text(words: str) -> str:
    """Text as the page holds it: nothing in it is markup, and nothing in it is invisible."""
    return escape(visible(words))


def _word(outcome: str) -> str:
    known = outcome if outcome.isalpha() else ""
    return f'<b class="{known}">{text(outcome or UNFINISHED)}</b>'


def render(t: Transcript, graph: Graph, folder: str = "") -> str:
    """The whole page. `folder` is where the artifacts lie, for links; '' when they do not lie beside it."""
    sections = [_section(section, folder) for section in t.sections]
    body = "".join([*_head(t), *_picture(t, graph), "<h2>What happened</h2>", *sections, *_foot(t)])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text(t.title)}: {text(t.run)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(t: Transcript) -> Iterator[str]:
    yield f"<h1>{text(t.title)}</h1>"
    for path in t.in_doubt:
        yield f'<p class="doubt">In doubt: nobody knows whether the change <code>{text(path)}</code> happened.</p>'
    for one in t.undelivered:
        where = f"step <code>{text(one.path)}</code>, {clock(one.at)}"
        yield f'<p class="lost"><b>Not delivered:</b> {text(one.what)} ({where})</p>'
    yield f"<p>{text(' '.join(t.summary))}</p><table>"
    ended = f"{stamp(t.ended)}, after {took(t.ended - t.started)}" if t.ended else "not yet"
    conclusion = text(ending(t.conclusion, t.mode, changed=t.changed))
    rows = [
        ("Run", f"<code>{text(t.run)}</code>"),
        ("Runbook", f"<code>{text(t.runbook)}</code> (text <code>{text(t.digest[:12])}</code>)"),
        ("Conclusion", f'<b class="{text(t.conclusion)}">{conclusion}</b>'),
        ("Started", f"{stamp(t.started)} by {text(t.starter)}"),
        ("Alert", text(t.cause)),
        ("Ended", ended),
        ("Mode", text(t.mode)),
        ("Severity", text(t.severity)),
        ("Services", text(", ".join(t.services))),
        ("Inputs", ", ".join(f"{text(k)} = <code>{text(brief(v))}</code>" for k, v in t.inputs.items())),
    ]
    yield "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows if value)
    yield "</table>"


def _picture(t: Transcript, graph: Graph) -> Iterator[str]:
    yield "<h2>The path taken</h2><ol>"
    for section in t.sections:
        if "/" not in section.path:
            to = f" → <code>{text(section.to)}</code>" if section.to else ""
            yield f"<li><code>{text(section.path)}</code> {text(section.title)}: {_word(section.outcome)}{to}</li>"
    yield f'</ol><div class="scroll">{svg(graph, walked=t.walked, marks=t.marks)}</div>'


def _section(s: Section, folder: str) -> str:
    again = f" (visit {s.visit})" if s.visit > 1 else ""
    lasted = f", {took(s.left - s.entered)}" if s.left else ""
    decided = f" The cause: <b>{text(s.decided)}</b>." if s.decided else ""
    parts = [
        f"<section><h3>{clock(s.entered)} {text(s.title)}{again}</h3>",
        f'<p class="q">Step <code>{text(s.path)}</code> ({text(s.kind)}): {_word(s.outcome)}{lasted}.{decided}</p>',
        *map(_question, s.gates),
        *(_attempt(attempt, folder) for attempt in s.attempts),
        *(_captured(name, diff) for name, diff in captured(s.attempts)),
        _findings(s.findings),
    ]
    if s.facts:
        facts = ", ".join(f"{text(k)} = <code>{text(brief(v))}</code>" for k, v in s.facts.items())
        parts.append(f"<p>Facts: {facts}</p>")
    parts.append(_list(s.remarks))
    return "".join([*parts, "</section>"])


def _captured(name: str, diff: str) -> str:
    rest = f":</p><pre>{text(diff)}</pre>" if diff else ": nothing.</p>"
    return f"<p>What changed, as the capture <code>{text(name)}</code> saw it{rest}"


def _list(remarks: list[tuple[int, str]]) -> str:
    items = "".join(f"<li>{stamp(at)} {text(words)}</li>" for at, words in remarks)
    return f"<ul>{items}</ul>" if items else ""


def _question(q: Question) -> str:
    parts = [f'<div class="gate"><p><b>Asked at {clock(q.opened)}:</b> {text(q.prompt)}</p>']
    if q.preview:
        label = f"A yes was a yes to exactly this ({text(q.effect)}, <code>{text(q.digest[:12])}</code>):"
        parts.append(f"<p>{label}</p><pre>{text(q.preview)}</pre>")
    if q.roles:
        parts.append(f'<p class="q">Asked: {q.quorum} of {text(", ".join(q.roles))}</p>')
    if q.targets:
        parts.append(f'<p class="q">Targets: {text(", ".join(q.targets))}</p>')
    parts.extend(f'<p class="notice">Note: {text(notice)}</p>' for notice in q.notices)
    if q.evidence and q.kind in {"confirm", "doubt"}:
        parts.append(f'<p class="q">Known then: {text(brief(", ".join(q.evidence), 1000))}</p>')
    for a in q.answers:
        refused = f" (refused: {text(a.refused)})" if a.refused else ""
        comment = f": {text(a.comment)}" if a.comment else ""
        through = door(a.via, a.origin)
        via = f" ({text(through)})" if through else ""
        waited = took(a.at - q.opened)
        parts.append(
            f"<p>{clock(a.at)} <b>{text(a.by)}</b>{via}: {text(q.said(a))}{comment}{refused}, after {waited}</p>"
        )
    if q.result:
        reason = f": {text(q.reason)}" if q.reason else ""
        parts.append(f"<p>{clock(q.closed)} {_word(q.result)}{reason}</p>")
    return "".join([*parts, "</div>"])


def _attempt(a: Attempt, folder: str) -> str:
    label = f"{text(a.label)}: " if a.label else ""
    again = f", attempt {a.number}" if a.number > 1 else ""
    how = confinement(a.kind, a.effect, a.confined, a.confinement)
    held = f", {text(how)}" if how else ""
    what = f" ({text(a.kind)}, {text(a.effect)}{held}{again})" if a.kind else ""
    lasted = f", {took(a.duration)}" if a.duration else ""
    outcome = _word(a.outcome or "running")
    parts = [f"<p>{label}{outcome}{what}, {clock(a.started)}{lasted}. {text(a.reason)}</p>"]
    if a.unsure:
        parts.append("<p>It may have had its effect all the same.</p>")
    if a.hint:
        parts.append(f'<p class="q">To do: {text(a.hint)}</p>')
    if a.preview:
        parts.append(f"<pre>{text(a.preview)}</pre>")
    parts.append(_findings(a.findings))
    parts.extend(_artifact(artifact, folder) for artifact in a.artifacts)
    return "".join(parts)


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    rows = []
    for f in findings:
        sign = {True: '<span class="pass">✓</span>', False: '<span class="fail">✗</span>', None: "?"}[f.holds]
        names = "".join(f"<br>{text(k)} = {text(v)}" for k, v in f.names.items())
        rows.append(
            f"<tr><td>{sign}</td><td>{text(f.subject)}</td><td>{text(f.expected)}</td><td>{text(f.actual)}{names}</td></tr>"
        )
    head = "<tr><th>Holds</th><th>Looked at</th><th>Expected</th><th>Actual</th></tr>"
    return f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _artifact(artifact: Artifact, folder: str) -> str:
    cut = "" if artifact.whole else f", the first {size(artifact.stored)} kept"
    name = f"<code>{text(artifact.sha256[:12])}</code>"
    linked = f'<a href="{text(folder)}/{text(artifact.sha256)}">{name}</a>' if folder else name
    kept = f", artifact {linked}" if artifact.sha256 else ""
    tail = f"<p>...</p><pre>{text(artifact.tail)}</pre>" if artifact.tail else ""
    return (
        f"<details><summary>{text(artifact.name)}: {size(artifact.size)}{kept}{cut}, "
        f"SHA-256 <code>{text(artifact.digest[:12])}</code></summary><pre>{text(artifact.head)}</pre>{tail}</details>"
    )


def _foot(t: Transcript) -> Iterator[str]:
    if t.remarks:
        yield f"<h2>Beside the steps</h2>{_list(t.remarks)}"
    if t.preflight:
        rows = "".join(f"<li>{'✓' if ok else '✗'} {text(what)} {text(why)}</li>" for what, ok, why in t.preflight)
        yield f"<h2>Preflight</h2><ul>{rows}</ul>"
    head = f" Their chain ends with <code>{text(t.head)}</code>." if t.head else ""
    yield f'<p class="q">{t.events} events, the last at {stamp(t.last)}. Times are UTC.{head}</p>'
