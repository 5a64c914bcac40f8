"""One run as one archive that anyone can verify offline, with nothing but Python's standard library.

A .tar.gz holds events.jsonl (a row each, with its hashes), artifacts/, manifest.json (the head) and verify.py. The
same run gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import BinaryIO

from ..errors import NotFound, SteadyError
from .artifacts import checked
from .protocol import Fault, Head, Journal, Row
from .verify import artifacts_of, check

SCRIPT = "verify_archive.py"
FORMAT = 1
"""The format of an archive."""


def export(journal: Journal, stream: str, out: BinaryIO) -> int:
    """Write the archive of a stream; how many events it holds. Raises NotFound."""
    head = journal.head(stream)
    if head is None:
        raise NotFound(f"there is no run {stream}")
    rows = list(journal.rows(stream))
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        manifest = {"format": FORMAT, "stream": stream, "seq": head.seq, "hash": head.hash.hex()}
        _add(tar, "manifest.json", _line(manifest))
        _add(tar, "events.jsonl", b"".join(_line(_as_json(row)) for row in rows))
        _add(tar, "verify.py", (Path(__file__).parent / SCRIPT).read_bytes())
        for sha256 in sorted({name for row in rows for name in artifacts_of(row)}):
            _add_artifact(tar, journal, sha256)
    return len(rows)


def _add_artifact(tar: tarfile.TarFile, journal: Journal, sha256: str) -> None:
    """Artifacts are read twice, so that none has to fit in memory: once for the size, once for the content."""
    size = 0
    with journal.get(sha256) as content:
        while piece := content.read(1 << 18):
            size += len(piece)
    info = _info(f"artifacts/{sha256}", size)
    with journal.get(sha256) as content:
        tar.addfile(info, content)


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_info(name, len(content)), io.BytesIO(content))


def _line(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n").encode()


def _as_json(row: Row) -> dict[str, object]:
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    return {**fields, "prev": row.prev.hex(), "hash": row.hash.hex()}


def verify_archive(file: BinaryIO) -> Fault | None:
    """What does not hold in an archive, or None. Raises SteadyError when it is no archive of ours."""
    try:
        with tarfile.open(fileobj=file, mode="r:gz") as tar:
            members = {member.name: member for member in tar.getmembers()}
            manifest = json.loads(_content(tar, members["manifest.json"]))
            if manifest["format"] != FORMAT:
                return Fault(str(manifest["stream"]), 0, f"has the format {manifest['format']}, not {FORMAT}")
            lines = _content(tar, members["events.jsonl"]).splitlines()
            rows = [_row(json.loads(line)) for line in lines]
            head = Head(manifest["stream"], manifest["seq"], bytes.fromhex(manifest["hash"]), 0, 0)

            def fetch(sha256: str) -> BinaryIO:
                member = members.get(f"artifacts/{sha256}")
                if member is None:
                    raise NotFound(f"there is no artifact {sha256}")
                return checked(io.BytesIO(_content(tar, member)), sha256)

            return check(str(manifest["stream"]), rows, head, fetch)
    except (tarfile.TarError, KeyError, ValueError, TypeError, EOFError, OSError) as problem:
        raise SteadyError(f"this is no archive of a run, or it is damaged: {problem}") from problem


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(member)
    return content.read() if content else b""


def _row(found: dict[str, object]) -> Row:
    fields = {**found, "prev": bytes.fromhex(str(found["prev"])), "hash": bytes.fromhex(str(found["hash"]))}
    return Row(**fields)  # type: ignore[arg-type]  # the fields of a row, as _as_json wrote them
