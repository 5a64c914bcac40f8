"""Nodes of a document."""

from steadyhand.errors import Span
from steadyhand.source import Mapping, Scalar, Sequence, builtin

AT = Span("x", 1, 1, 2)


def test_a_tree_as_plain_values():
    key = Scalar("a", "a", AT)
    tree = Mapping(((key, Sequence((Scalar(1, "1", AT), Scalar(None, "", AT)), AT)),), AT)
    assert builtin(tree) == {"a": [1, None]}


def test_a_key_is_found_by_its_text():
    tree = Mapping(((Scalar(1, "1", AT), Scalar("x", "x", AT)),), AT)
    assert tree.get("1") == Scalar("x", "x", AT)
    assert tree.get("2") is None
