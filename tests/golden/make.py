"""Writes a golden journal: a run with every kind of event, as this version writes it down.

A journal that was written once is never written again: a later version must still read it. Run this only for a new
version of the format, into a new file: `python -m tests.golden.make tests/golden/2.jsonl`. What people read of it may
change: `python -m tests.golden.make render` writes that anew, and the difference is looked at before it is kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from steadyhand import events as e
from steadyhand import schema
from steadyhand.graph import build
from steadyhand.handlers import registry
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.protocol import Row
from steadyhand.model import Artifact, Finding
from steadyhand.projections import html, markdown, structured
from steadyhand.projections.narration import narrate
from steadyhand.projections.transcript import draw

from ..core.playbook import SECOND, Play

HERE = Path(__file__).parent
TEXTS = {
    "golden-incident": (HERE / "incident.yaml").read_text("utf-8"),
    "golden-inner": (HERE / "inner.yaml").read_text("utf-8"),
}
START = 1_795_400_000 * SECOND
HOSTILE = "a\n02:13:20  look              pass\x1b[2J<script>alert(1)</script>`|` ](x) \u202etxt.exe @all"


def play():
    """The run, event by event."""
    book = read(TEXTS)
    p = Play(
        book,
        at=START,
        texts=TEXTS, digests={"golden-incident": book.digest, "golden-inner": book.calls["golden-inner"].digest},
        inputs={"host": HOSTILE, "hosts": ["web-1", "web-2", "web-3"]}, roles={"oncall": ("anna", "bo")},
        version="0.1.0", via="alert", origin=HOSTILE, alert={"name": HOSTILE, "labels": {"a": HOSTILE}},
    )  # fmt: skip
    p.tell(e.PreflightChecked((("secret db", False, "not set"), ("command df", True, ""))))
    p.tell(e.ChildStarted("look.disk", 1, 4711, 4711, 99, "engine-1"))
    p.tell(e.StepInterrupted("look.process", 1, 1, "the engine was interrupted"))
    p.tell(e.RunPaused("one", "interrupted"))
    p.now += 60 * SECOND
    p.tell(e.RunResumed("two", 2, "one"), e.ChildFound("look.disk", 1, 4711, 4711, "df /"))
    p.tell(e.ChildStopped("look.disk", 1, 4711, "terminate"))
    p.now += SECOND
    output = Artifact("stdout", 3_000_000, "d" * 64, "", 1_048_576, HOSTILE, "the end\n", whole=False)
    finding = Finding("stdout", 'to contain "0%"', '"100%"', False, {"inputs.host": HOSTILE})
    p.came("look.disk", "fail", reason='stdout: expected to contain "0%", found "100%"', findings=(finding,),
           artifacts=(output,), values={"stdout": "100%"}, facts={"used": 100}, duration=31_000)  # fmt: skip
    p.came("look.process", "pass", duration=4_000)
    p.came("look.release", "error", error="unreachable", reason="connection refused", hint="is the service up?")
    p.now += 20 * SECOND
    p.tell(e.NoteAdded("anna", HOSTILE, "web", HOSTILE))
    p.tell(e.AnswerRefused("pick", "eve", "restart", "eve has none of the roles", "0" * 64, "cli", HOSTILE))
    p.says("pick", "restart", "anna")
    p.says("number", "answer", "anna", {"workers": 4})
    p.now += 5 * SECOND
    opened = p.state.gates["restart"].opened
    p.tell(e.CautionRaised("restart", 1, (HOSTILE,)))
    p.tell(e.GateAnswered("restart", opened.opening, "bo", "approve", opened.digest, "terminal", None, HOSTILE))
    p.tell(e.LocksRefused("restart", 1, "db", HOSTILE))
    p.now += 2 * SECOND
    p.locks()
    p.now += 2 * SECOND
    p.dies()
    p.now += SECOND
    doubt = next(g for g in p.state.open_gates if g.opened.kind == "doubt").opened
    p.says(doubt.gate, "run_again", "bo")
    p.came("restart", "pass", duration=2 * SECOND)
    p.came("restart:verify", "pass", duration=8_000)
    p.wait(400)
    for path in ("wave[web-1]", "wave[web-2]", "wave[web-3]"):
        p.came(path, "pass", duration=12_000)
    p.came("both.mail", "pass")
    p.came("both.logs", "pass")
    opened = p.state.gates["button"].opened
    p.tell(e.GateAnswered("button", opened.opening, "bo", "done", opened.digest, "cli", HOSTILE))
    p.came("inner/ask", "pass", facts={}, values={"stdout": HOSTILE})
    slow = Finding("duration", "< 2s", "3s", False)
    wrong = Finding("status", "200", "503", False)
    p.came("last", "fail", reason="status: expected 200, found 503, and one more", findings=(wrong, slow))
    p.tell(e.AlertChanged("resolved", HOSTILE, p.now))
    p.tell(e.StopRequested("anna", HOSTILE, "web", HOSTILE))
    p.came("wait", "error", reason="it was told to stop", error="cancelled")
    return p


def read(texts):
    """The runbook of the run, with the one it calls."""
    books = {name: schema.read(text, f"{name}.yaml", registry.specs()).runbook for name, text in texts.items()}
    return msgspec.structs.replace(books["golden-incident"], calls={"golden-inner": books["golden-inner"]})


def rows(recorded):
    """The events as a journal keeps them, hashes and all."""
    journal = MemoryJournal()
    for one in recorded:
        journal.append("rgolden", one.seq - 1, [one.event], actor=one.actor, at=one.at, epoch=one.epoch)
    for row in journal.rows("rgolden"):
        yield json.dumps([row.seq, row.at, row.actor, row.epoch, row.type, row.body, row.prev.hex(), row.hash.hex()])


def load(path):
    """The rows of a golden journal, and the events in them."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        *plain, prev, hashed = json.loads(line)
        found.append(Row(*plain, bytes.fromhex(prev), bytes.fromhex(hashed)))
    return found, [e.Recorded("rgolden", r.seq, r.at, r.actor, r.epoch, e.decode(r.type, r.body)) for r in found]


def rendered(path):
    """What people and programs read of a golden journal, by the ending of the file that holds it."""
    _, recorded = load(path)
    book = read(recorded[0].event.texts)
    drawn, graph = draw(recorded, book), build(book)
    lines = [line for one in recorded for line in narrate(one, book, recorded[0].event.mode)]
    return {
        ".txt": "\n".join(lines) + "\n",
        ".md": markdown.render(drawn, graph),
        ".html": html.render(drawn, graph),
        ".json": json.dumps(structured.render(drawn), indent=1) + "\n",
        ".show.json": json.dumps(structured.detail(recorded, book), indent=1) + "\n",
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["render"]:
        for journal in sorted(HERE.glob("*.jsonl")):
            for ending, text in rendered(journal).items():
                journal.with_suffix(ending).write_text(text, "utf-8")
        sys.exit()
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} was written by a version that is out in the world, and stays as it is")
    target.write_text("\n".join(rows(play().recorded)) + "\n", "utf-8")
