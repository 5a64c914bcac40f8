"""Filters, methods and operators as templates use them."""

import pytest

from steadyhand.expressions import TemplateError, evaluate, filters

NAMES = {
    "out": " 17\n",
    "err": "psql: no",
    "hosts": ["b", "a", "a"],
    "rows": [{"n": 1, "s": "x"}, {"n": 2, "s": "y"}],
    "m": {"b": 1, "a": 2},
    "none": None,
    "yes": True,
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("out | int", 17),
        ("'ff' | int(base=16)", 255),
        ("err | int(0)", 0),
        ("'1.5' | float", 1.5),
        ("err | float(-1)", -1),
        ("hosts | join(',')", "b,a,a"),
        ("rows | join('', attribute='s')", "xy"),
        ("[1, true] | join(' ')", "1 true"),
        ("'aXa' | replace('X', '-')", "a-a"),
        ("'aaa' | replace('a', 'b', 1)", "baa"),
        ("'a\nb\n\nc' | indent(2)", "a\n  b\n\n  c"),
        ("'a\nb' | indent(2, true)", "  a\n  b"),
        ("2.567 | round(1)", 2.6),
        ("rows | sum(attribute='n')", 3),
        ("[1, 2] | sum", 3),
        ("'%.2f of %s' | format(1.5, yes)", "1.50 of True"),
        ("'%05d%%' % 42", "00042%"),
        ("'%s and %s' % ('a', 'b')", "a and b"),
        ("'häh' | b64encode", "aMOkaA=="),
        ("'aMOkaA==' | b64decode", "häh"),
        ("'{\"a\": [1]}' | from_json", {"a": [1]}),
        ("m | to_json", '{"b": 1, "a": 2}'),
        ("'<' | tojson", '"<"'),
        ("'a=1 b=22' | regex_search('b=([0-9]+)', 1)", "22"),
        ("'a' | regex_search('b')", None),
        ("'a1b22' | regex_replace('([0-9]+)', '<\\\\1>')", "a<1>b<22>"),
        ("'/var/log/a.log' | basename", "a.log"),
        ("'/var/log/' | basename", "log"),
        ("'/var/log/a.log' | dirname", "/var/log"),
        ("'/a' | dirname", "/"),
        ("'/' | dirname", "/"),
        ("'a' | dirname", "."),
        ("1500000 | filesizeformat", "1.5 MB"),
        ("1536 | filesizeformat(true)", "1.5 kiB"),
        ("12 | filesizeformat", "12 bytes"),
        ("'a b/c' | urlencode", "a%20b%2Fc"),
        ("yes | string", "true"),
        ("hosts | sort | unique | list", ["a", "b"]),
        ("hosts | first", "b"),
        ("hosts | last", "a"),
        ("hosts | length", 3),
        ("rows | map(attribute='s') | list", ["x", "y"]),
        ("rows | selectattr('n', 'gt', 1) | map(attribute='s') | first", "y"),
        ("hosts | select('eq', 'a') | list", ["a", "a"]),
        ("hosts | map('upper') | join", "BAA"),
        ("m | dictsort | first", ["a", 2]),
        ("m | items | list", [["b", 1], ["a", 2]]),
        ("none | default('x', true)", "x"),
        ("missing | default('x')", "x"),
        ("missing.deep.down | d", ""),
        ("[] | first | default('none')", "none"),
        ("'ab cd' | title", "Ab Cd"),
        ("5 | upper", "5"),
        ("'aaaaaaaaaaaaaaa' | truncate(5)", "aa..."),
        ("' a ' | trim", "a"),
        ("[3, 1] | max", 3),
        ("-3 | abs", 3),
        ("(-3) | abs", 3),
        ("'ab' | reverse", "ba"),
        ("'a b'.split()", ["a", "b"]),
        ("', '.join(hosts)", "b, a, a"),
        ("out.strip().startswith('1')", True),
        ("'aa'.replace('a', 'b')", "bb"),
        ("m.keys()", ["b", "a"]),
        ("m.items()", [["b", 1], ["a", 2]]),
        ("m.get('zz', 5)", 5),
        ("hosts.index('a')", 1),
        ("range(3)", [0, 1, 2]),
        ("range(2, 8, 3)", [2, 5]),
        ("7 // 2 + 7 % 4 - 2 ** 3 / 4", 4.0),
        ("'a' ~ 1 ~ true", "a1true"),
        ("[1] + [2]", [1, 2]),
        ("-5 + +3", -2),
        ("1 < 2 < 3 and not 3 < 2", True),
        ("1 < 3 < 2", False),
        ("'a' in hosts and 'z' not in hosts", True),
        ("out is string and none is none and missing is not defined", True),
        ("hosts[0] ~ hosts[-1] ~ (hosts[0:2] | join)", "baba"),
        ("'abc'[1:]", "bc"),
        ("'yes' if yes else 'no'", "yes"),
        ("{'a': 1}['a']", 1),
        ("'x' is in(['x'])", True),
        ("4 is divisibleby 2 and 4 is even", True),
    ],
)
def test_what_templates_can_do(source, value):
    assert evaluate(source, NAMES) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("err | int", '"psql: no" is not a whole number'),
        ("none | float", "null is not a number"),
        ("none | string", "`the value` is null: null cannot stand in a text"),
        ("'a' ~ none", "`the value` is null: null cannot stand in a text"),
        ("['a'] | sum", "`sum` adds numbers, and one of the items is a text"),
        ("1.5 | round(400)", "`round` takes at most 30 decimals"),
        ("'%999999999d' | format(1)", "a format may hold `%s`, `%d`, `%.2f` and the like, with widths up to 100"),
        ("'%*d' % (5, 1)", "a format may hold `%s`, `%d`, `%.2f` and the like, with widths up to 100"),
        ("'a' | b64decode", "`b64decode` was given what is not base64"),
        ("'é' | b64decode", "`b64decode` was given what is not base64"),
        ("'NaN' | from_json", "`from_json` was given what is not JSON: NaN is no JSON value"),
        (
            "'{' | from_json",
            "`from_json` was given what is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "'a' | regex_search('(')",
            "`(` is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("'a' + 1", "`+` cannot be used with a text and a number"),
        ("1 / 0", "`/` divides by zero"),
        ("1 % 0", "`%` divides by zero"),
        ("'a' < 1", "`<` cannot be used with a text and a number"),
        ("1 in 5", "`in` cannot be used with a number and a number"),
        (
            "[1] | join(5)",
            "the filter `join` cannot be used with a list and a number: object of type 'int' has no len()",
        ),
        ("5 | length", "the filter `length` cannot be used with a number: object of type 'int' has no len()"),
        ("[] | first", "No first item, sequence was empty"),
        ("5 .keys()", "a number has no method `keys`"),
        ("{}.upper()", "a map has no method `upper`"),
        (
            "'a'.join(1, 2)",
            "`.join()` cannot be used with a text and a number and a number: too many values to unpack (expected 1)",
        ),
        ("range(10001)", "`range` gives at most 10,000 numbers"),
        ("range('a')", "`range()` cannot be used with a text: 'str' object cannot be interpreted as an integer"),
        ("hosts[9]", "`hosts[9]` does not exist; `hosts` has 3 items"),
        ("(hosts | sort)[9]", "`[9]` does not exist; the value has 3 items"),
        ("'a' if false", "an `if` without `else` has nothing to give"),
        ("missing | upper", "`missing` does not exist here; there are err, hosts, m, none, out, rows, yes"),
        ("not missing", "`missing` does not exist here; there are err, hosts, m, none, out, rows, yes"),
        ("missing == 1", "`missing` does not exist here; there are err, hosts, m, none, out, rows, yes"),
        ("[missing]", "`missing` does not exist here; there are err, hosts, m, none, out, rows, yes"),
        (
            "'x' | map('nothing') | list",
            "the filter `map` cannot be used with a text and a text: No filter named 'nothing'.",
        ),
    ],
)
def test_what_does_not_work_is_said(source, message):
    with pytest.raises(TemplateError) as found:
        evaluate(source, NAMES)
    assert found.value.message == message


def test_a_number_that_may_be_none_is_told_how():
    with pytest.raises(TemplateError) as found:
        evaluate("err | int", NAMES)
    assert found.value.hint == "give a default if that may be: `| int(0)`"


@pytest.mark.parametrize(
    "source",
    [
        "(['a' * 1000] * 1000) | join(' ' * 100000)",
        "'a' * 100000 | replace('a', 'b' * 1000)",
        "('a' * 100000) | replace('a', 'b' * 1000)",
        "('a' * 100000).replace('a', 'b' * 1000)",
        "('\n' * 100000) | indent(1000)",
        "('a' * 100000) | regex_replace('a', 'b' * 1000)",
        "'a' | indent(1000000000)",
    ],
)
def test_growth_is_refused_before_it_happens(source):
    with pytest.raises(TemplateError):
        assert len(evaluate(source, {})) < 1_000_000


def test_the_lists_of_what_there_is_agree():
    assert set(filters.FILTERS) == {*filters.OWN, *filters.ENGINE}
    assert not set(filters.OWN) & set(filters.ENGINE)
    assert tuple(sorted(filters.FILTERS)) == filters.FILTERS
