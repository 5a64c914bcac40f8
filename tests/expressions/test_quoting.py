"""A value, quoted for its place, is read back as that value."""

import json
import math
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.expressions import NotYetKnown, NulByte, SecretRef, TemplateError, Truncated, Unknown
from steadyhand.expressions.quoting import QUOTE, as_json, as_text, native, percent, shell_word
from steadyhand.expressions.values import Raw
from steadyhand.model import Literal, Syntax, Value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=30)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5.0"),
        (-0.5, "-0.5"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
        ("\udcff", "\udcff"),
        (["\udcff"], '["\\udcff"]'),
    ],
)
def test_values_as_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "`x` is null: null cannot stand in a text"),
        (math.nan, "`x` is not a finite number (nan)"),
        (math.inf, "`x` is not a finite number (inf)"),
        ([math.inf], "`x` is not a finite number (inf)"),
        pytest.param(10**5000, "`x` is a number with too many digits", id="digits"),
        (b"a", "`x` is of a kind that cannot stand here (bytes)"),
        ({1, 2}, "`x` is of a kind that cannot stand here (set)"),
        (SecretRef("pw"), "`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole"),
        ([SecretRef("pw")], "`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole"),
        (Truncated("a", 9), "`x` is not whole: only the first 1 of 9 bytes were kept"),
    ],
)
def test_what_cannot_be_text_is_said(value, message):
    with pytest.raises(TemplateError) as found:
        as_text(value, "x")
    assert found.value.message == message


def test_what_is_not_known_yet_is_no_text():
    with pytest.raises(NotYetKnown):
        as_text({"a": Unknown("b")})


def test_deep_values_are_refused():
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(TemplateError, match="`the value` is nested more than 100 deep"):
        as_json(deep)
    loop = []
    loop.append(loop)
    with pytest.raises(TemplateError, match="nested more than 100 deep"):
        native(loop)


@given(JSON)
def test_json_is_read_back(value):
    assert json.loads(as_json(value)) == value
    as_json(value).encode("utf-8")


@given(JSON)
def test_native_values_are_what_they_were(value):
    assert native(value) == value


@given(st.dictionaries(st.integers() | st.booleans(), st.integers(), max_size=2))
def test_keys_become_text(value):
    assert all(isinstance(key, str) for key in native(value))


@given(ANY_TEXT)
def test_percent_encoding_is_read_back_and_holds_nothing_reserved(text):
    assert set(percent(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    assert unquote_to_bytes(percent(text)) == raw


def test_bytes_that_are_not_utf8_are_encoded_as_they_were():
    assert percent(b"\xff/ \xc3\xa9".decode("utf-8", "surrogateescape")) == "%FF%2F%20%C3%A9"


@pytest.mark.parametrize(
    ("text", "word"), [("", "''"), ("a", "'a'"), ("it's", "'it'\\''s'"), ("-rf /", "'-rf /'"), ("$(x)", "'$(x)'")]
)
def test_shell_words(text, word):
    assert shell_word(text) == word


@pytest.mark.parametrize(
    ("syntax", "value", "before", "part"),
    [
        (Syntax.PLAIN, "a b", "", Value("a b", "a b")),
        (Syntax.SHELL, 5, "", Value("5", "'5'")),
        (Syntax.SHELL, [1], "", Value("[1]", "'[1]'")),
        (Syntax.SHELL, Raw("a b"), "", Value("a b", "a b")),
        (Syntax.URL, "a/b", "https://h/", Value("a/b", "a%2Fb")),
        (Syntax.URL, "db1:8080", "https://", Value("db1:8080", "db1:8080")),
        (Syntax.URL, "[::1]:80", "http://", Value("[::1]:80", "[::1]:80")),
        (Syntax.URL, "db1:8080", "https://h/", Value("db1:8080", "db1%3A8080")),
        (Syntax.URL, "u@h:8080", "https://", Value("u@h:8080", "u%40h%3A8080")),
        (Syntax.URL, "h/x?y#z", "https://", Value("h/x?y#z", "h%2Fx%3Fy%23z")),
        (Syntax.URL, "https://h:1/x", "", Value("https://h:1/x", "https://h:1/x")),
        (Syntax.URL, "..", "https://h/?v=", Value("..", "..")),
        (Syntax.URL, Raw("a/b"), "https://h/", Value("a/b", "a/b")),
        (Syntax.JSON, "a", "", Value("a", '"a"')),
        (Syntax.JSON, None, "", Value("null", "null")),
        (Syntax.JSON, 5, "", Value("5", "5")),
        (Syntax.JSON, Raw("[]"), "", Value("[]", "[]")),
        (Syntax.SQL, "a'b", "", Value("a'b", "?")),
        (Syntax.SQL, 5, "", Value("5", "?", data=True)),
        (Syntax.SQL, "5", "", Value("5", "?")),
        (Syntax.SQL, None, "", Value("null", "?", data=True)),
        (Syntax.SQL, ["a", 1], "", Value('["a", 1]', "?", data=True)),
        (Syntax.SQL, Raw("asc"), "", Literal("asc")),
    ],
)
def test_each_syntax_quotes_in_its_own_way(syntax, value, before, part):
    assert QUOTE[syntax](value, "x", before) == part


def test_a_nul_cannot_stand_in_a_command():
    with pytest.raises(NulByte) as found:
        QUOTE[Syntax.SHELL]("a\0b", "inputs.x", "")
    assert found.value.message == "`inputs.x` holds a NUL byte, which no command line can carry"
    assert found.value.hint == "hand it over through a file"


@pytest.mark.parametrize(
    "url", ["db1", "ftp://h/", "javascript:alert(1)", "https://", "http://a b", "http://a\nb", "", "//h/"]
)
def test_only_a_web_address_may_begin_a_url(url):
    with pytest.raises(TemplateError) as found:
        QUOTE[Syntax.URL](url, "inputs.url", " ")
    assert found.value.message == "`inputs.url` stands where the URL begins, and is not an http or https URL"
    assert found.value.hint == "write the scheme and the host before it, as in `https://{{ inputs.host }}/`"


@pytest.mark.parametrize("dots", [".", ".."])
def test_a_value_does_not_climb_out_of_a_path(dots):
    with pytest.raises(TemplateError) as found:
        QUOTE[Syntax.URL](dots, "inputs.x", "https://h/api/")
    assert found.value.message == f"`inputs.x` is `{dots}`, which would lead to another path of the URL"
