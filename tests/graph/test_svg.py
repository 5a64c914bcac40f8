"""The graph as a picture: well-formed, everything drawn, nothing on top of something else, nothing hostile inside."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings

from steadyhand import graph, schema
from steadyhand.graph.svg import HEIGHT, WIDTH, boxes, svg

from .documents import END, READ, SPECS, leads, steps
from .test_checks import runbooks

SHIPPED = [p for p in Path(__file__).parents[2].glob("examples/**/*.yaml") if ".test" not in p.name]
NS = "{http://www.w3.org/2000/svg}"


def overlapping(places):
    return [
        (a, b)
        for (a, p), (b, q) in combinations(places.items(), 2)
        if abs(p.x - q.x) < WIDTH and abs(p.y - q.y) < HEIGHT
    ]


def drawn(found):
    root = ET.fromstring(svg(found))
    return root, ["".join(text.itertext()) for text in root.iter(f"{NS}text")]


@settings(max_examples=100, deadline=None)
@given(runbooks())
def test_every_step_is_drawn_once_and_none_on_another_and_every_edge_is_told(runbook):
    found = graph.build(runbook)
    places = boxes(found)
    assert set(places) == set(found.nodes)
    assert overlapping(places) == []
    root, words = drawn(found)
    rectangles = list(root.iter(f"{NS}rect"))
    assert len(rectangles) == len(places)
    for name in found.nodes:
        assert any(word.startswith(f"{name}: ") for word in words)
    lines = [path for path in root.iter(f"{NS}path") if path.get("marker-end")]
    told = [word for word in words if " → " in word]
    between = {(edge.source, edge.target) for edge in found.edges if not edge.defaulted}
    assert len(lines) + len(told) == len(between)
    _, _, width, height = map(float, root.get("viewBox").split())
    assert all(p.x >= 0 and p.x + WIDTH <= width and p.y >= 0 and p.y + HEIGHT <= height for p in places.values())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_what_is_shipped(path):
    runbook = schema.read(path.read_text(), "x", SPECS).runbook
    assert runbook is not None
    assert overlapping(boxes(graph.build(runbook))) == []
    assert ET.fromstring(svg(graph.build(runbook))).tag == f"{NS}svg"


def test_nothing_is_loaded_and_nothing_runs():
    found = svg(graph.build(steps(a=READ + END)))
    root = ET.fromstring(found)
    assert {e.tag.removeprefix(NS) for e in root.iter()} <= {
        "svg", "title", "desc", "style", "defs", "marker", "path", "g", "rect", "text",
    }  # fmt: skip
    assert "http" not in found.replace("http://www.w3.org/2000/svg", "")
    assert "@import" not in found


def test_titles_are_words_whatever_they_hold():
    found = graph.build(steps(a=READ + END))
    hostile = "</text><script>alert(1)</script>&\"'"
    node = found.nodes["a"]
    changed = type(node)(**{**{f: getattr(node, f) for f in node.__struct_fields__}, "title": hostile})
    root, words = drawn(graph.Graph({"a": changed}, found.edges, "a"))
    assert not list(root.iter(f"{NS}script"))
    assert any("</text>" in word for word in words)


def test_what_was_taken_is_told_from_what_was_not():
    found = graph.build(steps(a=READ + leads(**{"pass": "end.healthy", "fail": "b", "error": "b"}), b=READ + END))
    root = ET.fromstring(svg(found, walked={("a", "fail", "b"): 1}, marks={"a": "fail"}))
    taken = [p for p in root.iter(f"{NS}path") if p.get("class") == "w"]
    assert len(taken) == 1


def test_a_picture_of_tests_marks_what_none_walked():
    found = graph.build(steps(a=READ + leads(**{"pass": "b", "fail": "end.escalated"}), b=READ + END))
    root = ET.fromstring(svg(found, walked={("a", "fail", "end.escalated"): 1}, missed=["b"]))
    words = ["".join(text.itertext()) for text in root.iter(f"{NS}text")]
    assert any(word.startswith("∅ ") and "b" in word.lower() for word in words)
    assert "∅ pass" in words
    assert "fail → escalated" in words, "what was walked carries no sign"
    assert [path.get("class") for path in root.iter(f"{NS}path") if path.get("class")] == ["n"]
    assert "never" in svg(found, missed=["b"])
    assert "∅" not in svg(found)


def test_a_line_to_a_neighbour_runs_below_the_boxes_and_not_behind_one():
    text = (
        "steps:\n  a: {gate: Which?, next: {approved: b, rejected: c}}\n"
        "  b: {wait: 1s, next: end.healthy}\n  c: {wait: 1s, next: b}\n"
    )
    drawn = graph.build(schema.read(f"steadyhand: 1\nname: x\ntitle: X\n{text}", "x", SPECS).runbook)
    places = boxes(drawn)
    assert places["b"].y == places["c"].y
    (line,) = re.findall(r'<path class="w" d="M([^"]+)"', svg(drawn, walked={("c", "pass", "b"): 1}))
    points = [tuple(map(float, point)) for point in re.findall(r"(-?[\d.]+) (-?[\d.]+)", line)]
    assert min(y for _, y in points) == places["b"].y + HEIGHT
