"""Seeds faults into the heart, one at a time, and counts how many the tests of the heart find. Run by hand:

python -m tests.core.mutation          # prints each mutant that survived, and the kill rate
"""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ("decide", "operation", "change", "wave", "gates", "situation")
SWAPS = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Lt: ast.LtE, ast.Gt: ast.GtE,
         ast.LtE: ast.Lt, ast.GtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
         ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add}  # fmt: skip


def mutants(tree):
    """(line, description, apply) for every place that can be changed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node.lineno, f"{type(node.ops[0]).__name__}", node, "ops"
        if isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in SWAPS:
            yield node.lineno, type(node.op).__name__, node, "op"
        if isinstance(node, ast.If) and not isinstance(node.test, ast.Compare):
            yield node.lineno, "not", node, "test"


def apply(node, field):
    if field == "ops":
        node.ops[0] = SWAPS[type(node.ops[0])]()
    elif field == "op":
        node.op = SWAPS[type(node.op)]()
    else:
        node.test = ast.UnaryOp(ast.Not(), node.test)


def main():
    killed = count = 0
    for name in FILES:
        for index, (line, what, node, _) in enumerate(mutants(tree_of(name))):
            if isinstance(node, ast.BinOp) and "Progress" in ast.unparse(node):
                continue  # a type, not a computation
            tree = tree_of(name)
            _, _, again, field = list(mutants(tree))[index]
            apply(again, field)
            ok = survives(name, ast.unparse(ast.fix_missing_locations(tree)))
            killed, count = killed + (not ok), count + 1
            if ok:
                print(f"survived: {name}.py:{line} {what}: {ast.unparse(node)}", flush=True)
    print(f"killed {killed} of {count} mutants ({100 * killed // count} %)")


def tree_of(name):
    return ast.parse((ROOT / "engine/steadyhand/core" / f"{name}.py").read_text())


def survives(name, text):
    with tempfile.TemporaryDirectory() as folder:
        engine = pathlib.Path(folder) / "engine"
        shutil.copytree(ROOT / "engine", engine, ignore=shutil.ignore_patterns("__pycache__"))
        (engine / "steadyhand/core" / f"{name}.py").write_text(text)
        run = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--timeout",
            "60",
            "tests/core",
            "tests/rehearsal",
        ]
        env = {**os.environ, "PYTHONPATH": str(engine), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(run, cwd=ROOT, env=env, capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
