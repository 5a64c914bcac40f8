"""JSONPath, the part of RFC 9535 that runbooks need."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import TemplateError
from steadyhand.expressions.jsonpath import found, parsed, same

STORE = {
    "store": {
        "book": [
            {"author": "A", "price": 8.95, "sold": True},
            {"author": "B", "price": 12.99, "isbn": "1"},
            {"author": "C", "price": 22, "isbn": None},
        ],
        "bicycle": {"price": 400, "team's": {"a b": 1, 'q"': 2}},
    },
    "é": 1,
}


@pytest.mark.parametrize(
    ("path", "values", "definite"),
    [
        ("$", [STORE], True),
        ("$.store.bicycle.price", [400], True),
        ("$['store']['bicycle'][\"price\"]", [400], True),
        ("$.store.book[0].author", ["A"], True),
        ("$.store.book[-1].author", ["C"], True),
        ("$.store.book[9].author", [], True),
        ("$.nothing", [], True),
        ("$.é", [1], True),
        ("$.store.bicycle['team\\'s']['a b']", [1], True),
        ("$.store.bicycle[\"team's\"]['q\"']", [2], True),
        ("$.store.book[*].author", ["A", "B", "C"], False),
        ("$.store.book.*.author", ["A", "B", "C"], False),
        ("$.store.book[0:2].author", ["A", "B"], False),
        ("$.store.book[::-1].author", ["C", "B", "A"], False),
        ("$.store.book[1:].author", ["B", "C"], False),
        ("$.store.book[::0].author", [], False),
        ("$.store.book[0, 2].author", ["A", "C"], False),
        ("$..author", ["A", "B", "C"], False),
        ("$..price", [8.95, 12.99, 22, 400], False),
        ("$..book[0].price", [8.95], False),
        ("$..[0].price", [8.95], False),
        ("$..*", None, False),
        ("$.store.book[?@.price < 10].author", ["A"], False),
        ("$.store.book[?(@.price >= 12.99 && @.isbn == '1')].author", ["B"], False),
        ("$.store.book[?@.author == 'A' || @.author == \"C\"].price", [8.95, 22], False),
        ("$.store.book[?@.isbn].author", ["B", "C"], False),
        ("$.store.book[?!@.isbn].author", ["A"], False),
        ("$.store.book[?@.isbn == null].author", ["C"], False),
        ("$.store.book[?@.sold == true].author", ["A"], False),
        ("$.store.book[?@.sold != false].author", ["A", "B", "C"], False),
        ("$.store.book[?@.price > $.store.book[1].price].author", ["C"], False),
        ("$.store.book[?@.author >= 'B'].author", ["B", "C"], False),
        ("$.store.book[?@.author > 5].author", [], False),
        ("$.store.book[?$.nothing].author", [], False),
    ],
)
def test_paths(path, values, definite):
    read = parsed(path)
    assert read.definite is definite
    result = found(read, STORE)
    if values is not None:
        assert result == values


@pytest.mark.parametrize(
    ("path", "at", "why"),
    [
        ("store", 1, "a path begins with `$`"),
        ("", 1, "a path begins with `$`"),
        ("$.", 3, "a name is missing; write `['a name']` for one with other characters"),
        ("$.a b", 4, "write `.name`, `['name']`, `[0]`, `[*]`, `..name` or `[?@.name == 'x']`"),
        ("$[", 3, "an index, a quoted name, `*` or a filter is missing"),
        ("$[0", 4, "`]` is missing"),
        ("$[a]", 3, "an index, a quoted name, `*` or a filter is missing"),
        ("$['\\x']", 7, "'\\x' is no quoted name"),
        ("$[?'a']", 7, "a comparison is missing, as in `[?@.name == 'x']`"),
        ("$[?@.a == b]", 12, "a filter compares `@.name` with a text in quotes, a number, true, false or null"),
        ("$[?(@.a]", 8, "`)` is missing"),
    ],
)
def test_what_cannot_be_read_is_located(path, at, why):
    with pytest.raises(TemplateError) as problem:
        parsed(path)
    expected = f"the path `{path}` cannot be read at character {at}: {why}"
    assert problem.value.message == expected


def test_deep_paths_and_large_documents_end():
    with pytest.raises(TemplateError, match="is nested too deeply"):
        parsed("$[?" + "(" * 3000)
    with pytest.raises(TemplateError, match=r"the path `\$\.\.\*` visits more than 100,000 values"):
        found(parsed("$..*"), [[1] * 1000] * 200)
    deep = []
    for _ in range(40_000):
        deep = [deep]
    assert found(parsed("$..a"), deep) == []


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_refused(text):
    for path in (text, f"${text}", f"$[?{text}]"):
        with suppress(TemplateError):
            found(parsed(path), STORE)


@given(
    st.lists(
        st.sampled_from(
            ["$", ".", "..", "[", "]", "*", "?", "@", "a", "'b'", "0", "-1", ":", "==", "&&", "!", "(", ")", " ", ","]
        )
    )
)
def test_any_signs_are_a_path_or_refused(signs):
    test_any_text_is_a_path_or_refused.hypothesis.inner_test("".join(signs))


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        ("1", 1, False),
        ([1, [True]], [1, [True]], True),
        ([1], [True], False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1], (1,), True),
        (None, None, True),
        (None, False, False),
        ("a", ["a"], False),
    ],
)
def test_equality_of_json_values(left, right, answer):
    assert same(left, right) is answer
    assert same(right, left) is answer
