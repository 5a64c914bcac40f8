"""Archives of runs: written from a store, verified from a file."""

from __future__ import annotations

from pathlib import Path

from ..journal.export import export, verify_archive
from ..journal.protocol import Fault
from .services import Services


def export_to(services: Services, run: str, path: Path) -> int:
    """Write the archive of a run; how many events it holds. One that is there is replaced at the end."""
    new = path.with_name(f"{path.name}.part")
    with new.open("wb") as out:
        count = export(services.journal, run, out)
    new.replace(path)
    return count


def verify_file(path: Path) -> tuple[Fault, ...]:
    """What does not hold in an archive; empty when everything does."""
    with path.open("rb") as content:
        fault = verify_archive(content)
    return (fault,) if fault else ()
