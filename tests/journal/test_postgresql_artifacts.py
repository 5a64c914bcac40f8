"""Artifacts in a real PostgreSQL."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from steadyhand.errors import JournalError, NotFound
from steadyhand.journal.artifacts import CHUNK
from steadyhand.journal.postgresql import PostgresqlJournal

from .databases import Way, new, server


@pytest.fixture(scope="module")
def running():
    with server() as found:
        yield found


@pytest.fixture
def url(running):
    return new(running)


@pytest.fixture
def journal(url):
    opened = PostgresqlJournal(url)
    yield opened
    opened.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_contents_of_every_size_come_back(journal, size):
    content = bytes(n * 7 % 256 for n in range(size))
    name, kept = journal.put(io.BytesIO(content))
    assert (name, kept) == (hashlib.sha256(content).hexdigest(), size)
    with journal.get(name) as back:
        assert back.read() == content
    with journal.get(name) as back:
        assert back.read(1000) == content[:1000]


def test_the_same_content_from_many_threads_is_kept_once(journal, url):
    content = b"x" * (2 * CHUNK + 1)
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: journal.put(io.BytesIO(content)), range(8)))
    assert len(names) == 1
    with psycopg.connect(url) as other:
        assert other.execute("select count(*), sum(length(content)) from steadyhand.chunks").fetchone() == (
            3,
            len(content),
        )


@pytest.mark.parametrize("statement", ["delete from steadyhand.chunks where number = 2",
                                       "update steadyhand.chunks set content = 'y' where number = 1"])  # fmt: skip
def test_content_that_is_not_what_was_stored_is_found_while_it_is_read(journal, url, statement):
    name, _ = journal.put(io.BytesIO(b"x" * (2 * CHUNK + 1)))
    with psycopg.connect(url) as other:
        other.execute("set session_replication_role = replica")
        other.execute(statement)
    with journal.get(name) as back, pytest.raises(JournalError, match="is not what was stored"):
        back.read()


def test_what_retention_has_removed_is_not_found(journal, url):
    name, _ = journal.put(io.BytesIO(b"x" * (CHUNK + 1)))
    with psycopg.connect(url) as other:
        other.execute("delete from steadyhand.artifacts")
        assert other.execute("select count(*) from steadyhand.chunks").fetchone() == (0,)
    with pytest.raises(NotFound, match=f"there is no artifact {name}"):
        journal.get(name)


@pytest.mark.parametrize("name", ["", "abc", "../../etc/passwd", "A" * 64, "é" * 64])
def test_what_is_no_name_is_not_found(journal, name):
    with pytest.raises(NotFound, match="is no artifact's name"):
        journal.get(name)


@pytest.mark.parametrize("how", ["before", "after"])
def test_one_whose_connection_was_lost_is_kept_all_the_same(running, url, how):
    way = Way(running)
    journal = PostgresqlJournal(way.to(url), patience=6)
    try:
        content = b"x" * (2 * CHUNK) + b"LOSE" + b"y" * CHUNK
        way.lose("LOSE", how)
        name, _ = journal.put(io.BytesIO(content))
        assert way.lost == 1
        with journal.get(name) as back:
            assert back.read() == content
    finally:
        journal.close()
        way.close()


def test_one_whose_name_is_held_by_a_session_that_is_gone_is_kept_once_the_server_has_noticed(url):
    journal = PostgresqlJournal(url, patience=9)
    content = b"x" * (CHUNK + 1)
    name = hashlib.sha256(content).digest()
    other = psycopg.connect(url)
    try:
        other.execute("insert into steadyhand.artifacts values (%s, 1)", (name,))
        noticed = threading.Timer(3.5, other.close)
        noticed.start()
        assert journal.put(io.BytesIO(content)) == (name.hex(), len(content))
        noticed.join()
        with journal.get(name.hex()) as back:
            assert back.read() == content
    finally:
        other.close()
        journal.close()


def test_a_large_one_needs_little_memory(url):
    code = (
        "import io, sys, resource; from steadyhand.journal.open import open_journal\n"
        "class Zeros(io.RawIOBase):\n"
        "    left = 100_000_000\n"
        "    def readable(self): return True\n"
        "    def readinto(self, b):\n"
        "        n = min(len(b), self.left); self.left -= n; b[:n] = bytes(n); return n\n"
        "journal = open_journal(sys.argv[1])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "name, size = journal.put(io.BufferedReader(Zeros()))\n"
        "with journal.get(name) as back:\n"
        "    while back.read(1 << 18): pass\n"
        "journal.close()\n"
        "print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    size, grown = map(int, done.stdout.split())
    assert size == 100_000_000
    assert grown < 20_000, f"{grown} kB"
