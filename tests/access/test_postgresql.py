"""The access store in a real PostgreSQL: what it does when connections are lost, and who may use it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from steadyhand.access import postgresql
from steadyhand.access.postgresql import PostgresqlCells, bare
from steadyhand.errors import JournalError, UsageError

from ..realparts.postgresql import PASSWORD, SUPERUSER, postgres


@pytest.fixture(scope="module")
def server():
    with postgres() as found:
        yield found


def address(server, who=SUPERUSER, password=PASSWORD):
    return f"postgresql://{who}:{password}@127.0.0.1:{server.port}/postgres"


@pytest.fixture
def cells(server):
    opened = PostgresqlCells(address(server))
    yield opened
    opened.close()


def cut(server):
    server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'steadyhand'")


def test_a_lost_connection_is_made_anew(server, cells):
    cells.put("k", "x", b"1")
    cut(server)
    assert cells.get("k", "x") == b"1"
    cut(server)
    assert cells.take("k", "x") == b"1"
    assert cells.take("k", "x") is None


def test_what_the_address_says_to_the_journal_is_left_out(server):
    assert bare("postgresql://a/b?patience=2&sslmode=require&connections=3") == "postgresql://a/b?sslmode=require"
    assert (bare("postgresql://a/b?patience=2"), bare("postgresql://a/b")) == ("postgresql://a/b",) * 2
    opened = PostgresqlCells(f"{address(server)}?patience=2&connections=4")
    assert opened.put("k", "patient", b"1")
    opened.close()


def test_two_servers_share_it(server, cells):
    other = PostgresqlCells(address(server))
    cells.put("k", "y", b"1")
    assert other.swap("k", "y", b"1", b"2")
    assert cells.get("k", "y") == b"2"
    other.close()


def test_many_may_make_it_at_the_same_time(server):
    server.psql("DROP SCHEMA IF EXISTS steadyhand_access CASCADE")
    opened, failed = [], []

    def one():
        try:
            opened.append(PostgresqlCells(address(server)))
        except Exception as problem:  # noqa: BLE001 whatever it is, it is told below
            failed.append(problem)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for found in opened:
        found.close()
    assert failed == []
    assert len(opened) == 6


def test_a_wrong_password_is_told_and_not_shown(server):
    with pytest.raises(JournalError, match="password authentication failed") as refused:
        PostgresqlCells(address(server, password="hidden-word"))
    assert "hidden-word" not in refused.value.message + refused.value.hint
    assert "check the role and its password" in refused.value.hint


def test_a_role_that_may_not_is_told_what_it_needs(server, cells):
    server.psql("CREATE ROLE reader LOGIN PASSWORD 'reading'")
    reader = PostgresqlCells(address(server, "reader", "reading"))
    with pytest.raises(JournalError, match="permission denied") as refused:
        reader.get("k", "x")
    reader.close()
    assert "steadyhand_access" in refused.value.hint


def test_another_format_is_refused(server, cells):
    server.psql("COMMENT ON SCHEMA steadyhand_access IS 'format 9'")
    try:
        with pytest.raises(UsageError, match="of another version"):
            PostgresqlCells(address(server))
    finally:
        server.psql("COMMENT ON SCHEMA steadyhand_access IS 'format 1'")


def test_what_the_database_cannot_hold_is_told(cells):
    with pytest.raises(JournalError):
        cells.put("k", "with\0null", b"1")
    cells.put("k", "z", b"\x00\xff")
    assert cells.get("k", "z") == b"\x00\xff"


def test_a_database_that_stands_still_is_not_waited_for_without_end(server, cells, monkeypatch):
    monkeypatch.setattr(postgresql, "ANSWER", 0.5)
    monkeypatch.setitem(postgresql.SETTINGS, "connect_timeout", 2)
    cells.put("k", "still", b"1")
    with stopped(server):
        begun = time.monotonic()
        with pytest.raises(JournalError, match="the database does not answer"):
            cells.get("k", "still")
        assert time.monotonic() - begun < 2
        held = [threading.Thread(target=failing, args=(cells,)) for _ in range(8)]
        for one in held:
            one.start()
        for one in held:
            one.join(10)
        assert time.monotonic() - begun < 8, "who waits for the connection waits no longer than for an answer"
    assert cells.get("k", "still") == b"1"


def failing(cells):
    with pytest.raises(JournalError):
        cells.get("k", "still")


@contextmanager
def stopped(server):
    """Every process of the server stands still."""
    pid = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pids = [pid, *map(int, children)]
    for one in pids:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in pids:
            os.kill(one, signal.SIGCONT)
