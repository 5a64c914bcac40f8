"""What only the journal in PostgreSQL can get wrong: lost answers, servers that go away, others on the same stream."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from steadyhand.errors import Fenced, HeadMoved, JournalError, NotFound, Unfit
from steadyhand.journal.open import open_journal
from steadyhand.journal.postgresql import PostgresqlJournal

from ..realparts import until
from .databases import Way, at, name_of, new, server
from .events import WHO, note, started

HERE = Path(__file__).resolve().parents[2]
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%steadyhand.streams%'"


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


@pytest.fixture
def way(running):
    found = Way(running)
    yield found
    found.close()


@contextmanager
def held(url, statement="select 1 from steadyhand.streams for update"):
    """Somebody else's transaction holds what is needed."""
    with psycopg.connect(url) as other:
        other.execute(statement)
        yield other


def texts(journal, stream="r1"):
    return [r.event.text for r in journal.read(stream) if hasattr(r.event, "text")]


# --- lost answers


@pytest.mark.parametrize("how", ["before", "after", "silent"])
@pytest.mark.parametrize("times", [1, 3])
def test_an_append_whose_answer_is_lost_is_settled_and_stands_once(url, way, how, times):
    journal = PostgresqlJournal(way.to(url), patience=6)
    try:
        journal.append("r1", 0, [started()], **WHO)
        way.lose("LOSE", how, times)
        back = journal.append("r1", 1, [note("one"), note("LOSE")], **WHO)
        assert way.lost == (times if how == "before" else 1)
        assert journal.read("r1")[1:] == back
        assert texts(journal) == ["one", "LOSE"]
        journal.append("r1", 3, [note("after")], **WHO)
        assert journal.verify_store() == ()
    finally:
        journal.close()


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_stream_whose_first_append_is_lost_begins_once(url, way, how):
    journal = PostgresqlJournal(way.to(url), patience=6)
    try:
        way.lose("LOSE", how)
        journal.append("r1", 0, [started(), note("LOSE")], **WHO)
        assert texts(journal) == ["LOSE"]
        assert journal.verify_store() == ()
    finally:
        journal.close()


def test_where_another_append_came_first_a_lost_one_is_not_taken_for_recorded(url, way, journal):
    lossy = PostgresqlJournal(way.to(url), patience=6)
    try:
        lossy.append("r1", 0, [started()], **WHO)
        journal.append("r1", 1, [note("theirs")], **WHO)
        way.lose("LOSE", "before")
        with pytest.raises(HeadMoved, match="run r1 has 2 events, not 1"):
            lossy.append("r1", 1, [note("LOSE")], **WHO)
        journal.append("r1", 2, [note("taken over")], actor="b", at=1, epoch=2)
        way.lose("LOSE", "before")
        with pytest.raises(Fenced):
            lossy.append("r1", 3, [note("LOSE")], **WHO)
        assert texts(lossy) == ["theirs", "taken over"]
    finally:
        lossy.close()


def test_what_cannot_be_settled_is_said_to_be_open_and_not_to_be_recorded(url, way):
    journal = PostgresqlJournal(way.to(url), patience=1.5)
    try:
        journal.append("r1", 0, [started()], **WHO)
        way.lose("LOSE", "before", 1000)
        with pytest.raises(JournalError, match="whether 1 event of r1 were recorded cannot be told") as caught:
            journal.append("r1", 1, [note("LOSE")], **WHO)
        assert "steady resume" in caught.value.hint
        assert "opensesame" not in caught.value.message
        way.lose("LOSE", "before", 0)
        journal.append("r1", 1, [note("LOSE")], **WHO)
        assert texts(journal) == ["LOSE"]
    finally:
        journal.close()


def test_a_session_that_is_ended_in_the_middle_of_an_append_is_another_try(running, url, journal):
    journal.append("r1", 0, [started()], **WHO)
    with held(url) as other, ThreadPoolExecutor(1) as pool:
        appended = pool.submit(journal.append, "r1", 1, [note("mine")], **WHO)
        until(lambda: running.psql(WAITING) == "1", "the append")
        running.psql(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name_of(url)}'"
                     f" and pid <> {other.info.backend_pid}")  # fmt: skip
        until(lambda: running.psql(WAITING) == "1", "another try")
        other.rollback()
        assert [r.seq for r in appended.result(20)] == [2]
    assert texts(journal) == ["mine"]
    assert journal.verify_store() == ()


def test_a_lock_that_is_not_let_go_of_ends_the_append_and_nothing_is_recorded(url):
    journal = PostgresqlJournal(url, patience=1.2)
    try:
        journal.append("r1", 0, [started()], **WHO)
        with held(url), pytest.raises(JournalError, match="statement timeout; 1 event of r1 were not recorded"):
            journal.append("r1", 1, [note()], **WHO)
        assert journal.head("r1").seq == 1
    finally:
        journal.close()


# --- a server that goes away


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_appends_that_are_under_way_while_the_server_is_away_settle_truthfully(mode):
    with server("fsync=on") as mine:
        url = new(mine)
        journal = PostgresqlJournal(url)
        acknowledged = dict.fromkeys(range(4), 0)
        stop = threading.Event()

        def append(number):
            stream = f"r{number}"
            journal.append(stream, 0, [started()], **WHO)
            while not stop.is_set():
                journal.append(stream, acknowledged[number] + 1, [note(str(acknowledged[number]))], **WHO)
                acknowledged[number] += 1

        with ThreadPoolExecutor(4) as pool:
            threads = [pool.submit(append, n) for n in range(4)]
            try:
                until(lambda: min(acknowledged.values()) > 20, "appends")
                mine.stop(mode)
                before = dict(acknowledged)
                time.sleep(1.5)
                assert all(acknowledged[n] <= before[n] + 1 for n in acknowledged)
                mine.start()
                until(lambda: all(acknowledged[n] > before[n] + 20 for n in acknowledged), "appends after it")
            finally:
                stop.set()
            for thread in threads:
                assert thread.result(40) is None
        for number, count in acknowledged.items():
            assert texts(journal, f"r{number}") == [str(n) for n in range(count)]
        assert journal.verify_store() == ()
        journal.close()


def test_a_database_that_stays_away_is_said_after_a_while_and_the_journal_goes_on_afterwards():
    with server() as mine:
        journal = PostgresqlJournal(new(mine), patience=0.6)
        journal.append("r1", 0, [started()], **WHO)
        mine.stop()
        for act in (lambda: journal.append("r1", 1, [note()], **WHO), lambda: journal.read("r1"), journal.mark):
            begun = time.monotonic()
            with pytest.raises(JournalError, match=r"^postgresql://steady@127.0.0.1:\d+/store_\w+: .*; ") as caught:
                act()
            assert time.monotonic() - begun < 5
            assert "see that the database runs" in caught.value.hint
        mine.start()
        assert journal.append("r1", 1, [note()], **WHO)[0].seq == 2
        journal.close()


# --- others


def test_two_processes_that_race_on_a_stream_each_win_as_often_as_they_try(url, journal):
    journal.append("r1", 0, [started()], **WHO)
    argv = [sys.executable, "-m", "tests.journal.append_child", url, "r1"]
    children = [subprocess.Popen([*argv, name, "60"], cwd=HERE) for name in ("a", "b")]
    assert [child.wait(60) for child in children] == [0, 0]
    assert sorted(texts(journal)) == sorted(f"{name}:{n}" for name in "ab" for n in range(60))
    assert journal.verify_store() == ()


def test_processes_that_open_a_new_store_at_the_same_time_all_succeed(url):
    code = "import sys; from steadyhand.journal.open import open_journal; open_journal(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(5)]
    assert [child.wait(60) for child in children] == [0] * 5


def test_twenty_threads_append_over_few_connections(running, url):
    journal = open_journal(f"{url}?connections=4")

    def append(number):
        journal.append(f"r{number}", 0, [started()], **WHO)
        for at_ in range(15):
            journal.append(f"r{number}", at_ + 1, [note(str(at_))], **WHO)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(append, range(20)))
    used = f"select count(*) from pg_stat_activity where datname = '{name_of(url)}'"
    assert int(running.psql(used)) <= 4
    assert journal.verify_store() == ()
    assert sum(head.seq for head in journal.streams()) == 20 * 16
    journal.close()


def test_of_what_grows_in_many_transactions_at_once_nothing_is_missed(url, journal):
    """A follower that goes on from point to point has seen every append in the end, whatever the order of commits."""
    seen: dict[str, int] = {}
    over = threading.Event()
    point, _ = journal.grown(None)

    def follow():
        nonlocal point
        while True:
            last = over.is_set()
            point, heads = journal.grown(point)
            seen.update({head.stream: max(head.seq, seen.get(head.stream, 0)) for head in heads})
            if last:
                return

    def append(number):
        for at_ in range(25):
            stream = f"s{number}-{at_ % 3}"
            head = journal.head(stream)
            journal.append(stream, head.seq if head else 0, [note()], **WHO)

    with ThreadPoolExecutor(9) as pool:
        following = pool.submit(follow)
        list(pool.map(append, range(8)))
        over.set()
        following.result(20)
    assert seen == {head.stream: head.seq for head in journal.streams()}
    assert journal.grown(point) == (point, ())


def test_an_append_that_commits_late_is_told_although_later_ones_were_told_before(url, journal):
    for stream in ("early", "late"):
        journal.append(stream, 0, [started()], **WHO)
    point, _ = journal.grown(None)
    mark = journal.mark()
    with psycopg.connect(url) as other:  # an append by hand, whose transaction stays open
        head = journal.head("late")
        rows = {"seq": head.seq, "before": head.hash}
        other.execute("update steadyhand.streams set seq = 2, append = pg_current_xact_id() where stream = 'late'"
                      " and seq = %(seq)s and hash = %(before)s", rows)  # fmt: skip
        other.execute("insert into steadyhand.events select stream, 2, at, actor, epoch, type, body, hash, 'x',"
                      " pg_current_xact_id() from steadyhand.events where stream = 'late'")  # fmt: skip
        journal.append("early", 1, [note()], **WHO)
        between = journal.mark()
        assert between != mark
        later, heads = journal.grown(point)
        assert [head.stream for head in heads] == ["early"]
        assert journal.mark() == between
        other.commit()
    assert journal.mark() != between
    assert [head.stream for head in journal.grown(later)[1]] == ["late", "early"]


def test_a_store_that_was_restored_from_a_server_that_was_further_is_followed_all_the_same(url, journal):
    for stream in ("old", "both"):
        journal.append(stream, 0, [started()], **WHO)
    with psycopg.connect(url) as other:
        other.execute("set session_replication_role = replica")
        for table in ("events", "streams"):
            other.execute(f"update steadyhand.{table} set append = '900000000000'")
    mark = journal.mark()
    point, _ = journal.grown(None)
    journal.append("both", 1, [note()], **WHO)
    journal.append("new", 0, [started()], **WHO)
    assert journal.mark() != mark
    assert {head.stream for head in journal.grown(point)[1]} >= {"both", "new"}
    later, _ = journal.grown(point)
    assert journal.grown(later) == (later, ())
    assert {head.stream for head in journal.grown(0)[1]} == {"old", "both", "new"}


def test_after_a_failover_all_streams_are_told_once(journal):
    journal.append("r1", 0, [started()], **WHO)
    point, _ = journal.grown(None)
    earlier_timeline = point - (1 << 64)
    again, heads = journal.grown(earlier_timeline)
    assert (again, [head.stream for head in heads]) == (point, ["r1"])
    ahead = point + 1_000_000
    assert journal.grown(ahead)[0] == point


# --- what stands


@pytest.mark.parametrize(
    ("statement", "said"),
    [("update steadyhand.events set body = '{}'", "an event is never changed or removed"),
     ("delete from steadyhand.events", "an event is never changed or removed"),
     ("truncate steadyhand.events", "an event is never removed"),
     ("delete from steadyhand.streams", "a stream is never removed"),
     ("truncate steadyhand.streams", "a stream is never removed"),
     ("update steadyhand.streams set seq = 0", "a stream only grows"),
     ("update steadyhand.streams set seq = 9, epoch = 0", "a stream only grows"),
     ("insert into steadyhand.events select stream, 9, at, actor, epoch, type, body, prev, hash, append from steadyhand.events",
      "an event follows the one before it"),
     ("update steadyhand.chunks set content = ''", "an artifact is never changed"),
     ("update steadyhand.artifacts set size = 0", "an artifact is never changed")],
)  # fmt: skip
def test_the_database_itself_lets_the_journal_only_grow(url, journal, statement, said, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with (tmp_path / "x").open("rb") as content:
        journal.put(content)
    journal.append("r1", 0, [started()], **WHO)
    with psycopg.connect(url) as other, pytest.raises(psycopg.Error, match=said):
        other.execute(statement)
    assert journal.verify_store() == ()


@pytest.mark.parametrize(
    ("statement", "said"),
    [("drop trigger events_are_final on steadyhand.events", "trigger events_are_final was removed"),
     ("alter table steadyhand.events disable trigger events_follow", "trigger events_follow was turned off"),
     ("create or replace function steadyhand.grow() returns trigger language plpgsql as 'begin return new; end'",
      "trigger streams_grow was changed"),
     ("create rule lost as on insert to steadyhand.events do instead nothing", "trigger lost was added"),
     ("set session_replication_role = replica; delete from steadyhand.streams",
      "the stream has lost its head or all its events")],
)  # fmt: skip
def test_what_was_done_to_the_store_itself_is_found(url, journal, statement, said):
    journal.append("r1", 0, [started()], **WHO)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(statement)
    assert said in [fault.problem for fault in journal.verify_store()]


def test_an_event_that_was_changed_is_found(url, journal):
    journal.append("r1", 0, [started(), note("fine"), note()], **WHO)
    with psycopg.connect(url) as other:
        other.execute("set session_replication_role = replica")
        other.execute("update steadyhand.events set body = replace(body, 'fine', 'bad!') where seq = 2")
    fault = journal.verify("r1")
    assert (fault.seq, fault.problem) == (2, "was changed: its hash does not fit")


def test_a_head_that_does_not_move_ends_the_append(url, journal):
    journal.append("r1", 0, [started()], **WHO)
    with psycopg.connect(url) as other:
        other.execute("create rule lost as on insert to steadyhand.events do instead nothing")
    with pytest.raises(JournalError, match="1 event of r1"):
        journal.append("r1", 1, [note()], **WHO)


# --- opening


def test_where_commits_would_not_be_durable_nothing_is_opened(running, url):
    running.psql(f"alter role steady in database {name_of(url)} set synchronous_commit = off")
    with pytest.raises(Unfit, match="synchronous_commit is off for steady") as caught:
        open_journal(url)
    assert "alter role steady reset synchronous_commit" in caught.value.hint


def test_a_later_format_and_another_programs_schema_are_not_touched(running, url):
    open_journal(url).close()
    running.psql("update steadyhand.formats set version = 9", name_of(url))
    with pytest.raises(Unfit, match=r"later version \(format 9\)"):
        open_journal(url)
    other = new(running)
    running.psql("create schema steadyhand; create table steadyhand.streams (x int)", name_of(other))
    with pytest.raises(Unfit, match=r"the schema steadyhand in .* is another program's"):
        open_journal(other)
    running.psql("create table steadyhand.formats (x int)", name_of(other))
    with pytest.raises(Unfit, match="is another program's"):
        open_journal(other)


def test_a_database_without_utf8_is_refused(running):
    running.psql("create database latin encoding latin1 locale 'C' template template0")
    with pytest.raises(Unfit, match="has the encoding LATIN1"):
        open_journal(at(running, "latin"))


def test_a_store_that_is_not_there_is_not_made_where_nobody_asked_for_it(running, url):
    with pytest.raises(NotFound, match="there is no store in"):
        open_journal(url, make=False)
    assert running.psql("select count(*) from pg_namespace where nspname = 'steadyhand'", name_of(url)) == "0"


def test_a_role_may_append_and_no_more_or_only_read(running, url):
    base = name_of(url)
    running.psql(
        f"create role {base}_worker login password 'opensesame'; create role {base}_reader login password 'opensesame'"
    )
    with pytest.raises(Unfit, match="holds no store, and this role may not make one"):
        open_journal(at(running, base, f"{base}_worker"))
    open_journal(url).close()
    with pytest.raises(Unfit, match="this role has no rights in the store"):
        open_journal(at(running, base, f"{base}_worker"))
    running.psql(
        f"grant usage on schema steadyhand to {base}_worker, {base}_reader;"
        f"grant select on all tables in schema steadyhand to {base}_worker, {base}_reader;"
        f"grant insert on steadyhand.streams, steadyhand.events, steadyhand.artifacts, steadyhand.chunks to {base}_worker;"
        f"grant update on steadyhand.streams to {base}_worker",
        base,
    )
    worker = open_journal(at(running, base, f"{base}_worker"))
    assert worker.readonly == ""
    worker.append("r1", 0, [started()], **WHO)
    worker.append("r1", 1, [note()], **WHO)
    assert worker.verify_store() == ()
    worker.close()
    reader = open_journal(at(running, base, f"{base}_reader"))
    assert len(reader.read("r1")) == 2
    with pytest.raises(Unfit, match=r"can only be read: .*_reader may not append there"):
        reader.append("r1", 2, [note()], **WHO)
    reader.close()


def test_a_session_that_only_reads_says_so(running, url):
    open_journal(url).close()
    reader = open_journal(f"{url}?options=-c%20default_transaction_read_only%3Don")
    assert reader.readonly == "default_transaction_read_only is on for steady"
    reader.close()
    with pytest.raises(Unfit, match="holds no store, and takes no changes"):
        open_journal(f"{new(running)}?options=-c%20default_transaction_read_only%3Don")


def test_streams_and_events_come_in_pages(journal):
    for number in range(40):
        journal.append(f"r{number}", 0, [started()], actor="a", at=number // 2, epoch=1)
    assert [h.stream for h in journal.streams("r")] == sorted(
        (f"r{n}" for n in range(40)), key=lambda name: (int(name[1:]) // 2, name), reverse=True
    )
