"""The graph as text and as Mermaid; `walked` counts the edges that a run took, `marks` give outcomes of steps.

A picture of what tests walked is given `missed`, the steps that none has entered: these, and every edge that none took,
are marked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ..model import END, Effect
from .build import Graph, Node

Walked = Mapping[tuple[str, str, str], int]
"""How often edges were taken: (source, label, target)."""

SIGNS = {
    "pass": "✓", "fail": "✗", "error": "!", "running": "…", "waiting": "?", "approved": "✓", "rejected": "✗",
    "expired": "⏲",
}  # fmt: skip
NEVER = "∅"
"""The sign for what no test has walked."""


def sign_of(name: str, outcomes: Mapping[str, str], missed: Collection[str] | None) -> str:
    """What stands before a step: the sign of its outcome, or that it was never entered."""
    if missed is not None and name in missed:
        return f"{NEVER} "
    return f"{SIGNS.get(outcomes[name], '·')} " if name in outcomes else ""


def badge(node: Node) -> str:
    """Kind, effect and whether people are asked, in a few words."""
    words = [node.kind]
    if node.effect is not Effect.READ:
        words.append(node.effect.value)
    if node.asks and node.kind not in {"gate", "choose", "ask", "manual"}:
        words.append("gate")
    if node.verification:
        words.append("verification")
    return ", ".join(words)


def text(
    graph: Graph,
    walked: Walked | None = None,
    marks: Mapping[str, str] | None = None,
    missed: Collection[str] | None = None,
) -> str:
    """One block a step, in the order of the file."""
    taken, outcomes = walked or {}, marks or {}
    lines: list[str] = []
    for node in graph.nodes.values():
        lines.append(f"{sign_of(node.id, outcomes, missed)}{node.id}  {node.title}  ({badge(node)})")
        lines.extend(f"    · {part}" for part in node.parts)
        for edge in graph.edges:
            if edge.source == node.id:
                mark = "=>" if (edge.source, edge.label, edge.target) in taken else "->"
                never = "  (never walked)" if missed is not None and mark == "->" else ""
                quiet = "  (default)" if edge.defaulted else never
                lines.append(f"    {edge.label} {mark} {edge.target}{quiet}")
    return "\n".join(lines) + "\n"


def _label(words: str) -> str:
    """Words that Mermaid shows as they are."""
    kept = " ".join(words.split())[:80]
    return "".join(c if c.isalnum() or c in " .,:?!/_-()" else f"#{ord(c)};" for c in kept)


def _name(name: str) -> str:
    return "s_" + re.sub(r"[^A-Za-z0-9]", lambda m: f"_{ord(m[0]):x}_", name)


def mermaid(
    graph: Graph,
    walked: Walked | None = None,
    marks: Mapping[str, str] | None = None,
    missed: Collection[str] | None = None,
) -> str:
    """A flowchart in Mermaid's language; what was walked is drawn thick, and what tests never walked is dotted."""
    taken, outcomes = walked or {}, marks or {}
    lines = ["flowchart TD"]
    for node in graph.nodes.values():
        words = f"{sign_of(node.id, outcomes, missed)}{_label(node.title)}<br/>{_label(badge(node))}"
        shape = f'{{{{"{words}"}}}}' if node.asks else f'["{words}"]'
        lines.append(f"  {_name(node.id)}{shape}")
    lines += [f'  {_name(end)}(["{_label(end.removeprefix(END))}"])' for end in graph.ends]
    seen: set[tuple[str, str, str]] = set()
    for edge in graph.edges:
        key = (edge.source, edge.label, edge.target)
        if key in seen or (edge.defaulted and key not in taken):
            continue
        seen.add(key)
        arrow = "==>" if key in taken else "-->" if missed is None else "-.->"
        sign = f"{NEVER} " if arrow == "-.->" else ""
        lines.append(f'  {_name(edge.source)} {arrow}|"{sign}{_label(edge.label)}"| {_name(edge.target)}')
    changes = [_name(n.id) for n in graph.nodes.values() if n.effect is not Effect.READ]
    if changes:
        lines += ["  classDef change stroke-width:3px", f"  class {','.join(changes)} change"]
    never = [_name(name) for name in missed or ()]
    if never:
        lines += ["  classDef never stroke-dasharray:5 5", f"  class {','.join(never)} never"]
    return "\n".join(lines) + "\n"
