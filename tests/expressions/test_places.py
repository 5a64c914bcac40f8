"""What is said of a misplaced placeholder, and what to write instead."""

import pytest

from steadyhand.expressions.places import Misplaced, in_sql, misplaced
from steadyhand.model import Syntax


def said(text, syntax=Syntax.SHELL, labels="abc"):
    pieces = [piece for part in text.split("@") for piece in (part, None)][:-1]
    return misplaced(pieces, list(labels), syntax)


INSIDE = "its value is quoted already, and would not be in there"
THERE = "quotes do not protect a value there"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('echo "@"', f"a placeholder inside double quotes: {INSIDE}", "write `{{ a }}`"),
        ("echo '@'", f"a placeholder inside single quotes: {INSIDE}", "write `{{ a }}`"),
        ('echo "Hello @!"', f"a placeholder inside double quotes: {INSIDE}", 'write `"Hello "{{ a }}"!"`'),
        ("echo `cat @`", f"a placeholder inside backticks: {THERE}", "write `$( )` instead of the backticks"),
        ("cat <<E\n@\nE", f"a placeholder inside a here-document: {THERE}", "hand the text over through `stdin:`"),
        ("ls # @", f"a placeholder inside a comment: {THERE}", "take it out of the comment"),
        (
            "echo ${v:-@}",
            f"a placeholder inside `${{ }}`: {THERE}",
            'give it to a variable in a line of its own before that, `v={{ a }}`, and write `"$v"` here',
        ),
        (
            "echo $((@ + 1))",
            f"a placeholder inside `$(( ))`: {THERE}",
            "compute in the template: `{{ a | int + 1 }}`",
        ),
        (
            "echo $@",
            "a placeholder right after `$`: some shells read the quotes of its value differently there",
            "take the `$` away",
        ),
        (
            "echo \\@",
            "a placeholder right after a backslash: it would undo the quotes of its value",
            "take the backslash away",
        ),
        (
            "cat <<@\n",
            "a placeholder where the quoting cannot be told: shells read such text differently",
            'give it to a variable in a line of its own before that, `v={{ a }}`, and write `"$v"` here',
        ),
    ],
)
def test_a_misplaced_placeholder_in_a_command(text, message, hint):
    assert said(text) == [Misplaced(0, message, hint)]


def test_every_placeholder_of_a_quoted_stretch_is_named_with_the_same_fix():
    found = said('echo @ "x @ y @"')
    assert [m.index for m in found] == [1, 2]
    assert {m.hint for m in found} == {'write `"x "{{ b }}" y "{{ c }}`'}


def test_a_placeholder_in_a_json_string():
    assert said('{"a": @, "b\\"": "x @"}', Syntax.JSON) == [
        Misplaced(
            1,
            "a placeholder inside a JSON string: it gives a whole JSON value",
            "write `{{ b }}` without the quotes; put texts together inside the braces with `~`",
        )
    ]


BOUND = "its value is bound, and would not be in there"
NO_NAME = "a value cannot be the name of anything, it is bound"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a = '@'", f"a placeholder inside quotes: {BOUND}", "write `{{ a }}`"),
        ("a like '%@%'", f"a placeholder inside quotes: {BOUND}", "write `{{ '%' ~ a ~ '%' }}`"),
        ("a > interval '@'", f"a placeholder inside quotes: {BOUND}", "write `cast({{ a }} as interval)`"),
        ("select 1 -- @", f"a placeholder inside a comment: {BOUND}", "take it out of the comment"),
        (
            "from @",
            f"a placeholder where a name must stand: {NO_NAME}",
            "write the name itself, and a step for each if there are several",
        ),
        (
            "from t_@",
            "a placeholder that touches a word: its value is bound as a whole",
            "put texts together inside the braces with `~`, or write the name itself",
        ),
    ],
)
def test_a_misplaced_placeholder_in_a_statement(text, message, hint):
    assert said(text, Syntax.SQL) == [Misplaced(0, message, hint)]


def test_what_one_dialect_allows_is_left_to_the_handler_that_knows_which():
    assert said("data #>> @", Syntax.SQL) == []
    assert in_sql(["data #>> ", None], ["a"], "mysql")[0].hint == "take it out of the comment"
    assert in_sql(["interval ", None], ["a"], "postgresql")[0].hint == "write `cast({{ a }} as interval)`"


@pytest.mark.parametrize("syntax", [Syntax.PLAIN, Syntax.URL])
def test_other_syntaxes_have_no_quotes_to_mind(syntax):
    assert said('"@"', syntax) == []


def test_text_without_placeholders_is_not_read():
    assert said('echo "') == []
