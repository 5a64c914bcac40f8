"""Rendering: templates and names in, text that remembers its parts out."""

import json
import os
import shutil
import subprocess
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from steadyhand.expressions import (
    NotYetKnown,
    NulByte,
    SecretRef,
    TemplateError,
    Truncated,
    Unknown,
    check,
    evaluate,
    expression_names,
    names_in,
    render_native,
    render_text,
    render_value,
    sandbox,
)
from steadyhand.expressions.render import _evaluated
from steadyhand.expressions.scan import pieces, plain_name
from steadyhand.expressions.values import Given
from steadyhand.model import Literal, Secret, Syntax, Text, Value, plain

NAMES = {
    "inputs": {"host": "db 1", "port": 5432, "on": True, "tags": ["a", "b"], "none": None, "url": "https://h/x"},
    "contacts": {"team-data": "#data"},
    "secrets": {"pw": SecretRef("pw")},
    "facts": {"n": 3},
    "steps": {"new": Unknown("steps.new")},
}

HOSTILE = [
    '"; touch /tmp/pwned #',
    "'; touch /tmp/pwned #",
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "a\nb\r\nc\n",
    "\n",
    "{{ 7*7 }}",
    "{% if 1 %}x{% endif %}",
    "a\u2028b\u2029c\x85",
    "-rf",
    "--",
    "",
    " ",
    "x" * 100_000,
    "\udcff\udc80\xff",
    "\\",
    "\\'",
    "'\\''",
    "*?[a]~",
    "$HOME ${HOME} $1 $$",
    "!! !x",
    "é 中 \U0001f600",
    "\x01\x02\x1b[31m\x7f",
    "\ue000\ue001\uf8ff\ufffe",
    "(Value) ⟨steps.new⟩ •••",
    "a'b\"c`d\\e$f",
]


def value(text, shown):
    return Value(text, shown)


# --- text


@pytest.mark.parametrize(
    ("source", "syntax", "parts"),
    [
        ("plain 'text'", Syntax.SHELL, (Literal("plain 'text'"),)),
        ("", Syntax.PLAIN, (Literal(""),)),
        ("{{ inputs.host }}", Syntax.PLAIN, (value("db 1", "db 1"),)),
        (
            "psql -h {{ inputs.host }} -p{{ inputs.port }}",
            Syntax.SHELL,
            (Literal("psql -h "), value("db 1", "'db 1'"), Literal(" -p"), value("5432", "'5432'")),
        ),
        ("{{ secrets.pw }}!", Syntax.SHELL, (Secret("pw"), Literal("!"))),
        ("{{ inputs.tags }}", Syntax.SHELL, (value('["a", "b"]', '\'["a", "b"]\''),)),
        ("{{ inputs.on }}", Syntax.SHELL, (value("true", "'true'"),)),
        (
            "https://{{ inputs.host }}/{{ inputs.host }}?q={{ inputs.port }}",
            Syntax.URL,
            (
                Literal("https://"),
                value("db 1", "db%201"),
                Literal("/"),
                value("db 1", "db%201"),
                Literal("?q="),
                value("5432", "5432"),
            ),
        ),
        (
            "{{ inputs.url }}/{{ inputs.url }}",
            Syntax.URL,
            (value("https://h/x", "https://h/x"), Literal("/"), value("https://h/x", "https%3A%2F%2Fh%2Fx")),
        ),
        ('{"a": {{ inputs.tags }}}', Syntax.JSON, (Literal('{"a": '), value('["a", "b"]', '["a", "b"]'), Literal("}"))),
        ("a = {{ inputs.host }}", Syntax.SQL, (Literal("a = "), value("db 1", "?"))),
        ("{{ inputs.host | upper }} x", Syntax.SHELL, (value("DB 1", "'DB 1'"), Literal(" x"))),
        ("{% if inputs.on %}a{% else %}b{% endif %}{# c #}d", Syntax.PLAIN, (Literal("ad"),)),
        (
            "{% for t in inputs.tags %}{{ t }} {% endfor %}",
            Syntax.SHELL,
            (value("a", "'a'"), Literal(" "), value("b", "'b'"), Literal(" ")),
        ),
        ("{% set x = 'a b' %}{{ x }}", Syntax.SHELL, (value("a b", "'a b'"),)),
        ("{% raw %}{{ x }}{% endraw %}", Syntax.PLAIN, (Literal("{{ x }}"),)),
        ("echo '{{ inputs.host | raw }}'", Syntax.SHELL, (Literal("echo '"), value("db 1", "db 1"), Literal("'"))),
        ("{{ inputs.host | raw | upper }}", Syntax.SHELL, (value("DB 1", "'DB 1'"),)),
        (
            "a\r\nb {{ inputs.port }}\r\n\n",
            Syntax.PLAIN,
            (Literal("a\r\nb "), value("5432", "5432"), Literal("\r\n\n")),
        ),
        ("a\r\nb {{ 1 + 1 }}\r\n\n", Syntax.PLAIN, (Literal("a\r\nb "), value("2", "2"), Literal("\r\n\n"))),
        ("{{ '\r' ~ '\\n' }}", Syntax.PLAIN, (value("\r\n", "\r\n"),)),
    ],
)
def test_text_remembers_where_each_piece_came_from(source, syntax, parts):
    assert render_text(source, NAMES, syntax) == Text(parts)


@pytest.mark.parametrize(
    ("source", "syntax", "message", "hint"),
    [
        (
            "{{ inputs.hots }}",
            Syntax.PLAIN,
            "`inputs.hots` does not exist; `inputs` has host, none, on, port, tags, url",
            "did you mean `inputs.host`?",
        ),
        (
            "{{ input.host }}",
            Syntax.PLAIN,
            "`input` does not exist here; there are contacts, facts, inputs, secrets, steps",
            "did you mean `inputs`?",
        ),
        (
            "{{ inputs.none }}",
            Syntax.PLAIN,
            "`inputs.none` is null: null cannot stand in a text",
            "give it a default, or leave the placeholder out",
        ),
        (
            'echo "{{ inputs.host }}"',
            Syntax.SHELL,
            "a placeholder inside double quotes: its value is quoted already, and would not be in there",
            "write `{{ inputs.host }}`",
        ),
        (
            "echo '{{ secrets.pw }}'",
            Syntax.SHELL,
            "a placeholder inside single quotes: its value is quoted already, and would not be in there",
            "write `{{ secrets.pw }}`",
        ),
        (
            "{% if inputs.on %}'{% endif %}{{ inputs.host }}",
            Syntax.SHELL,
            "a placeholder inside single quotes: its value is quoted already, and would not be in there",
            "write `{{ inputs.host }}`",
        ),
        (
            '{"a": "{{ inputs.host }}"}',
            Syntax.JSON,
            "a placeholder inside a JSON string: it gives a whole JSON value",
            "write `{{ inputs.host }}` without the quotes; put texts together inside the braces with `~`",
        ),
        (
            '{"a": {{ secrets.pw }}}',
            Syntax.JSON,
            "`secrets.pw` cannot stand in JSON text: its quotes are not known before it is",
            "give the body as a map instead of text",
        ),
        (
            "{{ secrets.pw | upper }}",
            Syntax.PLAIN,
            "`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole",
            "write `{{ secrets.pw }}` and nothing else inside the braces",
        ),
        (
            "{{ inputs.host",
            Syntax.PLAIN,
            "the template cannot be read: unexpected end of template, expected 'end of print statement'",
            "a placeholder is `{{ name }}`; for braces that are just text, write `{{ '{{' }}`",
        ),
        (
            "{{ steps.new }}",
            Syntax.PLAIN,
            "`steps.new` is not known yet",
            "it is known only once the step that gives it has run",
        ),
        ("a\0{{ inputs.host }}", Syntax.SHELL, "the command holds a NUL byte, which no command line can carry", ""),
    ],
)
def test_what_cannot_be_rendered_is_said(source, syntax, message, hint):
    with pytest.raises(TemplateError) as found:
        render_text(source, NAMES, syntax)
    assert (found.value.message, found.value.hint) == (message, hint)


SECRET_USES = [
    "secrets.pw | upper",
    "secrets.pw | default('')",
    "secrets.pw | to_json",
    "secrets.pw | raw",
    "secrets.pw ~ 'a'",
    "'a' ~ secrets.pw",
    "secrets.pw + 'a'",
    "'a' + secrets.pw",
    "secrets.pw * 2",
    "'%s' % secrets.pw",
    "'%s' | format(secrets.pw)",
    "secrets.pw == 'a'",
    "'a' == secrets.pw",
    "'a' in secrets.pw",
    "secrets.pw in ['a']",
    "secrets.pw < 'a'",
    "secrets.pw[0]",
    "secrets.pw[1:]",
    "secrets.pw.length",
    "secrets.pw.upper()",
    "secrets.pw and 1",
    "not secrets.pw",
    "1 if secrets.pw else 2",
    "secrets.pw is string",
    "secrets.pw is eq('a')",
    "[secrets.pw] | join",
    "[secrets.pw] | string",
    "[secrets.pw] | map('upper') | join",
    "[secrets.pw] | sort | join",
    "secrets | to_json",
    "secrets.values() | join",
    "'a'.join([secrets.pw])",
    "{'a': secrets.pw}",
    "[secrets.pw]",
    "-secrets.pw",
    "('a' if true else 'b') ~ secrets.pw",
]


@pytest.mark.parametrize("source", SECRET_USES)
def test_a_secret_is_passed_whole_or_not_at_all(source):
    with pytest.raises(TemplateError) as found:
        render_text(f"{{{{ {source} }}}}", NAMES)
    assert found.value.message == "`secrets.pw` is a secret, and a secret cannot be transformed: pass it whole"


@pytest.mark.parametrize(
    "source",
    [
        "{{ secrets.pw }}",
        "{{ secrets['pw'] }}",
        "{{ secrets.pw if inputs.on else '' }}",
        "{% for s in [secrets.pw] %}{{ s }}{% endfor %}",
        "{% set s = secrets.pw %}{{ s }}",
    ],
)
def test_a_secret_that_is_passed_whole_stays_a_name(source):
    assert render_text(source, NAMES).parts == (Secret("pw"),)


def test_whether_a_secret_is_declared_may_be_asked():
    assert evaluate("secrets.pw is defined and secrets.other is not defined", NAMES) is True


# --- what is not known yet


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a {{ steps.new.stdout }} b", "a ⟨steps.new.stdout⟩ b"),
        ("{{ steps.new.a['b'][0] | trim }}", "⟨steps.new.a.b[0]⟩"),
        ("{{ steps.new.n + 1 }}", "⟨steps.new.n⟩"),
        ("{{ 'a' ~ steps.new.n }}", "⟨steps.new.n⟩"),
        ("{{ steps.new.n > 5 }}", "⟨steps.new.n⟩"),
        ("{{ steps.new.n.upper() }}", "⟨steps.new.n⟩"),
        ("{{ steps.new.n | default('x') }}", "⟨steps.new.n⟩"),
        ("a {% if steps.new.n > 5 %}b{% endif %}", "⟨steps.new.n⟩"),
        ("a {% for x in steps.new.items %}b{% endfor %}", "⟨steps.new.items⟩"),
        ("{{ [steps.new.x] }}", "⟨steps.new.x⟩"),
    ],
)
@pytest.mark.parametrize("syntax", Syntax)
def test_what_is_not_known_yet_stands_there_by_name_when_that_is_tolerated(source, shown, syntax):
    assert render_text(source, NAMES, syntax, tolerate_unknown=True).masked() == shown
    with pytest.raises(NotYetKnown):
        render_text(source, NAMES, syntax)


# --- values


@pytest.mark.parametrize(
    ("given_", "rendered"),
    [
        ("{{ inputs.tags }}", [Text((value("a", "a"),)), Text((value("b", "b"),))]),
        ("{{ inputs.port }}", 5432),
        ("{{ inputs.port }}\n", 5432),
        ("{{ inputs.none }}", None),
        ("{{ inputs.on and true }}", True),
        ("{{ inputs.host }}", Text((value("db 1", "db 1"),))),
        ("{{ secrets.pw }}", Text((Secret("pw"),))),
        ("{{ [secrets.pw, 1] }}", [Text((Secret("pw"),)), 1]),
        ("{{ inputs.port }}!", Text((value("5432", "5432"), Literal("!")))),
        ("text", plain("text")),
        ({"a": ["{{ facts.n }}", 5, None]}, {"a": [3, 5, None]}),
        ("{{ inputs.port | raw }}", Text((value("5432", "5432"),))),
    ],
)
def test_values_for_a_handler(given_, rendered):
    assert render_value(given_, NAMES) == rendered


def test_values_that_are_not_known_yet():
    found = render_value({"a": "{{ steps.new.x }}", "b": "{{ steps.new.x == 1 or 2 }}"}, NAMES, tolerate_unknown=True)
    mark = Text((Value("⟨steps.new.x⟩", "⟨steps.new.x⟩", known=False),))
    assert found == {"a": mark, "b": mark}
    with pytest.raises(NotYetKnown):
        render_value("{{ steps.new.x }}", NAMES)


@pytest.mark.parametrize(
    ("given_", "rendered"),
    [
        ("{{ inputs.tags }}", ["a", "b"]),
        ("{{ inputs.tags | map('upper') }}", ["A", "B"]),
        ("{{ inputs.none }}", None),
        ("{{ facts.n }}/{{ inputs.host }}", "3/db 1"),
        ("{{ facts }}", {"n": 3}),
        ({"a": ["text", "{{ facts.n * 2 }}"]}, {"a": ["text", 6]}),
        (5, 5),
    ],
)
def test_plain_data(given_, rendered):
    assert render_native(given_, NAMES) == rendered


@pytest.mark.parametrize("source", ["{{ secrets.pw }}", "a {{ secrets.pw }}", {"a": ["{{ secrets.pw }}"]}])
def test_a_secret_never_becomes_plain_data(source):
    with pytest.raises(TemplateError) as found:
        render_native(source, NAMES)
    assert found.value.message == "`secrets.pw` is a secret, and this value would be kept and shown"
    assert found.value.hint == "use the secret where a step takes it: in a command, a header, a variable"
    with pytest.raises(TemplateError, match="this value would be kept and shown"):
        evaluate("secrets.pw", NAMES)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("inputs.host", "db 1"),
        (" inputs.port ", 5432),
        ("inputs.port > 5", True),
        ("inputs.tags | length == 2", True),
        ("{'a': 1}", {"a": 1}),
    ],
)
def test_expressions(source, found):
    assert evaluate(source, NAMES) == found


@pytest.mark.parametrize("source", ["", "  ", "a b", "1 +", "{{ a }}", "a }}", "%}", "{% if a %}"])
def test_what_is_no_expression_is_said(source):
    with pytest.raises(TemplateError, match=r"the expression cannot be read: |this cannot be called"):
        evaluate(source, {"a": 1})


def test_text_that_was_cut_is_never_computed_with():
    names = {"stdout": Truncated("abc", 5_000_000)}
    for use in (lambda: render_native("{{ stdout }}", names), lambda: evaluate("stdout | length", names)):
        with pytest.raises(TemplateError) as found:
            use()
        assert found.value.message == "`stdout` is not whole: only the first 3 of 5,000,000 bytes were kept"


# --- hostile values: nothing but data arrives

POSITIONS = [
    "{{ x }}",
    "a{{ x }}b",
    "--flag={{ x }}",
    "{{ x }}{{ x }}",
    "{{ x | string }}",
    "{% if true %}{{ x }}{% endif %}",
]
SHELLS = [path for name in ("sh", "bash") if (path := shutil.which(name))]


def arrived(shell, command):
    """The arguments that a program got, byte by byte."""
    done = subprocess.run(
        [shell, "-c", f"show() {{ printf '%s\\0' \"$@\"; }}; {command}"], capture_output=True, check=False
    )
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda h: repr(h[:20]))
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gets_exactly_the_bytes_as_one_argument(shell, hostile):
    raw = os.fsencode(hostile)
    commands = {
        "show {{ x }}": [raw],
        "show a{{ x }}b": [b"a" + raw + b"b"],
        "show --flag={{ x }} end": [b"--flag=" + raw, b"end"],
        "show {{ x }}{{ x }}": [raw + raw],
        "show \"a b\"{{ x }}'c d'": [b"a b" + raw + b"c d"],
        'v={{ x }}\nshow "$v"': [raw],
        'show "$(printf %s. {{ x }})"': [raw + b"."],
        'show "$(printf %s. "$(printf %s. {{ x }})")"': [raw + b".."],
        'for v in {{ x }} {{ x }}; do show "$v"; done': [raw, raw],
        "{% for v in [x, x] %}show {{ v }}; {% endfor %}": [raw, raw],
        "case {{ x }} in *) show {{ x }};; esac # done": [raw],
    }
    script = "\n".join(render_text(source, {"x": hostile}, Syntax.SHELL).masked() for source in commands)
    assert arrived_through_stdin(shell, script) == [argument for found in commands.values() for argument in found]
    assert not os.path.exists("/tmp/pwned")


def arrived_through_stdin(shell, script):
    program = b"show() { printf '%s\\0' \"$@\"; }\n" + os.fsencode(script) + b"\n"
    done = subprocess.run([shell], input=program, capture_output=True, check=False)
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40).filter(lambda b: b"\0" not in b))
def test_any_bytes_arrive_through_a_command_line(raw):
    command = render_text("show {{ x }} a{{ x }}", {"x": os.fsdecode(raw)}, Syntax.SHELL).masked()
    assert arrived("/bin/sh", command) == [raw, b"a" + raw]


@pytest.mark.parametrize("hostile", [*HOSTILE, "a\0b"], ids=lambda h: repr(h[:20]))
@pytest.mark.parametrize("position", POSITIONS)
def test_other_syntaxes_hold_exactly_the_value(position, hostile):
    text = render_text(position, {"x": hostile})
    assert text.masked() == position.replace("{% if true %}", "").replace("{% endif %}", "").replace(
        "{{ x | string }}", "{{ x }}"
    ).replace("{{ x }}", hostile)
    assert {p.raw for p in text.parts if isinstance(p, Value)} == {hostile}
    body = render_text('[{{ x }}, "a"]', {"x": hostile}, Syntax.JSON).masked()
    assert json.loads(body) == [hostile, "a"]
    url = render_text("https://h/{{ x }}?q={{ x }}#{{ x }}", {"x": hostile}, Syntax.URL).masked()
    split = urlsplit(url)
    assert [unquote_to_bytes(p) for p in (split.path, split.query, split.fragment)] == [
        b"/" + os.fsencode(hostile),
        b"q=" + os.fsencode(hostile),
        os.fsencode(hostile),
    ]
    assert (split.scheme, split.netloc) == ("https", "h")
    assert render_text("select {{ x }}", {"x": hostile}, Syntax.SQL).masked() == "select ?"
    assert render_native(position, {"x": hostile}) == text.masked()


def test_a_nul_does_not_reach_a_command():
    with pytest.raises(NulByte):
        render_text("show {{ x }}", {"x": "a\0b"}, Syntax.SHELL)


def test_output_is_bounded():
    with pytest.raises(TemplateError) as found:
        render_text("{{ x }}{{ x }}", {"x": "a" * 600_000})
    assert found.value.message == "the rendered text is longer than 1,048,576 characters"


# --- properties

KEYS = ["a", "b", "c-d", "host", 0, -1, "é"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, categories=None))
    | st.sampled_from([SecretRef("s"), Unknown("u"), Truncated("t", 9), b"x", {1}, object()]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([k for k in KEYS if isinstance(k, str)]), inner, max_size=4)
    ),
    max_leaves=6,
)
NAME_SETS = st.dictionaries(st.sampled_from(["a", "b", "inputs", "secrets"]), VALUES, max_size=3)
PATHS = st.tuples(
    st.sampled_from(["a", "b", "inputs", "secrets"]),
    st.lists(st.sampled_from([".a", ".b", ".host", "['c-d']", '["é"]', "[0]", "[-1]", "[ 'a' ]"]), max_size=3),
)
PLACEHOLDERS = PATHS.map(lambda p: "{{ " + p[0] + "".join(p[1]) + " }}")
LITERALS = st.text(st.sampled_from("ab '\"`$()\\#\n\r{}<E:/?.&;\udcff\u2028é\0"), max_size=6)
SOURCES = st.lists(PLACEHOLDERS | LITERALS, max_size=5).map("".join)


def same(left, right):
    """Equal, also where a value is no number."""
    return repr(left) == repr(right)


def outcome(function, *args, **named):
    try:
        return function(*args, **named)
    except TemplateError as problem:
        return type(problem).__name__, problem.message, problem.hint


@settings(max_examples=300, deadline=None)
@given(SOURCES, NAME_SETS, st.sampled_from(Syntax), st.booleans())
@example("{{ a }}", {}, Syntax.PLAIN, False)
@example("{{ a.b }}", {"a": "x"}, Syntax.SHELL, False)
def test_the_short_way_and_the_engine_agree(source, names, syntax, tolerate):
    """A comment changes nothing but the way a template goes."""
    assume(pieces(source) is not None and "{{" in source and not source.endswith("{"))
    longer = source + "{##}"
    assert pieces(longer) is None
    named = {"tolerate_unknown": tolerate}
    assert outcome(render_text, source, names, syntax, **named) == outcome(render_text, longer, names, syntax, **named)
    if source.startswith("{{") and len(pieces(source)) == 1:
        assert same(outcome(render_native, source, names), outcome(render_native, f"{{{{-{source[2:]}", names))
    assert names_in(source) == names_in(longer)
    assert check(source, syntax) == check(longer, syntax)


@settings(max_examples=100, deadline=None)
@given(PATHS, NAME_SETS)
def test_plain_names_and_expressions_agree(path, names):
    source = path[0] + "".join(path[1])
    assert plain_name(source) is not None
    found, wanted = outcome(_evaluated, source, names), outcome(sandbox.run, source, names, expression=True)
    if isinstance(found, Given):
        assert found.label == wanted[0].label
        assert found.value is wanted[0].value or found.value == wanted[0].value
    else:
        assert found == wanted
    assert expression_names(source) == expression_names(f"({source})")


SIGNS = """{{ }} {% %} {# #} a b.c x['y'] | upper int default join ( ) [ ] , : ~ + - * ** / // % == < in not and or if
    else endif for endfor set 1 1e999 'a' "b" range is defined none loop self . { } raw endraw macro \\ = {%- -%} {{- -}}
    secrets.s inputs é \u2028 0x 1_0"""
FRAGMENTS = st.sampled_from(SIGNS.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS, max_size=12).map(" ".join) | st.text(max_size=30), NAME_SETS, st.sampled_from(Syntax))
def test_nothing_but_a_template_error_whatever_the_source(source, names, syntax):
    for text in (source, "{{" + source + "}}", "{% if a %}" + source):
        outcome(render_text, text, names, syntax)
        outcome(render_value, text, names, syntax, tolerate_unknown=True)
        outcome(render_native, text, names)
        outcome(evaluate, text, names)
        check(text, syntax)
        names_in(text)
        expression_names(text)


@settings(max_examples=100, deadline=None)
@given(VALUES, st.sampled_from(Syntax), st.sampled_from(POSITIONS))
def test_nothing_but_a_template_error_whatever_the_value(found, syntax, position):
    outcome(render_text, position, {"x": found}, syntax)
    outcome(render_value, position, {"x": found}, syntax)
    outcome(render_native, {"a": [position]}, {"x": found})
    outcome(evaluate, "x", {"x": found})


class Failing(dict):
    def __getitem__(self, key):
        raise RuntimeError("gone")


@pytest.mark.parametrize("source", ["{{ x.y }}", "{{ x.y | upper }}"])
def test_names_that_fail_when_they_are_looked_up(source):
    with pytest.raises(TemplateError, match="gone"):
        render_text(source, {"x": Failing()})
