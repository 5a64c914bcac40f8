"""The script in an archive: it must stand alone. What it finds is tried in test_export.py."""

import ast
import sys
from pathlib import Path

from steadyhand.journal import verify_archive

SOURCE = Path(verify_archive.__file__)


def test_it_imports_nothing_but_the_standard_library():
    imported = {a.name for n in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(n, ast.Import) for a in n.names}
    assert imported <= sys.stdlib_module_names
    assert not [n for n in ast.walk(ast.parse(SOURCE.read_text())) if isinstance(n, ast.ImportFrom)]
