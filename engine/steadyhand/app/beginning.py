"""A first library: settings, one runbook that works anywhere, its test, and a CI snippet. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .library import shipped
from .services import writing

SETTINGS = """\
# Settings of Steadyhand; found upwards from where a command is run.
library: [runbooks]
roles: {}        # responder: [name, name]; a role that is not listed is not checked
contacts: {}     # team-data: "#team-data"
"""

WORKFLOW = """\
#!/bin/sh
# What CI runs; any system that can run a shell will do.
set -e
pip install steadyhand
steady validate --strict runbooks
steady test --coverage-min 100 runbooks
"""

WRITTEN = {"steady.yaml": SETTINGS, "ci/runbooks.sh": WORKFLOW}
SHIPPED = {
    "runbooks/disk-full.yaml": "examples/first/disk-full.yaml",
    "runbooks/disk-full.test.yaml": "examples/first/disk-full.test.yaml",
    "schemas/runbook.schema.json": "schemas/runbook.schema.json",
    "schemas/test.schema.json": "schemas/test.schema.json",
}
"""What is copied from the package, and to where. The schemas lie beside, so that editors complete without a network."""


def begin(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Write what is not there; each path, and whether it was written."""
    copied = {to: shipped(source).read_text("utf-8") for to, source in SHIPPED.items()}
    for name, text in {**WRITTEN, **copied}.items():
        path = folder / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            there = path.exists()
            if not there:
                path.write_text(text.replace("$schema=../../schemas/", "$schema=../schemas/"), "utf-8")
        yield path, not there
