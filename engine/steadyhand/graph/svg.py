"""The graph as a picture: layers from top to bottom, self-contained SVG, light and dark, legible without colour.

A line leads to a step of the next layer. Every other edge (to an end, sideways, back) is told beside its step, since
lines through other boxes cannot be followed by eye; what a run took is drawn in any case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from ..model import END, Effect
from .build import Edge, Graph
from .pictures import NEVER, SIGNS, Walked, badge, sign_of

WIDTH, HEIGHT, SIDE, GAP_X, GAP_Y, MARGIN = 250, 62, 236, 28, 54, 24
"""A box, the room for words beside it, the gaps between boxes, the margin: in pixels."""
LINE = 15
LETTERS = 34
LEGIBLE = 680
"""A picture is not drawn narrower than this, if it is wider: on a phone it is scrolled instead."""

STYLE = """
.sh{--ink:#1b1f24;--quiet:#59636e;--paper:#fff;--box:#f6f8fa;--line:#8c959f;--pass:#1a7f37;--fail:#cf222e;--error:#9a6700;--walk:#0550ae}
@media(prefers-color-scheme:dark){.sh{--ink:#e6edf3;--quiet:#9198a1;--paper:#0d1117;--box:#161b22;--line:#6e7681;--pass:#3fb950;--fail:#f85149;--error:#d29922;--walk:#58a6ff}}
.sh text{font:13px system-ui,-apple-system,Segoe UI,Roboto,sans-serif;fill:var(--ink)}.sh .b,.sh .l{font-size:11px;fill:var(--quiet)}
.sh .l{paint-order:stroke;stroke:var(--paper);stroke-width:4px}.sh rect{fill:var(--box);stroke:var(--line)}
.sh .change rect{stroke-width:3}.sh path{fill:none;stroke:var(--line)}.sh path.w{stroke:var(--walk);stroke-width:3}
.sh .w{fill:var(--walk);font-weight:600}.sh path.w{fill:none}
.sh path.n{stroke-dasharray:5 4}.sh .never rect{stroke-dasharray:5 4}
.sh .pass rect{stroke:var(--pass)}.sh .fail rect{stroke:var(--fail)}.sh .error rect{stroke:var(--error)}
""".strip().replace("\n", "")


class Box(Struct, frozen=True):
    """Where a node is drawn: its left upper corner."""

    x: float
    y: float


class Link(Struct, frozen=True):
    """All edges between the same two, as they are drawn: labels that a run took, and those that it did not."""

    source: str
    target: str
    taken: tuple[str, ...]
    other: tuple[str, ...]
    never: bool = False
    """Whether the picture is of tests, so that what was not taken is marked."""


def layers(graph: Graph) -> list[list[str]]:
    """Every step as near to the first as the edges allow; in a layer, below those that lead to it."""
    following: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for edge in graph.edges:
        if edge.target in following:
            following[edge.source].append(edge.target)
    seen: set[str] = set()
    rows: list[list[str]] = []
    for root in (graph.first, *graph.nodes):
        row = [] if root in seen or root not in graph.nodes else [root]
        depth = 0
        while row:
            seen.update(row)
            rows += [] if depth < len(rows) else [[]]
            rows[depth] += row
            row = [to for to in dict.fromkeys(to for name in row for to in following[name]) if to not in seen]
            depth += 1
    return rows


def _links(graph: Graph, taken: Walked, *, never: bool = False) -> list[Link]:
    """What is drawn: default edges only when a run took them."""
    joined: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        if not edge.defaulted or (edge.source, edge.label, edge.target) in taken:
            joined.setdefault((edge.source, edge.target), []).append(edge)
    found = []
    for (source, target), edges in joined.items():
        labels = dict.fromkeys(edge.label for edge in edges)
        walked = tuple(label for label in labels if (source, label, target) in taken)
        found.append(Link(source, target, walked, tuple(label for label in labels if label not in walked), never))
    return found


def _near(links: list[Link], rows: list[list[str]]) -> tuple[list[Link], dict[str, list[Link]]]:
    """The links to the next layer, and all others by the step that they leave."""
    depth = {name: number for number, row in enumerate(rows) for name in row}
    near: list[Link] = []
    told: dict[str, list[Link]] = {}
    for link in links:
        if depth.get(link.target, -1) == depth[link.source] + 1:
            near.append(link)
        else:
            told.setdefault(link.source, []).append(link)
    return near, told


def boxes(graph: Graph, taken: Walked | None = None) -> dict[str, Box]:
    """Where every step is drawn; no two boxes touch, and each has room beside it for its other edges."""
    rows = layers(graph)
    _, told = _near(_links(graph, taken or {}), rows)
    return _boxes(rows, told)


def _boxes(rows: list[list[str]], told: Mapping[str, list[Link]]) -> dict[str, Box]:
    cell = WIDTH + SIDE + GAP_X
    widest = max(len(row) for row in rows) * cell - GAP_X
    found: dict[str, Box] = {}
    top: float = MARGIN
    for row in rows:
        left = MARGIN + (widest - (len(row) * cell - GAP_X)) / 2
        for index, name in enumerate(row):
            found[name] = Box(left + index * cell, top)
        top += max(HEIGHT, *(LINE * _count(told.get(name, [])) for name in row)) + GAP_Y
    return found


def _count(links: list[Link]) -> int:
    return sum(bool(link.taken) + bool(link.other) for link in links)


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


def svg(
    graph: Graph,
    *,
    walked: Walked | None = None,
    marks: Mapping[str, str] | None = None,
    missed: Collection[str] | None = None,
    plain: bool = False,
) -> str:
    """The picture. `walked` counts edges taken, `marks` give the outcome of steps, `missed` are steps never tested.

    A `plain` one brings no style: the page that it stands in has it, and allows none from within.
    """
    taken, outcomes = walked or {}, marks or {}
    rows = layers(graph)
    near, told = _near(_links(graph, taken, never=missed is not None), rows)
    places = _boxes(rows, told)
    width = max(box.x for box in places.values()) + WIDTH + SIDE + MARGIN
    height = max(box.y + max(HEIGHT, LINE * _count(told.get(name, []))) for name, box in places.items()) + MARGIN
    left = LETTERS * 3 if plain and taken else 0  # room for what was taken: it stands on the left of its line
    parts = [
        (
            f'<svg class="sh" xmlns="http://www.w3.org/2000/svg" viewBox="{-left:g} 0 {width + left:g} {height:g}" role="img" '
            + (f'width="{width + left:g}">' if plain else f'style="width:100%;{_wide(width)}">')
        ),
        f"<title>Steps of the runbook</title><desc>{len(graph.nodes)} steps</desc>"
        + ("" if plain else f"<style>{STYLE}</style>"),
        (
            '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
            f'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" {_ARROW[plain]}/></marker></defs>'
        ),
    ]
    parts += _lines(near, places)
    for links in told.values():
        parts += _told(links, places)
    parts += [_node(graph, name, box, outcomes, missed) for name, box in places.items()]
    return "".join([*parts, "</svg>"])


_ARROW = ('style="fill:context-stroke;stroke:none"', 'class="a"')


def _wide(width: float) -> str:
    return f"min-width:{min(width, LEGIBLE):g}px;max-width:{width:g}px;height:auto"


def _lines(near: list[Link], places: Mapping[str, Box]) -> Iterator[str]:
    """The links to the next layer, in the order of where they lead, so that they do not cross at their start."""
    leaving: dict[str, list[Link]] = {}
    for link in near:
        leaving.setdefault(link.source, []).append(link)
    for name, links in leaving.items():
        links.sort(key=lambda link: places[link.target].x)
        start = places[name]
        for number, link in enumerate(links, 1):
            x1, y1 = start.x + WIDTH * number / (len(links) + 1), start.y + HEIGHT
            x2, y2 = places[link.target].x + WIDTH / 2, places[link.target].y
            bend = GAP_Y * 0.6
            path = f"M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
            yield f'<path class="{"w" if link.taken else "n" if link.never else ""}" d="{path}" marker-end="url(#a)"/>'
            yield from _labels(link, x1 + (x2 - x1) * 0.75, y2 - 14)


def _labels(link: Link, x: float, y: float) -> Iterator[str]:
    """What was taken stands on the left of its line, what was not on the right."""
    if link.taken:
        yield f'<text class="l w" x="{x - 8:g}" y="{y:g}" text-anchor="end">{_short(" / ".join(link.taken), 36)}</text>'
    if link.other:
        yield f'<text class="l" x="{x + 8:g}" y="{y:g}">{_other(link, 36)}</text>'


def _other(link: Link, most: int) -> str:
    """The labels that were not taken; in a picture of tests they carry the sign for that."""
    return f"{NEVER} " * link.never + _short(" / ".join(link.other), most - 2 * link.never)


def _told(links: list[Link], places: Mapping[str, Box]) -> Iterator[str]:
    """The links that are told in words beside their step; a line around the left shows what was taken back."""
    start = places[links[0].source]
    x, y = start.x + WIDTH + 10, start.y + 12
    for link in links:
        for labels, style in ((link.taken, "l w"), (link.other, "l")):
            if labels:
                shown = _other(link, 24) if labels is link.other else _short(" / ".join(labels), 24)
                words = f"{shown} → {_short(link.target.removeprefix(END), 14)}"
                yield f'<text class="{style}" x="{x:g}" y="{y:g}">{words}</text>'
                y += LINE
        end = places.get(link.target)
        if link.taken and end is not None:
            y1, y2, side = start.y + HEIGHT / 2, end.y + HEIGHT / 2, min(start.x, end.x) - MARGIN
            path = f"M{start.x:g} {y1:g}C{side:g} {y1:g} {side:g} {y2:g} {end.x:g} {y2:g}"
            path = _below(start, end) if start.y == end.y else path
            yield f'<path class="w" d="{path}" marker-end="url(#a)"/>'


def _below(start: Box, end: Box) -> str:
    """To a neighbour in the same layer, or to the step itself: a line at its side would lie behind boxes."""
    x1, x2, y = start.x + WIDTH * 0.3, end.x + WIDTH * 0.7, start.y + HEIGHT
    deep = y + GAP_Y * 0.6
    return f"M{x1:g} {y:g}C{x1:g} {deep:g} {x2:g} {deep:g} {x2:g} {y:g}"


def _node(graph: Graph, name: str, box: Box, outcomes: Mapping[str, str], missed: Collection[str] | None = None) -> str:
    node, middle = graph.nodes[name], box.x + WIDTH / 2
    outcome = outcomes.get(name, "")
    classes = f"{'change' if node.effect is not Effect.READ else 'read'} {outcome if outcome in SIGNS else ''}".strip()
    classes += " never" if missed is not None and name in missed else ""
    sign = sign_of(name, outcomes, missed)
    return (
        f'<g class="{classes}"><title>{escape(node.title)}</title>'
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text x="{middle:g}" y="{box.y + 26:g}" text-anchor="middle">{sign}{_short(node.title)}</text>'
        f'<text class="b" x="{middle:g}" y="{box.y + 46:g}" text-anchor="middle">{_short(f"{node.id}: {badge(node)}", 36)}</text></g>'
    )
