"""The transcript as one self-contained page: no script, nothing loaded, light and dark, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Graph
from ..graph.svg import escape, svg
from ..model import Artifact, Finding
from .transcript import Attempt, Question, Section, Transcript
from .words import CONCLUSIONS, brief, clock, size, stamp, took

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--quiet:#59636e;--paper:#fff;--box:#f6f8fa;--line:#d1d9e0;--pass:#1a7f37;--fail:#cf222e;--error:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--paper:#0d1117;--box:#161b22;--line:#3d444d;--pass:#3fb950;--fail:#f85149;--error:#d29922}}
body{margin:0 auto;padding:1rem;max-width:60rem;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem;margin:0}
table{border-collapse:collapse;width:100%;margin:.5rem 0}td,th{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top;font-size:.9rem}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.5rem;overflow-x:auto;white-space:pre-wrap;font-size:.85rem;max-height:24rem;overflow-y:auto}
code{font-size:.9em;background:var(--box);border-radius:4px;padding:0 .2em}section{border:1px solid var(--line);border-radius:8px;padding:.75rem;margin:.75rem 0}
.pass,.approved,.resolved,.healthy{color:var(--pass)}.fail,.rejected{color:var(--fail)}.error,.interrupted,.expired,.escalated{color:var(--error)}
.q{color:var(--quiet);font-size:.9rem}.doubt{border:2px solid var(--fail);border-radius:8px;padding:.75rem;font-weight:600}.gate{border-left:4px solid var(--error);padding-left:.75rem;margin:.5rem 0}
summary{cursor:pointer;color:var(--quiet)}.scroll{overflow-x:auto}@media print{pre{max-height:none}details>*{display:block}}
""".strip().replace("\n", "")

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def _word(outcome: str) -> str:
    known = outcome if outcome.isalpha() else ""
    return f'<b class="{known}">{escape(outcome or "open")}</b>'


def render(t: Transcript, graph: Graph) -> str:
    """The whole page."""
    body = "".join([*_head(t), *_picture(t, graph), "<h2>What happened</h2>", *map(_section, t.sections), *_foot(t)])
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(t.title)}: {escape(t.run)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _head(t: Transcript) -> Iterator[str]:
    yield f"<h1>{escape(t.title)}</h1>"
    for path in t.in_doubt:
        yield f'<p class="doubt">In doubt: nobody knows whether the change <code>{escape(path)}</code> happened.</p>'
    yield f"<p>{escape(' '.join(t.summary))}</p><table>"
    ended = f"{stamp(t.ended)}, after {took(t.ended - t.started)}" if t.ended else "not yet"
    conclusion = escape(CONCLUSIONS.get(t.conclusion, t.conclusion))
    rows = [
        ("Run", f"<code>{escape(t.run)}</code>"),
        ("Runbook", f"<code>{escape(t.runbook)}</code> (text <code>{escape(t.digest[:12])}</code>)"),
        ("Conclusion", f'<b class="{escape(t.conclusion)}">{conclusion}</b>'),
        ("Started", f"{stamp(t.started)} by {escape(t.requester)}"),
        ("Ended", ended),
        ("Mode", escape(t.mode)),
        ("Severity", escape(t.severity)),
        ("Services", escape(", ".join(t.services))),
        ("Inputs", ", ".join(f"{escape(k)} = <code>{escape(brief(str(v)))}</code>" for k, v in t.inputs.items())),
    ]
    yield "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows if value)
    yield "</table>"


def _picture(t: Transcript, graph: Graph) -> Iterator[str]:
    yield "<h2>The path taken</h2><ol>"
    for section in t.sections:
        if "/" not in section.path:
            to = f" → <code>{escape(section.to)}</code>" if section.to else ""
            yield f"<li><code>{escape(section.path)}</code> {escape(section.title)}: {_word(section.outcome)}{to}</li>"
    yield f'</ol><div class="scroll">{svg(graph, walked=t.walked, marks=t.marks)}</div>'


def _section(s: Section) -> str:
    again = f" (visit {s.visit})" if s.visit > 1 else ""
    lasted = f", {took(s.left - s.entered)}" if s.left else ""
    decided = f" The cause: <b>{escape(s.decided)}</b>." if s.decided else ""
    parts = [
        f"<section><h3>{clock(s.entered)} {escape(s.title)}{again}</h3>",
        f'<p class="q">Step <code>{escape(s.path)}</code> ({escape(s.kind)}): {_word(s.outcome)}{lasted}.{decided}</p>',
        *map(_question, s.gates),
        *map(_attempt, s.attempts),
        _findings(s.findings),
    ]
    if s.facts:
        facts = ", ".join(f"{escape(k)} = <code>{escape(brief(str(v)))}</code>" for k, v in s.facts.items())
        parts.append(f"<p>Facts: {facts}</p>")
    parts.append(_list(s.remarks))
    return "".join([*parts, "</section>"])


def _list(remarks: list[tuple[int, str]]) -> str:
    items = "".join(f"<li>{stamp(at)} {escape(text)}</li>" for at, text in remarks)
    return f"<ul>{items}</ul>" if items else ""


def _question(q: Question) -> str:
    parts = [f'<div class="gate"><p><b>Asked at {clock(q.opened)}:</b> {escape(q.prompt)}</p>']
    if q.preview:
        label = f"A yes was a yes to exactly this ({escape(q.effect)}, <code>{escape(q.digest[:12])}</code>):"
        parts.append(f"<p>{label}</p><pre>{escape(q.preview)}</pre>")
    if q.roles:
        parts.append(f'<p class="q">Asked: {q.quorum} of {escape(", ".join(q.roles))}</p>')
    if q.targets:
        parts.append(f'<p class="q">Targets: {escape(", ".join(q.targets))}</p>')
    for a in q.answers:
        refused = f" (refused: {escape(a.refused)})" if a.refused else ""
        comment = f": {escape(a.comment)}" if a.comment else ""
        via = f" ({escape(a.via)})" if a.via else ""
        waited = took(a.at - q.opened)
        parts.append(
            f"<p>{clock(a.at)} <b>{escape(a.by)}</b>{via}: {escape(a.answer)}{comment}{refused}, after {waited}</p>"
        )
    if q.result:
        reason = f": {escape(q.reason)}" if q.reason else ""
        parts.append(f"<p>{clock(q.closed)} {_word(q.result)}{reason}</p>")
    return "".join([*parts, "</div>"])


def _attempt(a: Attempt) -> str:
    label = f"{escape(a.label)}: " if a.label else ""
    again = f", attempt {a.number}" if a.number > 1 else ""
    held = ", not confined" if a.effect == "read" and a.kind in {"shell", "ssh"} and not a.confined else ""
    what = f" ({escape(a.kind)}, {escape(a.effect)}{held}{again})" if a.kind else ""
    parts = [
        f"<p>{label}{_word(a.outcome or 'running')}{what}, {clock(a.started)}, {took(a.duration)}. {escape(a.reason)}</p>"
    ]
    if a.unsure:
        parts.append("<p>It may have had its effect all the same.</p>")
    if a.hint:
        parts.append(f'<p class="q">To do: {escape(a.hint)}</p>')
    if a.preview:
        parts.append(f"<pre>{escape(a.preview)}</pre>")
    parts.append(_findings(a.findings))
    parts.extend(map(_artifact, a.artifacts))
    return "".join(parts)


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    rows = []
    for f in findings:
        sign = {True: '<span class="pass">✓</span>', False: '<span class="fail">✗</span>', None: "?"}[f.holds]
        names = "".join(f"<br>{escape(k)} = {escape(v)}" for k, v in f.names.items())
        rows.append(
            f"<tr><td>{sign}</td><td>{escape(f.subject)}</td><td>{escape(f.expected)}</td><td>{escape(f.actual)}{names}</td></tr>"
        )
    head = "<tr><th></th><th>Looked at</th><th>Expected</th><th>Actual</th></tr>"
    return f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _artifact(artifact: Artifact) -> str:
    cut = "" if artifact.whole else f", the first {size(artifact.stored)} kept"
    kept = f", artifact <code>{escape(artifact.sha256[:12])}</code>" if artifact.sha256 else ""
    tail = f"<p>...</p><pre>{escape(artifact.tail)}</pre>" if artifact.tail else ""
    return (
        f"<details><summary>{escape(artifact.name)}: {size(artifact.size)}{kept}{cut}, "
        f"SHA-256 <code>{escape(artifact.digest[:12])}</code></summary><pre>{escape(artifact.head)}</pre>{tail}</details>"
    )


def _foot(t: Transcript) -> Iterator[str]:
    if t.remarks:
        yield f"<h2>Beside the steps</h2>{_list(t.remarks)}"
    if t.preflight:
        rows = "".join(f"<li>{'✓' if ok else '✗'} {escape(what)} {escape(why)}</li>" for what, ok, why in t.preflight)
        yield f"<h2>Preflight</h2><ul>{rows}</ul>"
    yield f'<p class="q">{t.events} events, the last at {stamp(t.last)}. Times are UTC.</p>'
