"""Reading nodes against the tables: what is found, what is near, how examples are shown."""

from __future__ import annotations

import pytest

from steadyhand.schema.reader import ENOUGH, LISTED, Reader, kind_of, near, shown
from steadyhand.source import parse


def node(text):
    root, _ = parse(text, "x")
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[a]", "a list"),
        ("{a: 1}", "a map"),
        ("null", "empty"),
        ("true", "true"),
        ("012", "012"),
        ("word", "'word'"),
        ("1.5", "1.5"),
    ],
)
def test_what_a_node_is_in_words(text, kind):
    assert kind_of(node(text)) == kind


def test_the_nearest_word_or_what_there_is():
    assert near("stpes", ["steps", "name"]) == "did you mean `steps`?"
    assert near("qqq", ["steps", "name", "steps"]) == "values: steps, name"
    many = [f"step-{n}" for n in range(LISTED + 5)]
    assert near("qqq", many).endswith(f"step-{LISTED - 1} and 5 more")


def test_after_many_findings_the_nearest_word_is_no_longer_looked_for():
    reader = Reader("a: 1\n", "x")
    for _ in range(ENOUGH):
        assert reader.near("stpes", ["steps"], "steps")
        reader.say("SH101", node("a").span, "x")
    assert reader.near("stpes", ["steps"], "steps") == ""


@pytest.mark.parametrize(
    ("example", "text"),
    [
        ({"a": [1, True]}, "{a: [1, true]}"),
        ("plain", "plain"),
        ("{{ x }}", '"{{ x }}"'),
        ("https://a/#b", "https://a/#b"),
    ],
)
def test_examples_are_yaml(example, text):
    assert shown(example) == text
    root, found = parse(f"key: {text}", "x")
    assert root is not None
    assert found == ()
