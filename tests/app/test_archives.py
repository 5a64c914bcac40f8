"""Archives and artifacts as files."""

from __future__ import annotations

import hashlib
import tarfile

import pytest

from steadyhand.app import library, runs
from steadyhand.app.archives import export_to, verify_file, write_artifacts
from steadyhand.errors import NotFound
from steadyhand.model import Mode

from .desk import desk, one_step, write


@pytest.fixture
def done(tmp_path):
    write(tmp_path, "prints", one_step("shell: seq 1 20000"))
    services = desk(tmp_path)
    driver = runs.start(services, library.load(services, "prints.yaml"), {}, Mode.GUIDED)
    driver.drive()
    return services, driver.stream


def test_an_archive_is_written_whole_or_not_at_all(done, tmp_path):
    services, run = done
    target = tmp_path / "run.tar.gz"
    target.write_bytes(b"an older one")
    count = export_to(services, run, target)
    assert count == len(services.journal.read(run))
    assert verify_file(target) == ()
    assert [p.name for p in tmp_path.glob("*.part")] == []
    with pytest.raises(NotFound):
        export_to(services, "r0", tmp_path / "none.tar.gz")
    assert not (tmp_path / "none.tar.gz").exists()


def test_a_changed_archive_does_not_hold(done, tmp_path):
    services, run = done
    target = tmp_path / "run.tar.gz"
    export_to(services, run, target)
    with tarfile.open(target) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    (events,) = (tmp_path / "out").rglob("events.jsonl")
    events.write_text(events.read_text().replace("prints", "points", 1))
    with tarfile.open(target, "w:gz") as tar:
        for entry in sorted((tmp_path / "out").iterdir()):
            tar.add(entry, entry.name)
    (fault,) = verify_file(target)
    assert fault.seq == 1


def test_artifacts_are_files_named_by_their_content(done, tmp_path):
    services, run = done
    assert write_artifacts(services, services.journal.read(run), tmp_path / "kept") == 1
    (file,) = (tmp_path / "kept").iterdir()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
    assert file.read_text().endswith("20000\n")
