"""What is particular to MySQL and MariaDB: DDL that commits, tables without transactions, values as variables."""

from __future__ import annotations

import threading

import pytest

from steadyhand.errors import BadInput, Refused, Unreachable
from steadyhand.handlers import sql
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Target, plain

from ..realparts import until
from .databases import PASSWORD, done, my, planned, text

__all__ = ["my"]


def test_it_can_be_reached_by_its_socket_and_by_an_address(my):
    by_socket = Target("db", "mysql", {"socket": plain(my.socket), "user": plain("root")})
    assert done(by_socket, query="select 1").values["value"] == 1
    address = f"mysql://steady:{PASSWORD}@127.0.0.1:{my.port}/shop"
    assert done(Target("db", "mysql", {"url": plain(address)}), query="select database()").values["value"] == "shop"


def test_the_settings_of_a_target(my):
    target = my.target(options={"time_zone": plain("+03:00"), "sort_buffer_size": 65536})
    found = done(target, query="select @@time_zone, @@sort_buffer_size").values["records"][0]
    assert list(found.values()) == ["+03:00", 65536]
    with pytest.raises(BadInput, match="no setting"):
        done(my.target(options={"a = 1; b": plain("x")}), query="select 1")


@pytest.mark.parametrize("mode", ["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", ""])
@pytest.mark.parametrize("hostile", ["\\' or 1=1 -- ", "' or 1=1 -- ", "\\", "\u00bf\u5c27' or 1=1 #"])
def test_a_value_stays_a_value_in_any_mode(my, mode, hostile):
    my.fill(3)
    target = my.target(options={"sql_mode": plain(mode)})
    asked = text("select count(*) from item where app = {{ x }} or {{ x }} = 'no'", x=hostile)
    assert done(target, query=asked).values["value"] == 0
    assert done(target, query=text("select {{ x }}", x=hostile)).values["value"] == hostile


def test_what_a_column_holds_comes_as_json(my):
    query = (
        "select 1.50 as d, 12345678901234567890.123 as big, X'dead' as b, cast('2026-11-20 10:00:00' as datetime) as t,"
        " cast('2026-11-20' as date) as day, b'101' as bits, null as nothing, 1e3 as f, true as yes, 'ü' as u"
    )
    assert done(my.target(), query=query).values["records"] == [
        {"d": 1.5, "big": "12345678901234567890.123", "b": "dead", "t": "2026-11-20T10:00:00", "day": "2026-11-20",
         "bits": "05", "nothing": None, "f": 1000.0, "yes": 1, "u": "ü"}
    ]  # fmt: skip


def test_a_value_is_compared_as_its_column_compares(my):
    my.ask(
        "drop table if exists name; create table name (n varchar(20) collate utf8mb4_unicode_ci); insert into name values ('Ä')"
    )
    assert done(my.target(), query=text("select count(*) from name where n = {{ x }}", x="ä")).values["value"] == 1


def test_an_empty_list_is_refused(my):
    my.fill(1)
    with pytest.raises(BadInput, match="empty list"):
        done(my.target(), query=text("select 1 from item where id in ({{ x }})", x=[]))


def test_ddl_stands_alone_and_commits(my):
    my.ask("drop table if exists fresh")
    found = done(my.target(), BenchHands(expect={"rows": 99}), execute="create table fresh (i int)")
    assert found.values["committed"] is True
    assert my.ask("show tables like 'fresh'") == "fresh"


def test_tables_without_transactions_are_said_when_it_is_too_late(my):
    my.ask("drop table if exists old; create table old (i int) engine=myisam")
    with pytest.raises(Refused, match="without transactions") as found:
        done(my.target(), BenchHands(expect={"rows": 99}), execute="insert into old values (1), (2)")
    assert found.value.unsure
    assert my.ask("select count(*) from old") == "2"


def test_a_procedure_that_commits_is_noticed(my):
    my.fill(3)
    my.ask("drop procedure if exists sly; create procedure sly() commit")
    my.ask("grant execute on shop.* to steady@'%'")
    with pytest.raises(Refused, match="ended the transaction by itself") as found:
        done(
            my.target(),
            BenchHands(expect={"rows": 99}),
            execute=[plain("delete from item where id = 1"), plain("call sly()")],
        )
    assert found.value.unsure


@pytest.mark.parametrize(
    ("given", "failure", "message"),
    [
        ({"database": "nowhere"}, Refused, "let the user into the database|no such database"),
        ({"user": "nobody"}, Refused, "rejects the user or the password"),
        ({"tls": "verify-full"}, Refused, "does not speak TLS"),
        ({"host": "no-such-host.invalid", "tls": "off"}, Unreachable, "has no address"),
    ],
)
def test_why_there_is_no_connection(my, given, failure, message):
    with pytest.raises(failure, match=message) as found:
        done(my.target(**given), query="select 1")
    assert found.value.hint


def test_a_server_that_is_full(my):
    hands = [BenchHands() for _ in range(12)]
    try:
        with pytest.raises(Refused, match="has no connection left") as found:
            for one in hands:
                sql.perform(planned(my.target(), {"query": "select 1"}), one)
            done(my.target(), query="select 1")
        assert "processlist" in found.value.hint
    finally:
        for one in hands:
            one.connections.close()


def test_the_last_connection_is_enough_for_a_whole_run(my):
    """Reads at once take turns on it, and a change has what the reads have let go."""
    my.fill(3)
    others, here, found = [BenchHands() for _ in range(60)], BenchHands(), []
    try:
        with pytest.raises(Refused):
            for one in others:
                sql.perform(planned(my.target(), {"query": "select 1"}), one)
        others[0].connections.close()
        asked = planned(my.target(), {"query": "select sleep(0.2)"})
        reads = [threading.Thread(target=lambda: found.append(sql.perform(asked, here))) for _ in range(3)]
        for read in reads:
            read.start()
        for read in reads:
            read.join()
        assert [one.values["rows"] for one in found] == [1, 1, 1]
        assert done(my.target(), here, execute="delete from item where id = 3").values["rows"] == 1
    finally:
        for one in (*others, here):
            one.connections.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select 1 form t", "near 't' at line 1 (1064)"),
        ("select nope from item", "(1054)"),
        ("select * from no_such", "(1146)"),
    ],
)
def test_what_the_server_refuses(my, statement, message):
    my.fill(1)
    with pytest.raises(BadInput) as found:
        done(my.target(), query=statement)
    assert message in found.value.message


def test_a_session_is_ended_on_the_server(my):
    failed = []

    def work():
        try:
            done(my.target(), BenchHands(timeout=20), execute="select sleep(19) as ended_there")
        except Unreachable as problem:
            failed.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: my.running("ended_there") == 1, "the statement")
    number = my.ask(
        "select id from information_schema.processlist where info like '%ended_there%' and id <> connection_id()"
    )
    my.ask(f"kill {number}")
    thread.join(5)
    assert [problem.unsure for problem in failed] == [False]


def test_a_replica_says_that_it_takes_no_changes(my):
    my.ask("set global read_only = 1")
    try:
        _, row = sql.preflight(planned(my.target(), {"execute": "delete from item"}), BenchHands())
        assert (row.holds, row.why) == (False, "it is read-only, as a replica is")
    finally:
        my.ask("set global read_only = 0")
