"""Draws the reference pages from the tables that the program itself reads: `make docs`. A test compares.

Each page is a function of nothing but those tables; what stands in a page is therefore what the program does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click
import msgspec

from steadyhand.app import library
from steadyhand.cli.main import COMMANDS, steady
from steadyhand.core import tables as states
from steadyhand.errors import Exit
from steadyhand.events import Event
from steadyhand.expressions import filters, matchers
from steadyhand.graph import CODES as GRAPH
from steadyhand.graph.confinement import CODES as CONFINEMENT
from steadyhand.handlers import registry
from steadyhand.model import HandlerSpec, Param, TargetSpec
from steadyhand.rehearsal import documents
from steadyhand.schema import CODES as SCHEMA
from steadyhand.schema.fields import Field
from steadyhand.schema.reader import shown
from steadyhand.schema.tables import TABLES
from steadyhand.web.api.document import TAGS
from steadyhand.web.api.operations import PREFIX
from steadyhand.web.api.table import OPERATIONS
from steadyhand.web.problems import KINDS

HERE = Path(__file__).resolve().parent
NOTE = "<!-- Drawn by docs/reference/draw.py from the program's own tables: `make docs`. Do not edit. -->\n"
WHERE = {
    "runbook": "The document",
    "step": "Beside the kind of a step",
    "operation": "Of an operation (the action of a step, a check, a verification, a capture)",
    "gate": "`gate`",
    "choose": "`choose`",
    "ask": "`ask`",
    "manual": "`manual`",
    "wait": "`wait`",
    "call": "`call`",
    "each": "`each`",
    "retry": "`retry`",
    "verify": "`verify`",
    "check": "A check of `diagnose`",
    "escalation": "`escalation`",
    "requires": "`requires`",
    "limits": "`limits`",
    "impact": "`impact`",
    "from_kubernetes": "A secret from `kubernetes`",
    "from_vault": "A secret from `vault`",
    "vault_auth": "`auth` of a secret from `vault`",
    "vault_approle": "`auth.approle` of a secret from `vault`",
    "vault_kubernetes": "`auth.kubernetes` of a secret from `vault`",
    "from_keyring": "A secret from `keyring`",
    "link": "A link",
}

WHERE_TESTS = {
    "test": "The document",
    "case": "A test",
    "came": "What comes of an attempt: beside the values that the handler returns",
    "said": "What a person says",
    "stopped": "`stop`",
    "expected": "`expect`",
    "asked": "A question in `expect.asks`",
}


WHERE_SETTINGS = {
    "person": "A person in `people`",
    "group": "A group in `groups`",
    "login": "`login`",
    "oidc": "`login.oidc`",
    "intake": "An intake in `intake`",
    "intake_basic": "`basic` of an intake",
    "mapping": "`mapping` of an intake",
    "ask_people": "An item of `asks`",
    "route": "A route in `routes`",
    "accumulate": "`accumulate` of a route",
    "storm": "`storm` of a route",
    "service": "A service in `services`",
}


def cell(text: str) -> str:
    """A text for a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell(c) for c in line)} |" for line in lines) + "\n"


def fields(rows: tuple[Field, ...]) -> str:
    """The fields of an object."""

    def row(field: Field) -> tuple[str, ...]:
        kind = f"{field.type} of {field.of}" if field.type in {"list", "map"} and field.of else field.type
        words = f" One of {', '.join(f'`{c}`' for c in field.choices)}." if field.choices else ""
        extra = " Required." if field.required else ""
        return f"`{field.name}`", kind, f"{field.description}{words}{extra}", f"`{shown(field.example)}`"

    return table(("key", "type", "what it is", "example"), [row(field) for field in rows])


def document() -> str:
    """Every key of a runbook."""
    parts = ["# The document, key by key\n", "Keys that begin with `x-` are yours: nothing reads them.\n"]
    for name, title in WHERE.items():
        short = next((f.name for f in TABLES[name] if f.short), "")
        alone = f"A bare value stands for `{short}`.\n" if short else ""
        parts.extend((f"## {title}\n", *([alone] if alone else []), fields(TABLES[name])))
    return "\n".join(parts)


def tests() -> str:
    """Every key of a test document."""
    words = ", ".join(f"`{word}`" for word in documents.SPECIAL)
    parts = [
        "# Test documents\n",
        "How they are written: [Test a runbook](../how-to/test.md); for editors: `schemas/test.schema.json`.\n",
        f"What comes of an attempt is one word ({words}), or a map.\n",
    ]
    for name, title in WHERE_TESTS.items():
        short = next((field.name for field in TABLES[name] if field.short), "")
        alone = f"A bare value stands for `{short}`.\n" if short else ""
        parts.extend((f"## {title}\n", *([alone] if alone else []), fields(TABLES[name])))
    return "\n".join(parts)


def settings() -> str:
    """Every key of steady.yaml."""
    head = "# Settings\n\n`steady.yaml` is looked for from the current folder upwards, or named with `--config`.\n"
    words = "It has one key, `auto`: what a gate with `auto: true` may let pass unasked in mode `auto`, by effect."
    policy = f"\n## `policy`\n\n{words}\n"
    parts = [f"{head}\n{fields(TABLES['settings'])}{policy}\n{fields(TABLES['unasked'])}"]
    parts.extend(f"## {title}\n\n{fields(TABLES[name])}" for name, title in WHERE_SETTINGS.items())
    return "\n".join(parts)


def parameters(params: tuple[Param, ...], under: str = "") -> Iterator[tuple[str, ...]]:
    """The parameters of a step kind, those of nested maps too."""
    for param in params:
        words = f" One of {', '.join(f'`{c}`' for c in param.choices)}." if param.choices else ""
        extra = " Required." if param.required else ""
        example = f"`{shown(param.example)}`"
        yield f"`{under}{param.name}`", param.type, f"{param.description}{words}{extra}", example
        yield from parameters(param.fields, f"{under}{param.name}.")


def handler(name: str, spec: HandlerSpec) -> str:
    """One step kind."""
    lines = [f"## `{name}`\n", f"{spec.summary}\n"]
    if spec.short:
        lines.append(f"A bare value stands for `{spec.short}`.\n")
    lines.append(table(("parameter", "type", "what it is", "example"), parameters(spec.params)))
    lines.extend(families("Targets", "`targets:`", spec.targets))
    lines.extend(families("Channels", "`channels:` of `steady.yaml`", spec.channels))
    if spec.results:
        lines.append("What it returns, for `expect` and `facts`:\n")
        lines.append(table(("name", "what it is"), [(f"`{k}`", v) for k, v in spec.results.items()]))
    if spec.default_expect:
        lines.append(f"Without `expect:` it is held to `{shown(dict(spec.default_expect))}`.\n")
    return "\n".join(lines)


def families(title: str, where: str, known: tuple[TargetSpec, ...]) -> Iterator[str]:
    """What a target or a channel of each kind holds."""
    for family in known:
        yield f"### {title} of kind `{family.name}`\n\n{family.summary} Declared under {where}.\n"
        if family.params:
            yield table(("key", "type", "what it is", "example"), parameters(family.params))


def kinds() -> str:
    """The step kinds that handlers carry out."""
    head = "# Step kinds that act\n\nThe kinds that need no handler stand in [the document](document.md).\n"
    return "\n".join((head, *(handler(name, spec) for name, spec in registry.specs().items())))


def codes() -> str:
    """Every code of a finding."""
    known = {**SCHEMA, **GRAPH, **CONFINEMENT, **library.CODES, **documents.CODES}
    head = "# Codes of findings\n\n`steady validate` and `steady test` print them beside each finding.\n"
    return f"{head}\n{table(('code', 'title', 'why it matters'), [(f'`{c}`', t, w) for c, (t, w) in known.items()])}"


def exits() -> str:
    """Exit codes."""
    words = {
        Exit.GOOD: "The run ended healthy or resolved; the document is valid; the tests pass.",
        Exit.NO: "The run ended escalated or stopped; the document is invalid; a test failed.",
        Exit.USAGE: "The command line or the settings are wrong; nothing was started.",
        Exit.BROKEN: "The runbook or the engine is at fault; a report was printed.",
        Exit.WAITING: "The run waits for a person; the command that answers was printed.",
        Exit.INTERRUPTED: "Interrupted; the run can be resumed.",
    }
    return table(("code", "meaning"), [(str(int(code)), words[code]) for code in Exit])


def commands() -> str:
    """The help of every command."""
    parts = ["# The command line\n", "## Exit codes\n", exits()]
    width = {"max_content_width": 100, "terminal_width": 100}
    with click.Context(steady, info_name="steady", **width) as ctx:
        parts.append(f"## steady\n\n```\n{steady.get_help(ctx)}\n```\n")
        for name in sorted(COMMANDS):
            parts.extend(help_of(steady.get_command(ctx, name), name, ctx, width))
    return "\n".join(parts)


def help_of(command: Any, name: str, above: click.Context, width: Mapping[str, Any]) -> Iterator[str]:
    """The help of a command and of those below it."""
    with click.Context(command, info_name=name, parent=above, **width) as ctx:
        yield f"## {ctx.command_path}\n\n```\n{command.get_help(ctx)}\n```\n"
        for inner in sorted(getattr(command, "commands", {})):
            yield from help_of(command.commands[inner], inner, ctx, width)


def transitions() -> str:
    """The life of an attempt and of a gate."""
    head = "# States\n\nWhat is not in a table cannot happen: such an event is refused, and the run is not touched.\n"
    rows = [(p.value, f"`{event}`", after.value) for (p, event), after in states.ATTEMPT.items()]
    options = [(kind, ", ".join(f"`{o}`" for o in known)) for kind, known in states.OPTIONS.items()]
    results = [(kind, f"`{answer}`", f"`{result}`") for (kind, answer), result in states.RESULTS.items()]
    called = [(f"`{conclusion}`", f"`{outcome}`") for conclusion, outcome in states.CALLED.items()]
    after = ", ".join(f"`{name}`" for name in sorted(states.AFTER_THE_END))
    return "\n".join((
        head,
        "## An attempt\n", table(("in phase", "the event", "leads to"), rows),
        "## A gate\n", table(("kind", "answers"), options),
        "What a deciding answer makes of it (any other answer is its own result):\n",
        table(("kind", "answer", "result"), results),
        "## Conclusions of a called runbook or branch, as outcomes\n", table(("conclusion", "outcome"), called),
        f"The worst outcome of parts decides for the whole: {', '.join(f'`{o}`' for o in states.WORST)}.\n",
        f"After a run has ended, only these may follow: {after}.\n",
    ))  # fmt: skip


def events() -> str:
    """Every event."""
    head = "# Events\n\nThe journal holds these and no others, each with its time, its author and the hash before it.\n"

    def row(kind: Any) -> tuple[str, ...]:
        names = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
        return f"`{kind.__struct_config__.tag}`", " ".join((kind.__doc__ or "").split()), names

    rows = sorted(row(kind) for kind in get_args(Event))
    return f"{head}\n{table(('event', 'what happened', 'it says'), rows)}"


def expressions() -> str:
    """What expressions may use."""
    lists = {
        "Operators of a matcher": matchers.OPERATORS,
        "Comparisons in `number:`": matchers.COMPARISONS,
        "Filters": filters.FILTERS,
        "Tests after `is`": filters.TESTS,
        "Methods": sorted(filters.METHODS),
    }
    head = "# Words of expressions\n\nHow they are used: [Expectations](../how-to/expectations.md).\n"
    return "\n".join(
        (head, *(f"## {title}\n\n{', '.join(f'`{w}`' for w in words)}\n" for title, words in lists.items()))
    )


def api() -> str:
    """Every operation of the API, and every kind of problem."""
    parts = [
        "# The API\n",
        "How it is used: [Use the API](../how-to/api.md). All of it stands in `schemas/openapi.json` as well, which",
        f"the server gives at `{PREFIX}/openapi.json`. Addresses below begin with `{PREFIX}`.\n",
    ]
    for tag, words in TAGS.items():
        rows = [
            (
                f"`{one.method} {one.path}`", one.right.word if one.right is not None else "anybody",
                f"**{one.summary}.** {one.about}", ", ".join(f"`{p.name}`" for p in one.params if p.where == "query"),
                f"`{one.body.__name__}`" if one.body is not None else "",
            )
            for one in OPERATIONS
            if one.tag == tag
        ]  # fmt: skip
        parts.append(f"## {words.rstrip('.')}\n")
        parts.append(table(("operation", "who may", "what it does", "parameters", "body"), rows))
    parts.append("## Bodies\n")
    bodies = dict.fromkeys(one.body for one in OPERATIONS if one.body is not None)
    parts.append(table(("body", "field", "what it is"), [row for body in bodies for row in body_rows(body)]))
    parts.append("## Problems\n\nWhat may be answered instead (RFC 9457); `type` is `urn:steadyhand:problem:` with:\n")
    problems = [(f"`{name}`", str(kind.status), f"{kind.title}. {kind.when}") for name, kind in KINDS.items()]
    parts.append(table(("kind", "status", "when"), problems))
    return "\n".join(parts)


def body_rows(body: Any) -> Iterator[tuple[str, ...]]:
    """The fields of what is sent."""
    _, found = msgspec.json.schema_components([body])
    schema = found[body.__name__]
    for name, field in schema["properties"].items():
        needed = " Required." if name in schema.get("required", ()) else ""
        yield f"`{body.__name__}`", f"`{name}`", f"{field.get('description', '')}{needed}"
    if not schema["properties"]:
        yield f"`{body.__name__}`", "", schema["description"]


PAGES: Mapping[str, Callable[[], str]] = {
    "document.md": document,
    "settings.md": settings,
    "tests.md": tests,
    "kinds.md": kinds,
    "codes.md": codes,
    "commands.md": commands,
    "states.md": transitions,
    "events.md": events,
    "expressions.md": expressions,
    "api.md": api,
}


def main() -> None:
    """Write the pages; with --check, only say whether they are as they should be."""
    wrong = []
    for name, draw in PAGES.items():
        text = NOTE + draw()
        path = HERE / name
        if "--check" in sys.argv:
            wrong += [name] if not path.exists() or path.read_text() != text else []
        else:
            path.write_text(text)
    if wrong:
        sys.exit(f"not as drawn: {', '.join(wrong)}; run `make docs`")


if __name__ == "__main__":
    main()
