"""One live driver for a run on all machines that have the same PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from steadyhand.errors import JournalError
from steadyhand.journal.lease import leases
from steadyhand.journal.postgresql_lease import SessionLeases, key_of

from ..realparts import until
from .databases import new, server

HOLD = "import sys; from steadyhand.journal.lease import leases; l = leases(sys.argv[1]).acquire('r1', 'engine@other/7'); print('held', flush=True); sys.stdin.read()"


@pytest.fixture(scope="module")
def running():
    with server() as found:
        yield found


@pytest.fixture
def url(running):
    return new(running)


@pytest.fixture
def two(url):
    found = SessionLeases(url, beat=0.1), SessionLeases(url, beat=0.1)
    yield found
    for one in found:
        one.close()


def test_the_second_of_two_processes_gets_nothing_until_the_first_has_died(url, two):
    store, _ = two
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "held\n"
        assert store.acquire("r1", "me") is None
        assert store.holder("r1") == "engine@other/7"
        other_run = store.acquire("r2", "me")
        assert other_run is not None
        other_run.release()
        child.kill()
    until(lambda: store.holder("r1") == "", "the end of the session")
    mine = store.acquire("r1", "me")
    assert mine is not None
    mine.release()
    mine.release()
    assert store.holder("r1") == ""


def test_two_threads_of_a_process_do_not_get_the_same_run(two):
    store, other = two
    got = []
    threads = [threading.Thread(target=lambda: got.append(store.acquire("r1", "me"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (held,) = [one for one in got if one is not None]
    assert other.acquire("r1", "you") is None
    held.release()
    assert other.acquire("r1", "you") is not None
    assert store.holder("r1") == "you"


def test_many_runs_are_held_by_one_session(running, url, two):
    store, other = two
    held = [store.acquire(f"r{n}", "me") for n in range(100)]
    assert all(held)
    assert other.holder("r99") == "me"
    count = f"select count(*) from pg_stat_activity where datname = '{url.rpartition('/')[2]}'"
    assert running.psql(count) == "2"
    held[99].release()
    assert (other.holder("r99"), other.holder("r98")) == ("", "me")


def test_locks_whose_session_was_lost_are_taken_again_by_themselves(running, two):
    store, other = two
    held = store.acquire("r1", "me")
    pid = running.psql("select pid from pg_stat_activity where application_name = 'me'")
    running.psql(f"select pg_terminate_backend({pid})")
    until(lambda: other.holder("r1") == "me", "the lock")
    assert running.psql("select pid from pg_stat_activity where application_name = 'me'") != pid
    assert other.acquire("r1", "you") is None
    held.release()
    assert other.holder("r1") == ""


def test_a_lock_that_was_lost_to_somebody_else_is_his(running, two):
    store, other = two
    slow = SessionLeases(store._session.address.url, beat=60)
    held = slow.acquire("r1", "slow")
    running.psql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slow'")
    until(lambda: other.holder("r1") == "", "the end of the session")
    theirs = other.acquire("r1", "you")
    assert theirs is not None
    assert slow.holder("r1") == "you"
    held.release()
    assert other.holder("r1") == "you"
    slow.close()


def test_where_the_database_is_away_it_is_said_that_it_cannot_be_told():
    with server() as mine:
        store = SessionLeases(new(mine), beat=0.1)
        held = store.acquire("r1", "me")
        mine.stop()
        with pytest.raises(JournalError, match="whether another process drives the run cannot be told"):
            store.holder("r1")
        mine.start()
        until(lambda: store.holder("r1") == "me", "the lock")
        held.release()
        store.close()


def test_an_actor_that_is_no_plain_text_is_still_a_holder(two):
    store, other = two
    store.acquire("r1", "jos\udce9\0" + "x" * 100)
    assert other.holder("r1").startswith("jos")


def test_the_lock_of_a_run_is_a_number_of_64_bits():
    keys = {key_of(f"r{n}") for n in range(1000)}
    assert len(keys) == 1000
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)


def test_a_store_says_by_its_name_where_its_locks_are(url):
    found = leases(url)
    assert isinstance(found, SessionLeases)
    assert found.holder("r1") == ""
    found.close()
