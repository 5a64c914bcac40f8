"""A stream is redacted, hashed, kept up to its limit and excerpted, in constant memory, whatever goes wrong."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
import time
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.driver.redaction import Redactor
from steadyhand.driver.sinks import Spool, visible
from steadyhand.errors import JournalError
from steadyhand.model import Artifact

KIB = 1024
MIB = 1024 * KIB


class Store:
    """Keeps artifacts in memory, as a journal would beside itself."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: BinaryIO) -> tuple[str, int]:
        data = content.read()
        sha256 = hashlib.sha256(data).hexdigest()
        self.kept[sha256] = data
        return sha256, len(data)


def spool(*secrets: str, limit: int = 64 * MIB, **more) -> Spool:
    redactor = Redactor()
    for number, secret in enumerate(secrets):
        redactor.learn(f"k{number}", secret)
    return Spool("stdout", redactor, limit, **more)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_nothing_came():
    store = Store()
    out = spool()
    out.write(b"")
    assert (out.size, out.text(), out.finish(store.put)) == (0, "", None)


def test_a_short_stream_is_its_own_excerpt():
    store = Store()
    out = spool()
    out.write(b"one\n")
    out.write(b"two\n")
    data = b"one\ntwo\n"
    assert out.finish(store.put) == Artifact("stdout", 8, sha(data), "", 8, "one\ntwo\n")
    assert store.kept == {}


@pytest.mark.parametrize("size", [8 * KIB, 8 * KIB + 1, 64 * KIB, 64 * KIB + 1, 3 * MIB])
@pytest.mark.parametrize("step", [1000, 64 * KIB, 8 * MIB])
def test_a_long_stream_is_stored_whole_with_head_and_tail(size, step):
    store = Store()
    out = spool()
    data = b"".join(b"%07d\n" % n for n in range(size // 8 + 1))[:size]
    for at in range(0, size, step):
        out.write(data[at : at + step])
    assert out.size == size
    assert out.text() == data[:MIB].decode()
    assert out.text(10) == "0000000\n00"
    artifact = out.finish(store.put)
    if size <= 8 * KIB:
        assert artifact == Artifact("stdout", size, sha(data), "", size, data.decode())
    else:
        head, tail = data[: 4 * KIB].decode(), data[-4 * KIB :].decode()
        assert artifact == Artifact("stdout", size, sha(data), sha(data), size, head, tail)
        assert store.kept == {sha(data): data}
    assert out.finish(store.put) is artifact


@pytest.mark.parametrize("limit", [10 * KIB, 100 * KIB, 2 * MIB])
def test_the_limit_bounds_what_is_stored_but_not_what_is_hashed(limit):
    store = Store()
    out = spool(limit=limit)
    data = b"0123456789abcdef" * (3 * MIB // 16)
    for at in range(0, len(data), 50_000):
        out.write(data[at : at + 50_000])
    artifact = out.finish(store.put)
    assert artifact is not None
    assert (artifact.size, artifact.digest) == (len(data), sha(data))
    assert (artifact.sha256, artifact.stored, artifact.whole) == (sha(data[:limit]), limit, False)
    assert out.note == ""


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(0, 500))
def test_what_is_kept_is_what_came_however_it_was_cut(chunks, place):
    chunks.insert(place % (len(chunks) + 1), b"hunter2")
    chunks = [bytes([byte]) for chunk in chunks for byte in chunk] if place % 2 else chunks
    shown: list[bytes] = []
    out = spool("hunter2", on_data=lambda name, data: shown.append(data))
    for chunk in chunks:
        out.write(chunk)
    before = out.text()
    size = out.size
    artifact = out.finish(Store().put)
    assert artifact is not None
    expected = b"".join(chunks).replace(b"hunter2", b"[secret k0]")
    assert b"".join(shown) == expected
    assert out.text() == before == expected.decode("utf-8", "surrogateescape")
    assert out.size == size == artifact.size == len(expected)
    assert artifact.digest == sha(expected)


def test_what_is_held_back_counts_before_the_end():
    shown: list[tuple[str, bytes]] = []
    out = spool("hunter2", on_data=lambda name, data: shown.append((name, data)))
    out.write(b"login hunt")
    assert shown == [("stdout", b"login ")]
    assert (out.text(), out.size, out.text(8)) == ("login hunt", 10, "login hu")
    out.finish(Store().put)
    assert shown == [("stdout", b"login "), ("stdout", b"hunt")]
    out.write(b"too late")
    assert (out.text(), out.size) == ("login hunt", 10)


def test_a_secret_is_in_nothing_that_is_kept():
    store = Store()
    out = spool("hunter2")
    for _ in range(30_000):
        out.write(b"hun")
        out.write(b"ter2 ")
    artifact = out.finish(store.put)
    assert artifact is not None
    assert store.kept == {artifact.sha256: b"[secret k0] " * 30_000}
    assert "hunter2" not in artifact.head + artifact.tail + out.text()


def test_a_secret_that_colours_had_kept_apart_is_not_joined_in_the_excerpt():
    out = spool("hunter2")
    out.write(b"\x1b[31mhun\x1b\x1b[0m[0mter2\x1b[0m and hun\x1b[Kter2")
    artifact = out.finish(Store().put)
    assert artifact is not None
    assert artifact.head == "hun\\x1b[0mter2 and [secret k0]"


def test_excerpts_are_readable_and_cut_between_characters():
    out = spool()
    out.write("é".encode() * 3000 + b"x" + "😀".encode() * 3000 + b"!")
    artifact = out.finish(Store().put)
    assert artifact is not None
    assert artifact.head == "é" * 2048
    assert artifact.tail == "😀" * 1023 + "!"
    out = spool()
    out.write(b"x" + "é".encode() * 9000)
    artifact = out.finish(Store().put)
    assert artifact is not None
    assert artifact.head == "x" + "é" * 2047
    binary = spool()
    binary.write(b"\x80\xff\xc3(\x00" * 2000)
    artifact = binary.finish(Store().put)
    assert artifact is not None
    assert artifact.head.startswith("\\x80\\xff\\xc3(\\x00\\x80")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;31mred\x1b[0m \x1b[2J\x1b[H\x1b[?25lgone", "red gone"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("\x1bPdevice\x1b\\c\x1b(Bd\x1b7e\x1bM", "cde"),
        ("\x1b]0;never ended", "\\x1b]0;never ended"),
        ("over\rpaint", "over\\x0dpaint"),
        ("dos\r\nlines\r\n", "dos\nlines\n"),
        ("back\b\b\b\x7f\x00\x9b31m", "back\\x08\\x08\\x08\\x7f\\x00\\x9b31m"),
        ("a\u202eb\u2066c\ufeff", "a\\u202eb\\u2066c\\ufeff"),
        ("\x1b\x1b[0m[31mnested", "\\x1b[31mnested"),
        ("größe 😀", "größe 😀"),
    ],
)
def test_text_for_people_cannot_paint_over_anything(raw, shown):
    assert visible(raw) == shown


@given(st.text(st.sampled_from("\x1b[]0;m\x07\\\r\n\tAé\x9b\x00PX^_(")))
def test_no_control_character_survives(raw):
    assert not [c for c in visible(raw) if (c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f"]


def test_a_full_disk_loses_output_but_not_the_run():
    store = Store()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    out = spool()
    data = b"0123456789abcdef" * (3 * MIB // 16)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB + 5, hard))
        for at in range(0, len(data), 256 * KIB):
            out.write(data[at : at + 256 * KIB])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    artifact = out.finish(store.put)
    assert artifact is not None
    assert (artifact.size, artifact.digest, artifact.whole) == (len(data), sha(data), False)
    assert store.kept == {artifact.sha256: data[: 2 * MIB + 5]}
    assert artifact.stored == 2 * MIB + 5
    assert artifact.tail == data[-4 * KIB :].decode()
    assert out.note == f"stdout: only 2097157 of {len(data)} bytes could be kept: File too large"


def test_without_a_folder_to_write_to_the_beginning_is_kept(tmp_path):
    store = Store()
    out = spool(folder=str(tmp_path / "gone"))
    data = b"0123456789abcdef" * (2 * MIB // 16)
    for at in range(0, len(data), 256 * KIB):
        out.write(data[at : at + 256 * KIB])
    artifact = out.finish(store.put)
    assert artifact is not None
    assert (artifact.size, artifact.stored, artifact.whole) == (2 * MIB, MIB, False)
    assert store.kept == {artifact.sha256: data[:MIB]}
    assert out.note == f"stdout: only {MIB} of {2 * MIB} bytes could be kept: No such file or directory"
    short = spool(folder=str(tmp_path / "gone"))
    short.write(data[: 100 * KIB])
    artifact = short.finish(store.put)
    assert artifact is not None
    assert (artifact.whole, short.note) == (True, "")


def test_a_store_that_cannot_take_it_loses_the_artifact_but_not_its_excerpts():
    def put(content: BinaryIO) -> tuple[str, int]:
        raise JournalError("the store is read-only")

    out = spool()
    data = b"0123456789abcdef" * (128 * KIB // 16)
    out.write(data)
    artifact = out.finish(put)
    head, tail = data[: 4 * KIB].decode(), data[-4 * KIB :].decode()
    assert artifact == Artifact("stdout", len(data), sha(data), "", 0, head, tail, whole=False)
    assert out.note == f"stdout: only 0 of {len(data)} bytes could be kept: the store is read-only"


PROBE = """
import resource, time
from steadyhand.driver.redaction import Redactor
from steadyhand.driver.sinks import Spool
out = Spool("stdout", Redactor(), 64 * 1024 * 1024)
chunk = b"0123456789abcde\\n" * (256 * 64)
out.write(chunk)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
for _ in range(800):
    out.write(chunk)
took = time.perf_counter() - start
artifact = out.finish(lambda content: ("x", content.seek(0, 2)))
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, artifact.size, artifact.stored)
"""


def test_200_megabytes_pass_quickly_and_in_constant_memory():
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    took, grown, size, stored = done.stdout.split()
    assert (int(size), int(stored)) == (801 * 256 * KIB, 64 * MIB)
    assert int(grown) < 4 * KIB, "more than 4 MiB more at the end than at the beginning"
    assert float(took) < 3, f"{took} s of {time.perf_counter() - start} s"
    print(f"200 MB: {float(took):.3f} s, {int(grown)} KiB more")
