"""Archives of runs: written from a store, verified from a file."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..events import Recorded, StepSettled
from ..journal.export import export, verify_archive
from ..journal.protocol import Fault
from .services import Services, writing


def export_to(services: Services, run: str, path: Path) -> int:
    """Write the archive of a run; how many events it holds. One that is there is replaced at the end."""
    new = path.with_name(f"{path.name}.part")
    try:
        with writing(path), new.open("wb") as out:
            count = export(services.journal, run, out)
        with writing(path):
            new.replace(path)
    finally:
        with suppress(OSError):
            new.unlink()
    return count


def write_artifacts(services: Services, recorded: Sequence[Recorded], folder: Path) -> int:
    """Write what the steps of a run printed as files named by their content; how many there are."""
    names = {a.sha256 for one in recorded if isinstance(one.event, StepSettled) for a in one.event.artifacts}
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(names - {""}):
            with services.journal.get(name) as content, (folder / name).open("wb") as out:
                shutil.copyfileobj(content, out)
    return len(names - {""})


def verify_file(path: Path) -> tuple[Fault, ...]:
    """What does not hold in an archive; empty when everything does."""
    with path.open("rb") as content:
        fault = verify_archive(content)
    return (fault,) if fault else ()
