"""What differs between two captured values."""

from __future__ import annotations

from steadyhand.projections.differences import differences


def test_what_differs():
    assert differences({"b": 1, "a": 2}, {"a": 2, "b": 1}) == ""
    assert differences({"a": 1}, {"a": 2}) == '--- before\n+++ after\n@@ -1,3 +1,3 @@\n {\n-  "a": 1\n+  "a": 2\n }'
    assert differences("a\nb", "a\nc").endswith(" a\n-b\n+c")
    assert differences(None, {"a": 1}).startswith("--- before\n+++ after\n@@ -0,0 +1,3 @@\n+{")
    assert differences([1], None).endswith("-[\n-  1\n-]")
    assert differences(1, "1") == ""


def test_a_long_one_is_cut():
    found = differences(list(range(1000)), [], most=10).split("\n")
    assert len(found) == 11
    assert found[-1].startswith("... and ")
