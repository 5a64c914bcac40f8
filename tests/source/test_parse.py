"""YAML text to nodes: places, what is refused and how it is said, and that both parsers of the library agree."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml import cyaml

from steadyhand.source import Mapping, Scalar, Sequence, builtin, parse
from steadyhand.source.parse import DEPTH, GROWTH

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/**/*.yaml")) + sorted(
    Path(__file__).parents[2].glob("runbooks/**/*.yaml")
)


def found(text):
    _, diagnostics = parse(text, "doc.yaml")
    return [(d.code, d.message, d.span.line, d.span.column, d.hint) for d in diagnostics]


REFUSED = [
    ("", "SH005", "the document is empty", 1, 1, "begin with `steadyhand: 1` and a `name:`"),
    ("# only a comment\n", "SH005", "the document is empty", 1, 1, "begin with `steadyhand: 1` and a `name:`"),
    ("a: 1\n---\nb: 2\n", "SH005", "a second document begins here", 2, 1, "write one runbook per file"),
    ("a: 1\nb: 2\na: 3\n", "SH002", "the key `a` stands twice, first in line 1", 3, 1,
     "remove one of the two, or give it another name"),
    ("1: x\n'1': y\n", "SH002", "the key `1` stands twice, first in line 1", 2, 1,
     "remove one of the two, or give it another name"),
    ("a: *b\n", "SH003", "the alias *b stands for nothing", 1, 4,
     "define the anchor (&b) before its alias, or put the text into quotes"),
    ("a: &x [*x]\n", "SH003", "an alias inside what it stands for", 1, 8, "write the part out"),
    ("a: !!python/object x\n", "SH004", "the tag tag:yaml.org,2002:python/object has no meaning here", 1, 4,
     "leave the tag out; quotes make text"),
    ("a: !env X\n", "SH004", "the tag !env has no meaning here", 1, 4, "leave the tag out; quotes make text"),
    ("a: !!set {b, c}\n", "SH004", "the tag tag:yaml.org,2002:set has no meaning here", 1, 4, "leave the tag out"),
    ("a: !!int '3'\n", "SH004", "the tag tag:yaml.org,2002:int has no meaning here", 1, 4,
     "leave the tag out; quotes make text"),
    ("<<: {a: 1}\n", "SH008", "merge keys (<<) are not in YAML 1.2", 1, 1, "write the keys out, or alias whole values"),
    ("? [a, b]\n: c\n", "SH103", "a key must be text", 1, 3,
     "put the key into quotes; `{{` begins a map unless quoted"),
    ("a: {{ inputs.x }}\n", "SH103", "a key must be text", 1, 5,
     "put the key into quotes; `{{` begins a map unless quoted"),
    ("a: x\x07y\n", "SH006", "a character that YAML does not allow", 1, 5, "remove it, or write it as \\x.. in quotes"),
    ("é: \x00", "SH006", "a character that YAML does not allow", 1, 4, "remove it, or write it as \\x.. in quotes"),
    ("a: b: c\n", "SH001", "YAML: mapping values are not allowed in this context", 1, 5,
     "put the text into quotes: it holds a colon followed by a space"),
    ("a:\n\tb: 1\n", "SH001", "YAML: while scanning for the next token found character that cannot start any token", 2, 1,
     "indent with spaces, not with tabs"),
    ("a: 'x\n", "SH001", "YAML: while scanning a quoted scalar found unexpected end of stream", 2, 1,
     "close the quote or bracket"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "message", "line", "column", "hint"), REFUSED)
def test_what_is_refused_says_where_and_what_to_write(text, code, message, line, column, hint):
    said = found(text)
    assert said[0][:2] == (code, message)
    assert (said[0][2], said[0][4]) == (line, hint)
    assert said[0][3] == column or code == "SH001", "the library's own errors may stand a column off"


@pytest.mark.parametrize(
    ("raw", "column"),
    [(b"name: caf\xe9\n", 10), ("a: \ud800", 4), (b"\xff\xfea\x00", 1)],
    ids=["latin-1", "surrogate", "utf-16"],
)
def test_what_is_not_utf_8_is_refused_at_its_place(raw, column):
    said = found(raw)
    assert [s[:4] for s in said] == [("SH006", "this is not UTF-8", 1, column)]


def test_all_findings_come_at_once():
    assert [s[0] for s in found("a: 1\na: !x 2\nb: *c\n<<: {}\n")] == ["SH004", "SH002", "SH003", "SH008"]


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    for text in ("\ufeffa: 1", b"\xef\xbb\xbfa: 1"):
        root, diagnostics = parse(text, "x")
        assert (builtin(root), diagnostics) == ({"a": 1}, ())


def test_places_are_those_of_the_text():
    root, _ = parse('a: 1\nlist:\n  - "two words"\n  - {k: é, l: m}\nblock: |\n  x\n', "doc")
    assert isinstance(root, Mapping)
    items = root.get("list")
    assert isinstance(items, Sequence)
    two, inner = items.items
    assert isinstance(inner, Mapping)
    (k, v), (_, m) = inner.entries
    spans = [node.span for node in (two, inner, k, v, m)]
    assert [(s.line, s.column, s.end) for s in spans] == [(3, 5, 16), (4, 5, 17), (4, 6, 7), (4, 9, 10), (4, 15, 16)]
    assert isinstance(two, Scalar)
    assert not two.plain


def test_an_alias_is_what_it_stands_for():
    root, diagnostics = parse("a: &x {k: [1, 2]}\nb: *x\nc: [*x, *x]\n", "x")
    assert diagnostics == ()
    assert builtin(root) == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": [{"k": [1, 2]}] * 2}


def test_aliases_may_not_grow_without_bound():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    root, diagnostics = parse("\n".join(lines), "bomb")
    assert [d.message for d in diagnostics] == ["aliases make this document grow without bound"]
    assert size(root) < 10 * GROWTH


def size(node):
    seen, todo, count = {}, [node], 0
    while todo:
        one = todo.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            count += 1
            todo += (
                one.items
                if isinstance(one, Sequence)
                else [v for _, v in one.entries]
                if isinstance(one, Mapping)
                else []
            )
    return count


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_no_depth_breaks_it(opening, closing):
    deep = parse(opening * DEPTH + "x" + closing * DEPTH, "x")
    assert deep[1] == ()
    for many in (DEPTH + 2, 2000):
        said = found(opening * many + "x" + closing * many)
        assert said[0][0] in {"SH007", "SH001"}, said[0]
    assert found(opening * 100_000)[0][0] in {"SH007", "SH001"}


def slowly(text):
    """With the parser in Python."""
    fast, cyaml.CParser = cyaml.CParser, None
    try:
        return parse(text, "x")
    finally:
        cyaml.CParser = fast


def test_the_parser_in_c_is_there():
    assert hasattr(cyaml, "CParser"), "without it, large documents take ten times as long"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_both_parsers_give_the_same_tree(path):
    assert slowly(path.read_text()) == parse(path.read_text(), "x")


@pytest.mark.parametrize("text", [case[0] for case in REFUSED])
def test_both_parsers_refuse_the_same(text):
    fast, slow = parse(text, "x"), slowly(text)
    assert [(d.code, d.span.line) for d in fast[1]] == [(d.code, d.span.line) for d in slow[1]]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc{}[]:#- ", max_size=6), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES, st.booleans())
def test_what_was_written_is_read(value, flow):
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow)
    root, diagnostics = parse(text, "x")
    assert diagnostics == ()
    assert root is not None
    assert builtin(root) == value
    assert slowly(text)[0] == root


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    root, diagnostics = parse(text, "x")
    assert root is not None or diagnostics
    for d in diagnostics:
        assert (
            1
            <= d.span.line
            <= text.count("\n")
            + text.count("\r")
            + text.count("\x85")
            + text.count("\u2028")
            + text.count("\u2029")
            + 1
        )
