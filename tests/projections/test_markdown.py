"""Markdown that shows text as it was, whatever it holds, to any renderer."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from steadyhand.graph import build
from steadyhand.projections.markdown import block, code, plain, render, row
from steadyhand.projections.transcript import draw
from steadyhand.projections.words import brief, visible

from ..golden.make import HERE, HOSTILE, load, read

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")
NASTY = st.text(st.sampled_from("`*_{}[]()<>#|~&!\\ab1\n \t\x1b\u202e-+.="), max_size=30) | st.text(max_size=30)


def shown(source):
    """What a reader sees: the text of all tokens, and the kinds of tokens that stand for formatting."""
    inline = [child for token in MARKDOWN.parse(source) for child in token.children or ()]
    return "".join(t.content for t in inline), {t.type for t in inline}


def words(text):
    return " ".join(text.split())


@given(NASTY)
@example("a_b _c_ __d__")
@example("&lt; &#60; ![x](y) ~~z~~")
@example("<script>")
def test_words_in_a_sentence_are_shown_as_they_are(text):
    seen, kinds = shown(f"Seen: {plain(text)}.")
    assert words(seen) == words(f"Seen: {brief(text, 300)}.")
    assert kinds <= {"text", "text_special"}


@given(NASTY)
@example("a``b")
@example("`")
def test_code_in_a_sentence_is_shown_as_it_is(text):
    seen, kinds = shown(f"Seen: {code(text)}.")
    assert words(seen) == words(f"Seen: {brief(text, 400) or ' '}.")
    assert kinds <= {"text", "code_inline"}


@given(NASTY)
@example("```\nend")
@example("~~~")
def test_a_block_is_shown_as_it_is(text):
    (token,) = MARKDOWN.parse(block(text))
    assert token.type == "fence"
    assert token.content.rstrip("\n") == visible(text).rstrip("\n")


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_a_row_has_as_many_cells_as_it_was_given(cells):
    table = "\n".join([row(*["h"] * len(cells)), row(*["---"] * len(cells)), row(*map(plain, cells))])
    tokens = MARKDOWN.parse(table)
    seen = [t.children for a, t in itertools.pairwise(tokens) if a.type == "td_open"]
    assert [words("".join(c.content for c in children)) for children in seen] == [words(brief(c, 300)) for c in cells]


@pytest.fixture(scope="module")
def document():
    _, recorded = load(HERE / "1.jsonl")
    book = read(recorded[0].event.texts)
    return render(draw(recorded, book), build(book), "transcript.artifacts")


def test_a_hostile_run_is_a_document_without_html_and_without_links_of_others(document):
    tokens = MARKDOWN.parse(document)
    inline = [child for token in tokens for child in token.children or ()]
    assert not [t for t in [*tokens, *inline] if t.type.startswith("html")]
    assert not [t.attrs for t in inline if t.type in {"link_open", "image"}]
    assert "\x1b" not in document
    assert "\u202e" not in document


def test_the_headings_are_ours(document):
    tokens = MARKDOWN.parse(document)
    headings = [b.content for a, b in itertools.pairwise(tokens) if a.type == "heading_open"]
    assert headings[:3] == ["Checkout answers with errors", "The path taken", "What happened"]
    assert all(re.match(r"\d\d:\d\d:\d\d ", h) for h in headings[3:-2])
    assert headings[-2:] == ["Beside the steps", "Preflight"]


def test_it_says_who_said_what_to_what(document):
    assert "A yes was a yes to exactly this (change, `" in document
    assert "**anna** (test): restart (Restart the worker), after 20 s" in document
    assert "(refused: eve has none of the roles)" in document
    assert "**anna** (test): workers = 4" in document
    assert "| ✗ | `duration` | \\< 2s | `3s` |" in document
    assert plain(HOSTILE) in document
