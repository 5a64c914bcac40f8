"""Artifacts by content: written once, checked whenever they are read."""

from __future__ import annotations

import hashlib
import io
import threading

import pytest

from steadyhand.errors import JournalError, NotFound
from steadyhand.journal.artifacts import Folder, checked


def wrap(problem, consequence):
    return JournalError(f"{problem.strerror}; {consequence}")


def test_a_name_is_the_digest_and_a_second_copy_is_the_same(tmp_path):
    folder = Folder(tmp_path / "a", wrap)
    names = {folder.put(io.BytesIO(b"x" * 10)) for _ in range(3)}
    assert names == {(hashlib.sha256(b"x" * 10).hexdigest(), 10)}
    assert len([p for p in (tmp_path / "a").rglob("*") if p.is_file()]) == 1


def test_what_was_changed_is_noticed_at_the_end_of_reading(tmp_path):
    folder = Folder(tmp_path / "a", wrap)
    name, _ = folder.put(io.BytesIO(b"x" * 1000))
    (tmp_path / "a" / name[:2] / name).write_bytes(b"y" * 1000)
    with folder.get(name) as content, pytest.raises(JournalError, match="is not what was stored"):
        content.read()


@pytest.mark.parametrize("name", ["", "xyz", "../x", "A" * 64, "0" * 64])
def test_names_that_are_none(tmp_path, name):
    with pytest.raises(NotFound):
        Folder(tmp_path, wrap).get(name)


def test_many_threads_put_at_the_same_time(tmp_path):
    folder = Folder(tmp_path / "a", wrap)
    names = []
    threads = [
        threading.Thread(target=lambda n=n: names.append(folder.put(io.BytesIO(b"%d" % (n % 3))))) for n in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 3
    assert not list((tmp_path / "a").glob("new-*"))


def test_pieces_of_any_size_are_checked():
    content = bytes(range(256)) * 5000
    reader = checked(io.BytesIO(content), hashlib.sha256(content).hexdigest())
    assert b"".join(iter(lambda: reader.read(777), b"")) == content
