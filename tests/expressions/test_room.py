"""What the room gives to the rooms above, and the house rules that are its own."""

import ast
from pathlib import Path

import pytest

from steadyhand import expressions

ROOM = Path(expressions.__file__).parent
PUBLIC = [
    *("NotYetKnown", "NulByte", "Problem", "SecretRef", "TemplateError", "Truncated", "Unknown", "as_text", "check"),
    *("check_expect", "check_expression", "documents", "evaluate", "expression_names", "judge", "names_in", "percent"),
    *("read_duration", "render_native", "render_text", "render_value", "shell_word", "shown", "templated"),
    "write_duration",
]


def test_the_public_names():
    assert expressions.__all__ == PUBLIC
    assert all(hasattr(expressions, name) for name in PUBLIC)


def test_every_module_has_its_twin():
    twins = {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")} - {"room"}
    assert twins == {p.stem for p in ROOM.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda p: p.name)
def test_modules_are_short_and_pure(path):
    text = path.read_text()
    assert text.count("\n") <= 400
    tree = ast.parse(text)
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not calls & {"open", "print", "input", "eval", "exec", "compile"}
    imported = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level == 0}
    imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    engine = {name for name in imported if name.startswith("jinja2")}
    assert not engine or path.name in {
        "sandbox.py",
        "rewrite.py",
        "reading.py",
    }  # reading.py runs nothing: it reads trees
