"""Templates of plain names, read without the engine."""

import subprocess
import sys

import pytest

from steadyhand.expressions.scan import Placeholder, pieces, plain_name, templated


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{ a }}", (Placeholder("a", (), 0, "a"),)),
        ("x {{a.b}} y", ("x ", Placeholder("a", ("b",), 2, "a.b"), " y")),
        ("{{\n a['c-d'][0][-1] }}", (Placeholder("a", ("c-d", 0, -1), 0, "a['c-d'][0][-1]"),)),
        ('{{ a[ "b" ] }}', (Placeholder("a", ("b",), 0, 'a[ "b" ]'),)),
        ("{{ a }}}", (Placeholder("a", (), 0, "a"), "}")),
        ("{ {{ a }}", ("{ ", Placeholder("a", (), 2, "a"))),
        ("plain }} text", ("plain }} text",)),
        ("", ()),
    ],
)
def test_plain_templates_are_read(source, found):
    assert pieces(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "{{ a | upper }}",
        "{{- a }}",
        "{{ a -}}",
        "{% if a %}{{ b }}{% endif %}",
        "{# c #}{{ a }}",
        "{{{ a }}",
        "{{ a",
        "{{ a }} {{",
        "{{ not }}",
        "{{ true.a }}",
        "{{ range }}",
        "{{ a['\\n'] }}",
        "{{ a.0 }}",
        "{{ a[007] }}",
        "{{ é }}",
        "{{ }}",
    ],
)
def test_everything_else_is_left_to_the_engine(source):
    assert pieces(source) is None


def test_expressions_that_are_plain_names():
    assert plain_name(" a.b ") == Placeholder("a", ("b",), 1, "a.b")
    assert plain_name("a == b") is None
    assert plain_name("true") is None
    assert plain_name("") is None


@pytest.mark.parametrize(("source", "answer"), [("a", False), ("{a}", False), ("{{", True), ("{%", True), ("{#", True)])
def test_text_without_braces_is_no_template(source, answer):
    assert templated(source) is answer


def test_plain_templates_do_not_import_the_engine():
    code = """if True:
        import sys
        from steadyhand.expressions import *
        from steadyhand.model import Syntax
        names = {"inputs": {"host": "a b"}, "secrets": {"pw": SecretRef("pw")}}
        render_text("psql -h {{ inputs.host }} {{ secrets.pw }}", names, Syntax.SHELL)
        render_value({"a": ["{{ inputs.host }}"]}, names)
        render_native("{{ inputs.host }}", names)
        evaluate("inputs.host", names)
        judge({"stdout": {"number": {"lt": 5}}, "exit_code": 0}, {"stdout": "4", "exit_code": 0}, names)
        check("psql '{{ inputs.host }}'", Syntax.SHELL)
        check_expression("inputs.host"), names_in("{{ inputs.host }}"), expression_names("inputs.host")
        check_expect({"stdout": {"matches": "a"}})
        print(sorted(set(sys.modules) & {"jinja2", "markupsafe", "asyncio", "difflib", "inspect", "dataclasses"} - before))
        """
    code = "import sys, uuid, msgspec; before = set(sys.modules)\n" + code
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
