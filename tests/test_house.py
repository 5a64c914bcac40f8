"""The rules of the house that no other tool checks. See CONTRIBUTING.md and docs/architecture.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import steadyhand
from steadyhand.handlers import contract

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "engine" / "steadyhand"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
PURE = (
    "errors.py",
    "source",
    "model",
    "expressions",
    "schema",
    "graph",
    "events",
    "core",
    "projections",
    "rehearsal",
    "alerts",
)
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60

NO_TWIN = {
    # Values, tables and protocols: they do nothing that could be tested apart from those who use them.
    "__main__.py", "cli/bug.py", "core/actions.py", "events/alerts.py", "events/types.py", "handlers/protocol.py", "model/evidence.py",
    "model/runbook.py",
}  # fmt: skip
"""Modules without a test twin. The list may only shrink."""


def tree(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


def is_pure(module: Path) -> bool:
    return module.parts[0] in PURE


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_is_short_and_says_what_it_is_for(module: Path) -> None:
    text = (PACKAGE / module).read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    assert ast.get_docstring(ast.parse(text)), "a module opens with why it exists"
    assert module.stem not in {"utils", "helpers", "common", "base", "manager"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_functions_are_short(module: Path) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("module", [m for m in MODULES if is_pure(m)], ids=str)
def test_pure_floors_touch_nothing(module: Path) -> None:
    forbidden = {"open", "print", "input", "eval", "exec", "compile", "globals", "__import__"}
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in forbidden, f"line {node.lineno}: {node.func.id}()"


def module_level_values(body: list[ast.stmt]) -> Iterator[tuple[int, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield statement.lineno, statement.value


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_keeps_state(module: Path) -> None:
    """Tables are fine, as long as nothing in the module changes them; an empty container is there to be filled."""
    nodes = tree(module)
    for line, value in module_level_values(nodes.body):
        empty = isinstance(value, ast.Dict | ast.List | ast.Set) and not getattr(
            value, "keys", getattr(value, "elts", ())
        )
        called = (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in {"dict", "list", "set"}
        )
        assert not empty, f"line {line}: an empty container at module level"
        assert not (called and not value.args and not value.keywords), (
            f"line {line}: an empty container at module level"
        )
    assert not [n.lineno for n in ast.walk(nodes) if isinstance(n, ast.Global)], "`global` makes module state"


def test_every_module_has_a_test_twin() -> None:
    def twin(module: Path) -> Path:
        """The test of a module; a command is tested as a process of its own, with the command line."""
        room = module.parent.parent if module.parent.name == "commands" else module.parent
        return ROOT / "tests" / room / f"test_{module.stem.strip('_')}.py"

    missing = {str(m) for m in MODULES if m.name != "__init__.py" and not twin(m).exists()}
    assert missing <= NO_TWIN, sorted(missing - NO_TWIN)
    assert missing >= NO_TWIN, f"has a twin by now: {sorted(NO_TWIN - missing)}"


def test_the_public_interface_is_this_and_no_more() -> None:
    assert contract.__all__ == ["BenchHands", "Case", "HandlerContract"]
    assert steadyhand.__version__


def test_a_suppression_says_why() -> None:
    bare: list[str] = []
    for module in MODULES:
        for number, line in enumerate((PACKAGE / module).read_text("utf-8").splitlines(), 1):
            for mark in ("# noqa: ", "# type: ignore["):
                if mark in line:
                    rest = line.split(mark, 1)[1].replace(",", " ").replace("]", " ").split()
                    words = [w for w in rest if not (w[:1].isupper() and w[-1:].isdigit()) and "-" not in w[:20]]
                    if len(words) < 2:
                        bare.append(f"{module}:{number}")
    assert bare == []
    assert "# noqa\n" not in "".join((PACKAGE / m).read_text("utf-8") for m in MODULES)
