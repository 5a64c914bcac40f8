"""The graph as text and as Mermaid."""

from __future__ import annotations

import re

from steadyhand import graph
from steadyhand.graph.pictures import mermaid, text

from .documents import GATED, READ, leads, steps

RUNBOOK = steps(
    look=READ + leads(**{"pass": "end.healthy", "fail": "act", "error": "act"}),
    act=GATED + leads(**{"pass": "end.resolved", "fail": "end.escalated", "rejected": "end.escalated"}),
)
WALKED = {("look", "fail", "act"): 1, ("act", "pass", "end.resolved"): 1}


def test_text():
    assert (
        text(graph.build(RUNBOOK), WALKED, {"look": "fail", "act": "pass"})
        == """\
✗ look  LOOK  (shell)
    pass -> end.healthy
    fail => act
    error -> act
✓ act  ACT  (shell, change, gate)
    pass => end.resolved
    fail -> end.escalated
    rejected -> end.escalated
    error -> end.escalated  (default)
"""
    )


def test_mermaid_marks_what_was_taken_and_nothing_else():
    assert (
        mermaid(graph.build(RUNBOOK), WALKED, {"look": "fail", "act": "pass"})
        == """\
flowchart TD
  s_look["✗ LOOK<br/>shell"]
  s_act{{"✓ ACT<br/>shell, change, gate"}}
  s_end_2e_healthy(["healthy"])
  s_end_2e_resolved(["resolved"])
  s_end_2e_escalated(["escalated"])
  s_look -->|"pass"| s_end_2e_healthy
  s_look ==>|"fail"| s_act
  s_look -->|"error"| s_act
  s_act ==>|"pass"| s_end_2e_resolved
  s_act -->|"fail"| s_end_2e_escalated
  s_act -->|"rejected"| s_end_2e_escalated
  classDef change stroke-width:3px
  class s_act change
"""
    )


def test_hostile_titles_stay_words():
    hostile = steps(a=READ.replace("    shell", "    description: x\n    shell") + leads(**{"pass": "end.healthy"}))
    title = 'x"] --> b; click b "javascript:alert(1)" <script> `#quot;\n]:::c'
    nodes = {
        n: type(v)(**{**{f: getattr(v, f) for f in v.__struct_fields__}, "title": title})
        for n, v in graph.build(hostile).nodes.items()
    }
    drawn = mermaid(graph.Graph(nodes, graph.build(hostile).edges, "a"))
    words = re.search(r'\["(.*?)<br/>', drawn)
    assert words is not None
    assert not re.search(r'["<>`\[\]{}|]', words[1])
    assert len(drawn.splitlines()) == 5


def test_a_picture_of_tests_marks_what_none_walked():
    found = graph.build(RUNBOOK)
    walked = {("look", "pass", "end.healthy"): 2}
    assert (
        text(found, walked, missed=["act"])
        == """\
look  LOOK  (shell)
    pass => end.healthy
    fail -> act  (never walked)
    error -> act  (never walked)
∅ act  ACT  (shell, change, gate)
    pass -> end.resolved  (never walked)
    fail -> end.escalated  (never walked)
    rejected -> end.escalated  (never walked)
    error -> end.escalated  (default)
"""
    )
    drawn = mermaid(found, walked, missed=["act"])
    assert 's_look ==>|"pass"| s_end_2e_healthy' in drawn
    assert 's_look -.->|"∅ fail"| s_act' in drawn
    assert "class s_act never" in drawn
    assert "never" not in mermaid(found, walked)
