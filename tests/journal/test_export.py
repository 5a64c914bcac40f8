"""An archive that anybody can verify offline, with Python alone."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import tarfile

import pytest

from steadyhand.errors import NotFound, SteadyError
from steadyhand.journal.export import export, verify_archive
from steadyhand.journal.memory import MemoryJournal

from .events import WHO, concluded, note, settled, started


@pytest.fixture
def archive():
    journal = MemoryJournal()
    name, size = journal.put(io.BytesIO(b"evidence " * 3000))
    journal.append("r1", 0, [started(), note("é"), settled(name, size), concluded()], **WHO)
    out = io.BytesIO()
    assert export(journal, "r1", out) == 4
    again = io.BytesIO()
    export(journal, "r1", again)
    assert again.getvalue() == out.getvalue(), "the same run gives the same bytes"
    return out.getvalue()


def unpacked(archive, folder):
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def verify(folder):
    """With nothing of ours: isolated, outside the repository."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_it_holds_here_and_with_python_alone(archive, tmp_path):
    assert verify_archive(io.BytesIO(archive)) is None
    done = verify(unpacked(archive, tmp_path))
    assert (done.returncode, done.stdout) == (0, "r1: 4 events, the chain holds\n")


def line(folder, number):
    return json.loads((folder / "events.jsonl").read_text().splitlines()[number - 1])


def rewrite(folder, change):
    lines = (folder / "events.jsonl").read_text().splitlines()
    (folder / "events.jsonl").write_text("".join(f"{one}\n" for one in change(lines)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0], lines[1].replace("cli", "web"), *lines[2:]], "event 2 was changed"),
        (lambda lines: [lines[0], *lines[2:]], "event 2 is missing or does not follow the one before it"),
        (
            lambda lines: [lines[0], lines[2], lines[1], lines[3]],
            "event 2 is missing or does not follow the one before it",
        ),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "event 3 is missing or does not follow the one before it"),
        (lambda lines: lines[:3], "the run should end with event 4, and ends with 3"),
        (lambda _: [], "the run should end with event 4, and ends with 0"),
    ],
)
def test_python_alone_names_the_first_bad_event(archive, tmp_path, change, said):
    folder = unpacked(archive, tmp_path)
    rewrite(folder, change)
    done = verify(folder)
    assert (done.returncode, done.stdout) == (1, f"{said}\n")


def test_a_changed_artifact_is_found(archive, tmp_path):
    folder = unpacked(archive, tmp_path)
    (artifact,) = (folder / "artifacts").iterdir()
    artifact.write_bytes(b"other")
    assert verify(folder).stdout == f"event 3: artifact {artifact.name} is missing or was changed\n"
    artifact.unlink()
    assert verify(folder).returncode == 1


def test_any_byte_of_the_content_that_is_flipped_is_found(archive):
    """Of what is in the archive: names, sizes and contents of events, manifest and artifacts."""
    raw = gzip.decompress(archive)
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        places = [(m.offset_data, m.size) for m in tar.getmembers() if m.name != "verify.py"]
    missed = []
    for start, size in places:
        for at in range(start, start + size, max(1, size // 60)):
            changed = bytearray(raw)
            changed[at] ^= 1
            try:
                if verify_archive(io.BytesIO(gzip.compress(bytes(changed)))) is None:
                    missed.append(at - start)
            except SteadyError:
                continue
    assert missed == []


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no tar", mtime=0)])
def test_what_is_no_archive_is_said(content):
    with pytest.raises(SteadyError, match="this is no archive of a run, or it is damaged"):
        verify_archive(io.BytesIO(content))


def test_a_run_that_is_not_there():
    with pytest.raises(NotFound):
        export(MemoryJournal(), "r1", io.BytesIO())
