"""Connections to the database of a store: what an address says, what is waited for, what is told."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from steadyhand.errors import JournalError, UsageError
from steadyhand.journal.connections import Address, Pool

from ..realparts import free_port
from .databases import at, name_of, new, server


@pytest.fixture(scope="module")
def running():
    with server() as found:
        yield found


@pytest.fixture
def pool(running):
    found = Pool(Address(new(running)))
    found.patience = 2.0
    yield found
    found.close()


def test_what_an_address_says():
    found = Address("postgresql://ana:s%40cret@db:5433/steady?patience=60&sslmode=require&connections=3")
    assert (found.patience, found.connections, found.given["dbname"]) == (60, 3, "steady")
    assert found.given["password"] == "s@cret"
    assert found.given["sslmode"] == "require"
    assert found.given["tcp_user_timeout"] == 15000
    assert Address("postgresql://db/x?tcp_user_timeout=1").given["tcp_user_timeout"] == "1"
    assert Address("postgresql://a,b/x").given["target_session_attrs"] == "read-write"
    assert Address("postgresql:///x?host=/run/pg").given["host"] == "/run/pg"


@pytest.mark.parametrize(
    "url",
    ["postgresql://ana:secret%zz@db/x", "postgresql://db/x?nonsense=secret", "postgresql://ana:secret/x",
     "postgresql://db/x?patience=never", "postgresql://db/x?connections=0"],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url):
    with pytest.raises(UsageError) as caught:
        Address(url)
    assert "secret" not in caught.value.message + caught.value.hint
    assert "in the address" in caught.value.message or "the address of the store cannot be read" in caught.value.message


def test_a_password_that_is_wrong_is_said_at_once_and_not_printed(running):
    pool = Pool(Address(f"postgresql://steady:hunter2@127.0.0.1:{running.port}/postgres"))
    begun = time.monotonic()
    with pytest.raises(JournalError, match=r"password authentication failed .*; nothing was done") as caught:
        pool.patiently(lambda wire: wire.execute("select 1"), "nothing was done")
    assert time.monotonic() - begun < 3
    assert "PGPASSWORD" in caught.value.hint
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "said", "hint"),
    [("{0}/nowhere", "does not exist", "create the database"),
     ("{0}/postgres?sslmode=require", "SSL", "sslmode")],
)  # fmt: skip
def test_what_waiting_does_not_cure_is_said_at_once(running, given, said, hint):
    url = given.format(at(running, "").rstrip("/"))
    begun = time.monotonic()
    with pytest.raises(JournalError, match=said) as caught:
        Pool(Address(url)).patiently(lambda wire: wire.execute("select 1"), "nothing was done")
    assert time.monotonic() - begun < 3
    assert hint in caught.value.hint


def test_the_password_may_come_from_the_environment(running):
    url = new(running)
    code = ("import sys; from steadyhand.journal.open import open_journal\n"
            "journal = open_journal(sys.argv[1]); print(journal.head('r1'), journal.shown); journal.close()")  # fmt: skip
    bare = url.replace(":opensesame", "")
    done = subprocess.run(
        [sys.executable, "-c", code, bare],
        env={"PGPASSWORD": "opensesame"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"None {bare}\n"), done.stderr


def test_a_database_that_is_not_there_is_waited_for_as_long_as_was_said():
    pool = Pool(Address(f"postgresql://steady:opensesame@127.0.0.1:{free_port()}/x"))
    pool.patience = 0.4
    begun = time.monotonic()
    with pytest.raises(JournalError, match=r"Connection refused.*; nothing was done") as caught:
        pool.patiently(lambda wire: wire.execute("select 1"), lambda: "nothing was done")
    assert 0.2 < time.monotonic() - begun < 3
    assert "see that the database runs" in caught.value.hint


def test_the_server_notices_soon_that_this_machine_is_gone(pool):
    ask = "select name, setting from pg_settings where name like 'tcp_keepalives%' order by 1"
    told = pool.patiently(lambda wire: wire.execute(ask).fetchall(), "x")
    assert told == [("tcp_keepalives_count", "3"), ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5")]


def test_a_connection_that_was_ended_is_replaced(pool, running):
    me = pool.patiently(lambda wire: wire.execute("select pg_backend_pid()").fetchone()[0], "x")
    assert pool.patiently(lambda wire: wire.execute("select pg_backend_pid()").fetchone()[0], "x") == me
    running.psql(f"select pg_terminate_backend({me})")
    assert pool.patiently(lambda wire: wire.execute("select pg_backend_pid()").fetchone()[0], "x") != me


def test_what_the_database_refuses_is_told_and_the_connection_stays(pool):
    me = pool.patiently(lambda wire: wire.execute("select pg_backend_pid()").fetchone()[0], "x")
    with pytest.raises(JournalError, match="division by zero; it was not read"):
        pool.patiently(lambda wire: wire.execute("select 1/0"), "it was not read")
    assert pool.patiently(lambda wire: wire.execute("select pg_backend_pid()").fetchone()[0], "x") == me


def test_a_transaction_that_was_left_open_is_not_lent_to_others(pool):
    def leave(wire):
        wire.execute("begin")
        return wire.info.backend_pid

    left = pool.patiently(leave, "x")
    assert pool.patiently(lambda wire: wire.info.backend_pid, "x") != left


def test_an_answer_that_does_not_come_is_not_waited_for_without_end(pool):
    def ask(wire):
        wire.answer = 0.3
        return wire.execute("select pg_sleep(30)")

    begun = time.monotonic()
    with pytest.raises(JournalError, match=r"the server does not answer|statement timeout"):
        pool.patiently(ask, "nothing was done")
    assert time.monotonic() - begun < 6


def test_threads_wait_for_a_connection_and_no_more_than_allowed_are_opened(running):
    pool = Pool(Address(f"{new(running)}?connections=2&patience=9"))
    pids = set()

    def work(_):
        return pool.patiently(lambda wire: wire.execute("select pg_backend_pid(), pg_sleep(0.02)").fetchone()[0], "x")

    with ThreadPoolExecutor(10) as threads:
        pids.update(threads.map(work, range(40)))
    assert len(pids) <= 2
    pool.close()


def test_where_all_connections_stay_busy_that_is_said(running):
    pool = Pool(Address(f"{new(running)}?connections=1"))
    pool.patience = 1.0
    busy, over = threading.Event(), threading.Event()

    def hold(_):
        busy.set()
        over.wait(10)

    thread = threading.Thread(target=pool.patiently, args=(hold, "x"))
    thread.start()
    busy.wait(10)
    with pytest.raises(JournalError, match="all 1 connections of this process are busy"):
        pool.patiently(lambda wire: wire.execute("select 1"), "x")
    over.set()
    thread.join()
    pool.close()


def test_after_it_was_closed_nothing_stays_open(pool, running):
    pool.patiently(lambda wire: wire.execute("select 1"), "x")
    pool.close()
    pool.patiently(lambda wire: wire.execute("select 1"), "x")
    count = f"select count(*) from pg_stat_activity where datname = '{name_of(pool.address.url)}'"
    with psycopg.connect(at(running, "postgres"), autocommit=True) as other:
        deadline = time.monotonic() + 5
        while other.execute(count).fetchone()[0] and time.monotonic() < deadline:
            time.sleep(0.02)
        assert other.execute(count).fetchone()[0] == 0
