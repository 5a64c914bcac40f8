"""The graph as a picture: layers from top to bottom, self-contained SVG, light and dark, legible without colour."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..model import END, Effect
from .build import Edge, Graph
from .pictures import SIGNS, Walked, badge

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 230, 62, 36, 62, 24
LETTERS = 30

STYLE = """
.sh{--ink:#1b1f24;--quiet:#6a737d;--paper:#fff;--box:#f6f8fa;--line:#8c959f;--pass:#1a7f37;--fail:#cf222e;--error:#9a6700;--walk:#0550ae}
@media(prefers-color-scheme:dark){.sh{--ink:#e6edf3;--quiet:#8d96a0;--paper:#0d1117;--box:#161b22;--line:#6e7681;--pass:#3fb950;--fail:#f85149;--error:#d29922;--walk:#58a6ff}}
.sh text{font:13px system-ui,-apple-system,Segoe UI,Roboto,sans-serif;fill:var(--ink)}.sh .b{font-size:11px;fill:var(--quiet)}
.sh .l{font-size:11px;fill:var(--quiet);paint-order:stroke;stroke:var(--paper);stroke-width:4px}.sh rect{fill:var(--box);stroke:var(--line)}
.sh .change rect{stroke-width:3}.sh path{fill:none;stroke:var(--line)}.sh path.d{stroke-dasharray:3 4;opacity:.6}
.sh path.w{stroke:var(--walk);stroke-width:3}.sh .pass rect{stroke:var(--pass)}.sh .fail rect{stroke:var(--fail)}.sh .error rect{stroke:var(--error)}
""".strip().replace("\n", "")


class Box(Struct, frozen=True):
    """Where a node is drawn: its left upper corner."""

    x: float
    y: float


def layers(graph: Graph) -> list[list[str]]:
    """Every node on a layer below all that lead to it, edges that lead back left aside; ends at the bottom."""
    forward = _forward(graph)
    depth: dict[str, int] = {}
    for name in _sorted(graph, forward):
        depth[name] = max((depth[e.source] + 1 for e in forward if e.target == name and e.source in depth), default=0)
    last = max(depth.values(), default=0) + 1
    rows: list[list[str]] = [[] for _ in range(last)]
    for name, row in depth.items():
        rows[row].append(name)
    ends = list(graph.ends)
    return [*_ordered([row for row in rows if row], forward), *([ends] if ends else [])]


def _forward(graph: Graph) -> list[Edge]:
    """The edges between steps without those that close a loop (depth first, without recursion)."""
    following: dict[str, list[Edge]] = {name: [] for name in graph.nodes}
    for edge in graph.edges:
        if edge.target in graph.nodes:
            following[edge.source].append(edge)
    state: dict[str, int] = {}
    kept: list[Edge] = []
    for root in (graph.first, *graph.nodes):
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(following[root]))]
        while stack:
            step = next(stack[-1][1], None)
            if step is None:
                state[stack.pop()[0]] = 2
            elif state.get(step.target) != 1:
                kept.append(step)
                if step.target not in state:
                    state[step.target] = 1
                    stack.append((step.target, iter(following[step.target])))
    return kept


def _sorted(graph: Graph, forward: list[Edge]) -> list[str]:
    """The nodes, each after all that lead to it."""
    count = dict.fromkeys(graph.nodes, 0)
    following: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for edge in forward:
        count[edge.target] += 1
        following[edge.source].append(edge.target)
    ready = [name for name, number in count.items() if not number]
    done: list[str] = []
    while ready:
        name = ready.pop(0)
        done.append(name)
        for to in following[name]:
            count[to] -= 1
            if not count[to]:
                ready.append(to)
    return done


def _ordered(rows: list[list[str]], forward: list[Edge]) -> list[list[str]]:
    """Within a row, a node stands where those that lead to it stand on average: fewer crossings."""
    place = {name: index / max(1, len(row)) for row in rows for index, name in enumerate(row)}
    before: dict[str, list[str]] = {}
    for edge in forward:
        before.setdefault(edge.target, []).append(edge.source)
    for _ in range(3):
        for row in rows[1:]:
            row.sort(key=lambda n: sum(place[b] for b in before.get(n, [n])) / len(before.get(n, [n])))
            place.update({name: (index + 0.5) / len(row) for index, name in enumerate(row)})
    return rows


def boxes(graph: Graph) -> dict[str, Box]:
    """Where everything is drawn; no two boxes touch."""
    rows = layers(graph)
    widest = max(len(row) for row in rows) * (WIDTH + GAP_X) - GAP_X
    found: dict[str, Box] = {}
    for number, row in enumerate(rows):
        left = MARGIN + (widest - (len(row) * (WIDTH + GAP_X) - GAP_X)) / 2
        for index, name in enumerate(row):
            found[name] = Box(left + index * (WIDTH + GAP_X), MARGIN + number * (HEIGHT + GAP_Y))
    return found


def escape(words: str) -> str:
    """Text as XML holds it; what XML cannot hold becomes a question mark."""
    kept = "".join(
        c if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "?" for c in words
    )
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        kept = kept.replace(plain, entity)
    return kept


def _short(words: str, most: int = LETTERS) -> str:
    line = " ".join(words.split())
    return escape(line if len(line) <= most else f"{line[: most - 1]}…")


def svg(graph: Graph, *, walked: Walked | None = None, marks: Mapping[str, str] | None = None) -> str:
    """The picture. `walked` counts edges taken, `marks` give the outcome of steps."""
    taken, outcomes, places = walked or {}, marks or {}, boxes(graph)
    width = max(box.x for box in places.values()) + WIDTH + MARGIN
    height = max(box.y for box in places.values()) + HEIGHT + MARGIN
    parts = [
        (
            f'<svg class="sh" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
            f'style="max-width:{width:g}px;width:100%;height:auto">'
        ),
        f"<title>Steps of the runbook</title><desc>{len(graph.nodes)} steps</desc><style>{STYLE}</style>",
        (
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" style="fill:context-stroke;stroke:none"/></marker></defs>'
        ),
    ]
    parts += _lines(graph, places, taken)
    parts += [_node(graph, name, box, outcomes) for name, box in places.items()]
    return "".join([*parts, "</svg>"])


def _lines(graph: Graph, places: Mapping[str, Box], taken: Walked) -> list[str]:
    """The edges; several between the same two become one with all their labels, apart from those that were taken."""
    joined: dict[tuple[str, str, bool], list[Edge]] = {}
    for edge in graph.edges:
        was_taken = (edge.source, edge.label, edge.target) in taken
        joined.setdefault((edge.source, edge.target, was_taken), []).append(edge)
    shown: list[str] = []
    leaving: dict[str, int] = {}
    for (source, target, walked), edges in joined.items():
        quiet = all(edge.defaulted for edge in edges)
        if quiet and not walked:
            continue
        number = leaving[source] = leaving.get(source, 0) + 1
        label = " / ".join(dict.fromkeys(edge.label for edge in edges if walked or not edge.defaulted))
        shown.append(_line(places[source], places[target], label, "w" if walked else "d" if quiet else "", number))
    return shown


def _line(start: Box, end: Box, label: str, style: str, number: int) -> str:
    spread = ((number % 4) - 1.5) * 34
    x1, y1 = start.x + WIDTH / 2 + spread, start.y + HEIGHT
    x2, y2 = end.x + WIDTH / 2 + spread / 2, end.y
    if end.y <= start.y:  # it leads back: around the side
        side = max(start.x, end.x) + WIDTH + 14 + number * 3
        y1, y2 = start.y + HEIGHT / 2, end.y + HEIGHT / 2
        path = f"M{start.x + WIDTH:g} {y1:g}C{side:g} {y1:g} {side:g} {y2:g} {end.x + WIDTH:g} {y2:g}"
        lx, ly = side - 6, (y1 + y2) / 2
    else:
        bend = min(GAP_Y * 0.8, (y2 - y1) / 2)
        path = f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
        lx, ly = x1 + (x2 - x1) * 0.22, y1 + 15 + (number % 3) * 12
    words = f'<text class="l" x="{lx:g}" y="{ly:g}" text-anchor="middle">{_short(label, 26)}</text>'
    return f'<path class="{style}" d="{path}" marker-end="url(#a)"/>{words}'


def _node(graph: Graph, name: str, box: Box, outcomes: Mapping[str, str]) -> str:
    middle = box.x + WIDTH / 2
    if name.startswith(END):
        return (
            f'<g><rect x="{box.x + 40:g}" y="{box.y + 10:g}" width="{WIDTH - 80}" height="{HEIGHT - 24}" rx="19"/>'
            f'<text x="{middle:g}" y="{box.y + 34:g}" text-anchor="middle">{escape(name.removeprefix(END))}</text></g>'
        )
    node = graph.nodes[name]
    outcome = outcomes.get(name, "")
    classes = f"{'change' if node.effect is not Effect.READ else 'read'} {outcome if outcome in SIGNS else ''}".strip()
    sign = f"{SIGNS.get(outcome, '·')} " if outcome else ""
    lock = "🔒 " if node.asks else ""
    return (
        f'<g class="{classes}"><title>{escape(node.title)}</title>'
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text x="{middle:g}" y="{box.y + 26:g}" text-anchor="middle">{sign}{_short(node.title)}</text>'
        f'<text class="b" x="{middle:g}" y="{box.y + 46:g}" text-anchor="middle">{lock}{_short(f"{node.id}: {badge(node)}", 36)}</text></g>'
    )
