"""Reading a template with the engine's parser: its problems, its names, its flow."""

import pytest

from steadyhand.expressions.rewrite import Hole, names_of
from steadyhand.expressions.sandbox import analysed


def problems(source, **named):
    return [(p.message, p.offset, p.hint, p.kind) for p in analysed(source, **named).problems]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{ a | uper }}", [("there is no filter `uper`", 7, "did you mean `upper`?", "error")]),
        ("x\n{{ a is strng }}", [("there is no test `strng`", 10, "did you mean `string`?", "error")]),
        ("{{ a.uper() }}", [("there is no method `uper`", 5, "did you mean `.upper()`?", "error")]),
        ("{{ a.trim() }}", [("there is no method `trim`", 5, "write `| trim`", "error")]),
        ("{{ upper(a) }}", [("`upper` is not a function", 3, "write it as a filter: `value | upper`", "error")]),
        ("{{ f(a) }}", [("`f` is not a function", 3, "the only function is `range`", "error")]),
        (
            "{{ secrets.a | upper ~ secrets['b'] }}",
            [
                (
                    "`secrets.b` is a secret, and a secret cannot be transformed: pass it whole",
                    3,
                    "write `{{ secrets.b }}` and nothing else inside the braces",
                    "error",
                ),
                (
                    "`secrets.a` is a secret, and a secret cannot be transformed: pass it whole",
                    3,
                    "write `{{ secrets.a }}` and nothing else inside the braces",
                    "error",
                ),
            ],
        ),
        (
            "{{ a | raw }}",
            [
                (
                    "`raw` puts a value into the text without quoting",
                    7,
                    "leave `raw` out, unless the value is meant to be read as part of the text",
                    "raw",
                )
            ],
        ),
        (
            "a\n\n{% include 'b' %}",
            [("`{% include %}` is not available here", 3, "there are `if`, `for` and `set`", "error")],
        ),
        (
            "a\n{{ b c }}",
            [
                (
                    "the template cannot be read: expected token 'end of print statement', got 'c'",
                    2,
                    "a placeholder is `{{ name }}`; for braces that are just text, write `{{ '{{' }}`",
                    "error",
                )
            ],
        ),
        ("{{ a == 1 and b in c }}", []),
    ],
)
def test_problems_are_located(source, found):
    assert problems(source) == found


def test_an_unknown_word_near_nothing_is_told_what_there_is():
    ((message, _, hint, _),) = problems("{{ a is zzzz }}")
    assert message == "there is no test `zzzz`"
    assert hint.startswith("there are boolean, defined, divisibleby, even, ")


@pytest.mark.parametrize("source", ["{{ " + "(" * 5000, "{{ " + "not " * 5000 + "a }}"])
def test_too_deep_is_a_problem_and_not_a_crash(source):
    assert len(problems(source)) == 1


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ a.b }}{{ a.b }}{{ c['d-e'][0] }}", ("a.b", "c.d-e.0")),
        ("{{ a[b.c].d }}", ("a", "b.c")),
        ("{{ a.b.upper() }}", ("a.b",)),
        (
            "{% for h in facts.hosts %}{{ h.name }}{{ loop.index }}{{ inputs.x }}{% endfor %}",
            ("facts.hosts", "inputs.x"),
        ),
        ("{% set y = inputs.a %}{{ y.z }}", ("inputs.a",)),
        ("{% if a.x and b.y > 1 %}{{ c }}{% else %}{{ d | default(e) }}{% endif %}", ("a.x", "b.y", "c", "d", "e")),
        ("{{ range(n) }}", ("n",)),
        ("{{ a[-1][1:n] }}", ("a.-1", "n")),
        ("{{ a | nofilter }}{{ b }}", ("a", "b")),
        ("{{ 'text' }}", ()),
        ("{{ broken", ()),
    ],
)
def test_names(source, names):
    assert names_of(analysed(source)) == names


def test_the_flow_of_text():
    source = "a{{- b }}\n {%- if c %} x{{ d|raw }}{% endif %}{% raw %}{{ y }}{% endraw %}{{ {'e': '}}'} }}{# f #}g\r\n"
    analysis = analysed(source)
    assert analysis.flow == (
        "a",
        Hole(1, "b"),
        " x",
        "",
        "{{ y }}",
        Hole(source.index("{{ {"), "{'e': '}}'}"),
        "g\r\n",
    )
    assert not analysis.single


@pytest.mark.parametrize(
    ("source", "single"),
    [
        ("{{ a | upper }}", True),
        ("{{- a -}}", True),
        (" {{ a | upper }}", False),
        ("{{ a }}{{ b }}", False),
        ("{% if a %}{{ b }}{% endif %}", False),
        ("{{ a }}{% if b %}{% endif %}", False),
    ],
)
def test_one_placeholder_and_nothing_else(source, single):
    assert analysed(source).single is single


def test_expressions():
    assert names_of(analysed("a.b > 1", expression=True)) == ("a.b",)
    assert (
        problems("a b", expression=True)[0][0] == "the expression cannot be read: unexpected 'b' after the expression"
    )
