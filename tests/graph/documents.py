"""Runbooks as text for the tests of this room."""

from __future__ import annotations

from steadyhand import schema
from steadyhand.handlers import registry
from steadyhand.model import HandlerSpec, Param

SPECS = {
    **registry.specs(),
    "teleport": HandlerSpec(
        "teleport",
        "Of a package that does not say what it returns.",
        (Param("to", "text", "Where to.", "x"),),
        open_params=True,
    ),
}
HEAD = "steadyhand: 1\nname: x\ntitle: X\n"
READ = "    shell: x\n    effect: read\n"
CHANGE = "    shell: x\n    effect: change\n    undo: {none: no}\n"
GATED = f"{CHANGE}    gate: Sure?\n"


def steps(**bodies):
    """A runbook with these steps; a body is its lines but for the title."""
    text = HEAD + "steps:\n" + "".join(f"  {name}:\n    title: {name.upper()}\n{body}" for name, body in bodies.items())
    loaded = schema.read(text, "x.yaml", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


def leads(**edges):
    """The line with the edges of a step."""
    return f"    next: {{{', '.join(f'{k}: {v}' for k, v in edges.items())}}}\n"


END = leads(**{"pass": "end.healthy", "fail": "end.escalated", "error": "end.escalated"})
