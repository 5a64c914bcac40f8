"""Running what only the engine can read: nothing gets out, nothing runs away."""

import time

import pytest

from steadyhand.expressions import SecretRef, TemplateError, Unknown, filters, render_text, sandbox
from steadyhand.expressions.values import Given

NAMES = {"x": "text", "m": {"a": 1}, "l": [1, 2], "secrets": {"pw": SecretRef("pw")}, "u": Unknown("u")}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ ''.__class__ }}", "`.__class__` does not exist; the value is a text"),
        ("{{ x.__class__.__mro__ }}", "`x.__class__` does not exist; `x` is a text"),
        ("{{ x['__class__'] }}", "`x.__class__` does not exist; `x` is a text"),
        ("{{ x['__cl' ~ 'ass__'] }}", "`.__class__` does not exist; the value is a text"),
        ("{{ m.__init__ }}", "`m.__init__` does not exist; `m` has a"),
        ("{{ m.items }}", "`m.items` does not exist; `m` has a"),
        ("{{ x.upper }}", "`x.upper` does not exist; `x` is a text"),
        ("{{ x.upper.__globals__ }}", "`x.upper` does not exist; `x` is a text"),
        ("{{ (x | map('upper')).gi_frame }}", "`.gi_frame` does not exist; the value is a list"),
        ("{{ '{0.__class__}'.format(1) }}", "there is no method `format`"),
        ("{{ '{a.__class__}'.format_map(m) }}", "there is no method `format_map`"),
        ("{{ 'x' | attr('upper') }}", "there is no filter `attr`"),
        ("{{ [1, 2] | random }}", "there is no filter `random`"),
        ("{{ m | pprint }}", "there is no filter `pprint`"),
        ("{{ x | e }}", "there is no filter `e`"),
        ("{{ l.append(3) }}", "there is no method `append`"),
        ("{{ m.update(a=2) }}", "there is no method `update`"),
        ("{{ x.encode() }}", "there is no method `encode`"),
        ("{{ x.ljust(1000000000) }}", "there is no method `ljust`"),
        ("{{ lipsum() }}", "`lipsum` is not a function"),
        ("{{ lipsum }}", "`lipsum` does not exist here; there are l, m, secrets, u, x"),
        ("{{ cycler }}", "`cycler` does not exist here; there are l, m, secrets, u, x"),
        ("{{ dict }}", "`dict` does not exist here; there are l, m, secrets, u, x"),
        ("{{ namespace(a=1) }}", "`namespace` is not a function"),
        ("{{ self }}", "`self` is of a kind that cannot stand here (TemplateReference)"),
        (
            "{{ self.__init__ }}",
            "`self.__init__` does not exist; `self` is of a kind that cannot stand here (TemplateReference)",
        ),
        ("{{ loop }}", "`loop` does not exist here; there are l, m, secrets, u, x"),
        ("{{ x() }}", "`x` is not a function"),
        ("{{ x | upper() ()  }}", "this cannot be called"),
        ("{{ range(*l) }}", "arguments cannot be unpacked with `*` here"),
        ("{{ x | join(**m) }}", "arguments cannot be unpacked with `*` here"),
        ("{{ x is filter }}", "there is no test `filter`"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "`{% macro %}` is not available here"),
        ("{% for a in l recursive %}{{ loop(l) }}{% endfor %}", "`{% for ... recursive %}` is not available here"),
        ("{% include 'a' %}", "`{% include %}` is not available here"),
        ("{% import 'a' as b %}", "`{% import %}` is not available here"),
        ("{% from 'a' import b %}", "`{% from ... import %}` is not available here"),
        ("{% extends 'a' %}", "`{% extends %}` is not available here"),
        ("{% block a %}{% endblock %}", "`{% block %}` is not available here"),
        ("{% filter upper %}a{% endfilter %}", "`{% filter %}` is not available here"),
        ("{% set a %}b{% endset %}", "`{% set ... endset %}` is not available here"),
        ("{% call f() %}{% endcall %}", "`{% call %}` is not available here"),
        ("{% with a = 1 %}{% endwith %}", "`{% with %}` is not available here"),
        ("{% set m.a = 2 %}", "`{% set with a dot %}` is not available here"),
        ("{% set m['a'] = 2 %}", "the template cannot be read: expected token 'end of statement block', got '['"),
        ("{% do l %}", "the template cannot be read: Encountered unknown tag 'do'"),
        ("{{ [1, 2] | map(' walk', 'x', ['__class__']) | list }}", None),
        ("{{ x | map('raw') | map(attribute='__class__') | list }}", None),
        ("{{ {'a': 1} | map(attribute='a.__class__') | list }}", None),
        ("{{ l | groupby('a') }}", "there is no filter `groupby`"),
    ],
)
def test_there_is_no_way_out(source, message):
    with pytest.raises(TemplateError) as found:
        render_text(source, NAMES)
    if message:
        assert found.value.message == message


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * 'a' }}",
        "{{ [0] * 10**9 }}",
        "{{ 9**99999 }}",
        "{{ 2**100000000 }}",
        "{{ (1 - 3)**100000001 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%.1000000000f' | format(1) }}",
        "{{ '%*d' | format(1000000000, 1) }}",
        "{{ range(10**30) | list }}",
        "{{ range(1000000) }}",
        "{% for i in range(10000) %}{% for j in range(10000) %}{% endfor %}{% endfor %}",
        "{% for i in range(10000) %}{% for j in range(10000) %}{{ i * j }}{% endfor %}{% endfor %}",
        "{% for i in range(10000) %}" + "x" * 1000 + "{% endfor %}",
        "{% set a = 'x' * 1000000 %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{{ (['x' * 1000000] * 10000) | map('upper') | list | length }}",
        "{{ (['x' * 1000000] * 10000) | join }}",
        "{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}",
        "{% for i in range(10000) %}{% if 'b' in 'a' * 1000000 %}{% endif %}{% endfor %}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ " + "-" * 3000 + "1 }}",
        "{{ " + "[" * 150 + "]" * 150 + " }}",
        "{{ 1" + " + 1" * 5000 + " }}",
        "{{ x" + " | upper" * 2000 + " }}",
        "{{ x" + ".a" * 20000 + " | upper }}",
        "{% if x %}" * 500 + "{% endif %}" * 500,
        "{{ 1.5 | round(1000000000) }}",
        "{{ 'a' | regex_search('(a+)+$') }}",
        "{{ ('9' * 100000) | int }}",
        "{{ '[' * 100000 | from_json }}",
        "{{ ('[' * 100000) | from_json }}",
        "{{ 1e308 * 10 }}",
        "{{ 1e400 }}",
        "{{ " + "9" * 5000 + " }}",
    ],
    ids=lambda s: s[:40],
)
def test_nothing_runs_away(source):
    start = time.monotonic()
    with pytest.raises(TemplateError):
        render_text(source, NAMES)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "{% for i in range(3) %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last else '' }}{% endfor %}",
            "1/3,2/3,3/3",
        ),
        ("{% for k, v in m.items() %}{{ k }}={{ v }}{% endfor %}", "a=1"),
        ("{% for i in l if i > 1 %}{{ i }}{% else %}none{% endfor %}", "2"),
        ("{% for i in [] %}{{ i }}{% else %}none{% endfor %}", "none"),
        ("{% for i in l %}{% set y = i * 2 %}{{ y }}{% endfor %}", "24"),
        ("{% if m.b is defined %}b{% elif m.a == 1 %}a{% endif %}", "a"),
        ("{{ m['a'] + l[0] }}", "2"),
        ("{% set a, b = l %}{{ b }}{{ a }}", "21"),
    ],
)
def test_statements(source, shown):
    assert render_text(source, NAMES).masked() == shown


def test_pieces_are_literal_text_and_boxed_values():
    assert sandbox.run("a{{ x | upper }}b{% if x %}c{% endif %}", NAMES) == ["a", Given("TEXT", "x | upper"), "b", "c"]
    assert sandbox.run("x ~ 1", NAMES, expression=True) == [Given("text1", "x ~ 1")]


def test_a_value_is_not_rendered_again():
    assert render_text("{{ x | trim }}", {"x": "{{ 7 * 7 }}{% raw %}"}).masked() == "{{ 7 * 7 }}{% raw %}"


def test_one_rendering_leaves_nothing_behind():
    source = "{% set x = 'new' %}{% for i in range(40000 // 4) %}{% endfor %}{{ x }}"
    for _ in range(6):
        assert render_text(source, NAMES).masked() == "new"
    assert NAMES["x"] == "text"


def test_how_the_engines_filters_are_called_is_what_the_tables_say():
    from jinja2.defaults import DEFAULT_FILTERS
    from jinja2.utils import _PassArg

    needs = {name: _PassArg.from_obj(DEFAULT_FILTERS[name]) for name in filters.ENGINE}
    assert {n for n, need in needs.items() if need is _PassArg.context} == sandbox._ENGINE_CONTEXT
    assert {n for n, need in needs.items() if need is _PassArg.environment} == sandbox._ENGINE_ENVIRONMENT
    assert not [n for n, need in needs.items() if need is _PassArg.eval_context]
