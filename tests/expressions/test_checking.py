"""What is said of a template before anything runs."""

import pytest

from steadyhand.expressions import Problem, check, check_expression, expression_names, names_in
from steadyhand.model import Syntax

INSIDE = "its value is quoted already, and would not be in there"


@pytest.mark.parametrize(
    ("source", "syntax", "problems"),
    [
        ("plain 'text", Syntax.SHELL, []),
        ("echo {{ inputs.x }}", Syntax.SHELL, []),
        ('echo "{{ inputs.x }}"', Syntax.PLAIN, []),
        (
            'echo a "{{ inputs.x }}"',
            Syntax.SHELL,
            [Problem(f"a placeholder inside double quotes: {INSIDE}", 8, "write `{{ inputs.x }}`")],
        ),
        (
            "echo '{{ x }}' {{ y }} '{{ z | upper }}'",
            Syntax.SHELL,
            [
                Problem(f"a placeholder inside single quotes: {INSIDE}", 6, "write `{{ x }}`"),
                Problem(f"a placeholder inside single quotes: {INSIDE}", 24, "write `{{ z | upper }}`"),
            ],
        ),
        ("{% for x in y %}echo {{ x }}\n{% endfor %}", Syntax.SHELL, []),
        (
            "'{{ x | raw }}' {{ y | uper }}",
            Syntax.SHELL,
            [
                Problem(
                    "`raw` puts a value into the text without quoting",
                    8,
                    "leave `raw` out, unless the value is meant to be read as part of the text",
                    "raw",
                ),
                Problem("there is no filter `uper`", 23, "did you mean `upper`?"),
            ],
        ),
        ("{{ x | raw }}", Syntax.PLAIN, []),
        (
            '{"a": "{{ x }}"}',
            Syntax.JSON,
            [
                Problem(
                    "a placeholder inside a JSON string: it gives a whole JSON value",
                    7,
                    "write `{{ x }}` without the quotes; put texts together inside the braces with `~`",
                )
            ],
        ),
    ],
)
def test_templates(source, syntax, problems):
    assert check(source, syntax) == problems


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("exit_code == 0", []),
        ("inputs.ready", []),
        ("", [Problem("the expression is empty", 0, "write a condition, as in `exit_code == 0`")]),
        ("{{ a == 1 }}", [Problem("an expression stands without braces", 0, "write `a == 1`")]),
        ("stdout | itn < 5", [Problem("there is no filter `itn`", 9, "did you mean `int`?")]),
        (
            "secrets.a == 'x'",
            [
                Problem(
                    "`secrets.a` is a secret, and a secret cannot be transformed: pass it whole",
                    0,
                    "write `{{ secrets.a }}` and nothing else inside the braces",
                )
            ],
        ),
        ("a | raw", []),
    ],
)
def test_expressions(source, problems):
    assert check_expression(source) == problems


def test_an_expression_that_cannot_be_read():
    (problem,) = check_expression("a ==")
    assert problem.message.startswith("the expression cannot be read: ")


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("", ()),
        ("text", ()),
        ("{{ inputs.host }} {{ contacts['team-data'] }} {{ inputs.host }}", ("inputs.host", "contacts.team-data")),
        ("{{ steps.causes.stdout | trim }}", ("steps.causes.stdout",)),
    ],
)
def test_names_in_a_template(template, names):
    assert names_in(template) == names


def test_names_in_an_expression():
    assert expression_names("steps.a.stdout") == ("steps.a.stdout",)
    assert expression_names("object.metadata.annotations['pool'] | default('ok') == facts.x") == (
        "object.metadata.annotations.pool",
        "facts.x",
    )
