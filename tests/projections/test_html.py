"""One page that loads nothing, runs nothing, and shows text as it was."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.graph import build
from steadyhand.projections.html import POLICY, render, text
from steadyhand.projections.transcript import draw
from steadyhand.projections.words import visible

from ..golden.make import HERE, load, read

VOID = {"meta", "br", "path", "rect", "link"}


class Page(HTMLParser):
    """Every element must be closed in order; all attributes and words are kept."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], set(), [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page():
    _, recorded = load(HERE / "1.jsonl")
    book = read(recorded[0].event.texts)
    return Page(render(draw(recorded, book), build(book), "t.artifacts"))


def test_it_is_well_formed_and_has_no_script(page):
    assert page.open == []
    assert not page.tags & {"script", "iframe", "img", "object", "embed", "form", "base"}
    assert not [a for a in page.attributes if a[1].startswith("on")]


def test_it_loads_nothing(page):
    assert ("meta", "content", POLICY) in page.attributes
    loading = [a for a in page.attributes if a[1] in {"src", "href", "srcset", "action", "xlink:href"}]
    assert all(value.startswith("t.artifacts/") for _, _, value in loading)


def test_hostile_words_are_words(page):
    everything = "".join(page.words)
    assert "<script>alert(1)</script>" in everything
    assert "\x1b" not in everything
    assert "\u202e" not in everything


def test_it_is_readable_on_a_phone_and_at_night(page):
    assert ("meta", "content", "width=device-width,initial-scale=1") in page.attributes
    assert any("prefers-color-scheme:dark" in words for words in page.words)


@given(st.text())
def test_text_is_shown_as_it_was(words):
    assert "".join(Page(f"<p>{text(words)}</p>").words).replace("?", "") == visible(words).replace("?", "")
