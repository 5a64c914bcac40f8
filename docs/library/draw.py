"""Draws the pages and pictures of the library from the runbooks that are shipped: `make docs`. A test compares.

A page tells what a person on call wants to know before a runbook is needed: what it is for, which causes it knows, what
it may do and who is asked, which inputs it takes, and on which faults it is drilled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from steadyhand.app import drilling, gallery, library
from steadyhand.app.services import Services
from steadyhand.graph import build, operations
from steadyhand.graph.svg import svg
from steadyhand.model import Gate, Runbook
from steadyhand.rehearsal.drills import Drill

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOTE = "<!-- Drawn by docs/library/draw.py from the runbooks themselves: `make docs`. Do not edit. -->\n"
INTRO = """\
# The library

Runbooks that are ready to run and good to copy from: each knows several causes, asks before it changes anything, proves
that it helped, and hands over with evidence what it does not know. All are proved on services that were really broken.

- `steady library list` lists them, `steady library show NAME` tells about one.
- `steady library copy NAME FOLDER` copies one with its tests, its drill and all that it calls, to be changed.
- `steady library prove` proves them all: strict validation, tests over every edge, and drills, each with a preflight of
  the place that it is carried out in. The table says what was injected and found, and whether it was repaired.
"""
GROUPS = {
    "infrastructure": "Infrastructure",
    "application": "Application",
    "dependencies": "Dependencies",
    "security": "Security",
    "parts": "Parts that others call",
}


def cell(text: str) -> str:
    """A text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell(c) for c in line)} |" for line in lines) + "\n"


def books() -> tuple[gallery.Book, ...]:
    """What is shipped, wherever this is run."""
    desk = Services(cwd=str(ROOT), environ={})
    found = (gallery.book(desk, path) for path in library.documents(ROOT / "runbooks"))
    return tuple(sorted(found, key=lambda one: (list(GROUPS).index(one.group), one.name)))


def index(found: tuple[gallery.Book, ...]) -> str:
    """The gallery: a table for each group, and the pictures."""
    parts = [INTRO]
    for group, title in GROUPS.items():
        inside = [one for one in found if one.group == group]
        if not inside:
            continue
        rows = [
            (f"[{one.name}]({one.name}.md)", one.runbook.title, "; ".join(cause for _, cause in one.causes) or "-")
            for one in inside
        ]
        parts.append(f"## {title}\n\n{table(('runbook', 'for', 'causes it knows'), rows)}")
        shown = [one for one in inside if one.group != "parts"]
        parts.extend(f"[![The steps of {one.name}]({one.name}.svg)]({one.name}.md)\n" for one in shown)
    return "\n".join(parts)


def page(one: gallery.Book) -> str:
    """Everything about one."""
    book = one.runbook
    parts = [f"# {book.title}\n", *([f"{' '.join(book.description.split())}\n"] if book.description else [])]
    parts.append(table(("", ""), list(facts(one))))
    parts += section("Symptoms", [f"- {line}\n" for line in book.symptoms])
    parts += section("Causes it knows", [f"- **{name}**: {cause}\n" for name, cause in one.causes])
    changes = [
        (f"`{step}`", title, effect, "anybody" if not gate.roles else ", ".join(gate.roles), undo)
        for step, title, effect, gate, undo in changed(book)
    ]
    parts += section(
        "What it may do",
        [table(("step", "what", "effect", "who is asked", "taken back by"), changes)] if changes else [],
    )
    rows = [
        (
            f"`{i.name}`",
            i.description,
            "required" if i.required else f"`{i.default!r}`",
            f"`{i.source}`" if i.source else "-",
        )
        for i in book.inputs.values()
    ]
    parts += section("Inputs", [table(("input", "what it is", "unless said", "from the alert"), rows)] if rows else [])
    drills = [(drill.name.replace("-", " "), ends(drill)) for drill in drilled(one)]
    parts += section("Drilled on", [table(("what was broken", "what must come of it"), drills)] if drills else [])
    parts += section("Steps", [f"![The steps of {one.name}]({one.name}.svg)\n"])
    parts += section("Read more", [f"- [{link.title}]({link.url})\n" for link in book.links])
    return "\n".join(parts).rstrip() + "\n"


def section(title: str, lines: list[str]) -> list[str]:
    """A heading and what stands below it; nothing where there is nothing."""
    return [f"## {title}\n", "".join(lines)] if lines else []


def facts(one: gallery.Book) -> Iterator[tuple[str, str]]:
    """The short facts at the top."""
    book = one.runbook
    path = one.path.relative_to(ROOT)
    yield "runbook", f"[`{path}`](../../{path})"
    if book.severity:
        yield "severity", book.severity.value
    if book.alerts:
        yield "started by the alerts", ", ".join(f"`{name}`" for name in book.alerts)
    for word, text in book.impact.items():
        yield f"impact on {word}", text
    yield "kept up to date by", f"{book.owner}, last on {book.updated}"
    if book.escalation.to:
        yield "handed over to", book.escalation.to


def changed(book: Runbook, above: str = "") -> Iterator[tuple[str, str, str, Gate, str]]:
    """Every step that changes something, those of called runbooks included."""
    inside = dict(operations(book))
    for step in book.steps.values():
        operation = inside.get(step.id)
        if operation is not None and operation.effect.value != "read" and step.gate is not None:
            undo = f"nothing: {step.undo.why}" if step.undo and step.undo.operation is None else "its `undo`"
            yield f"{above}{step.id}", step.title, operation.effect.value, step.gate, undo
        called = getattr(step.body, "runbook", "")
        if called in book.calls:
            yield from changed(book.calls[called], f"{above}{step.id}/")


def drilled(one: gallery.Book) -> Iterator[Drill]:
    """The drills of a runbook."""
    desk = Services(cwd=str(ROOT), environ={})
    for path in one.drills:
        yield from drilling.read(desk, path)[0].drills


def ends(drill: Drill) -> str:
    """What is expected of a drill, in words."""
    cause = f"finds `{drill.expect['cause']}`, " if drill.expect.get("cause") else ""
    return f"{cause}ends {drill.expect.get('conclusion', '')}"


def files() -> dict[str, str]:
    """Every file that is drawn, by name."""
    found = books()
    drawn = {"index.md": NOTE + index(found)}
    for one in found:
        drawn[f"{one.name}.md"] = NOTE + page(one)
        drawn[f"{one.name}.svg"] = svg(build(one.runbook)).rstrip("\n") + "\n"
    return drawn


def main() -> None:
    """Write the files; with --check, only say whether they are as they should be."""
    drawn = files()
    extra = {path.name for path in (*HERE.glob("*.md"), *HERE.glob("*.svg"))} - set(drawn)
    wrong = sorted(extra)
    for name, text in drawn.items():
        path = HERE / name
        if "--check" in sys.argv:
            wrong += [name] if not path.exists() or path.read_text("utf-8") != text else []
        else:
            path.write_text(text, "utf-8")
    if "--check" in sys.argv and wrong:
        sys.exit(f"not as drawn: {', '.join(wrong)}; run `make docs`")
    for name in extra if "--check" not in sys.argv else ():
        (HERE / name).unlink()


if __name__ == "__main__":
    main()
