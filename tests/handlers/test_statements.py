"""What a statement does, as far as its words tell."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import _statements as s
from steadyhand.model import Effect, Literal, Secret, Text, Value, plain

PG, MY = "postgresql", "mysql"


def parsed(text, dialect=PG):
    return s.parsed(plain(text), dialect, "`query`")


@pytest.mark.parametrize(
    "text",
    ["select 1", "(select 1) union (select 2)", "SELECT 'delete from t; drop table x'", "with a as (select 1) select * from a",
     "values (1)", "table t", "show search_path", "explain delete from t", "explain (costs off) select 1",
     "explain analyze select 1", "select deleted, updated from t -- delete\n;", "select replace(a, 'x', 'y') from t",
     'select "into" from t', "select insert_time from t where kind = 'update'", "select 1;;"],
)  # fmt: skip
@pytest.mark.parametrize("dialect", [PG, MY])
def test_reads(text, dialect):
    assert s.no_read(parsed(text, dialect)) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("delete from t", "it begins with DELETE"),
        ("do $$ begin end $$", "it begins with DO"),
        ("call p()", "it begins with CALL"),
        ("copy t to program 'x'", "it begins with COPY"),
        ("set role admin", "it begins with SET"),
        ("lock table t", "it begins with LOCK"),
        ("'select'", "it begins with no word"),
        ("select pg_terminate_backend(1)", "pg_terminate_backend acts on the server"),
        ('select "pg_cancel_backend"(1)', "pg_cancel_backend acts on the server"),
        ("select pg_catalog.PG_RELOAD_CONF()", "pg_reload_conf acts on the server"),
        ("select pg_rotate_logfile()", "pg_rotate_logfile acts on the server"),
        ("select pg_promote()", "pg_promote acts on the server"),
        ("select pg_switch_wal()", "pg_switch_wal acts on the server"),
        ("select pg_try_advisory_xact_lock(1)", "pg_try_advisory_xact_lock acts on the server"),
        ("select lo_export(1, 'x')", "lo_export acts on the server"),
        ("select dblink_exec('x', 'delete from t')", "dblink_exec acts on the server"),
        ("select query_to_xml('select 1', true, true, '')", "query_to_xml acts on the server"),
        ("select * into u from t", "INTO writes what it finds"),
        ("select * from t for update", "FOR UPDATE locks what it finds"),
        ("select * from t for no key update", "FOR NO locks what it finds"),
        ("with x as (delete from t returning *) select * from x", "it holds DELETE"),
        ("with x as (insert into t values (1) returning *) select * from x", "it holds INSERT"),
        ("explain analyze delete from t", "EXPLAIN ANALYZE carries the DELETE out"),
        ("explain (costs off, analyze) update t set a = 1", "EXPLAIN ANALYZE carries the UPDATE out"),
        ('select U&"pg_reload\\005fconf"()', 'it holds a name that is spelled out (`U&""`)'),
    ],
)
def test_what_is_not_known_to_read_in_postgresql(text, reason):
    assert s.no_read(parsed(text)) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select 1 /*!50000 into outfile '/tmp/x' */", "it holds a comment that is run (`/*! */`)"),
        ("select 1 /*M! into outfile '/tmp/x' */", "it holds a comment that is run (`/*! */`)"),
        ("select get_lock('x', 1)", "get_lock acts on the server"),
        ("select `release_lock`('x')", "release_lock acts on the server"),
        ("select * from t into outfile '/tmp/x'", "INTO writes what it finds"),
        ("select next value for s", "NEXT VALUE FOR moves a sequence"),
        ("select * from t lock in share mode", "LOCK IN SHARE MODE locks what it finds"),
        ("kill 5", "it begins with KILL"),
        ("set global x = 1", "it begins with SET"),
        ("analyze delete from t", "it begins with ANALYZE"),
        ("flush tables", "it begins with FLUSH"),
    ],
)
def test_what_is_not_known_to_read_in_mysql(text, reason):
    assert s.no_read(parsed(text, MY)) == reason


@pytest.mark.parametrize("text", ["vacuum full t", "alter system set a = 1", "create index concurrently i on t (a)",
                                  "reindex index concurrently i", "create database x", "checkpoint"])  # fmt: skip
def test_no_transaction_of_postgresql_holds_it(text):
    assert s.alone(parsed(text)).endswith("is carried out at once, and no rollback takes it back")


@pytest.mark.parametrize("text", ["kill 5", "create table t (i int)", "set global x = 1", "flush tables", "analyze table t",
                                  "optimize table t", "set session x = 1"])  # fmt: skip
def test_no_transaction_of_mysql_holds_it(text):
    assert s.alone(parsed(text, MY))


@pytest.mark.parametrize("text", ["delete from t", "insert into t values (1)", "update t set a = 1", "select 1"])
@pytest.mark.parametrize("dialect", [PG, MY])
def test_a_transaction_holds_it(text, dialect):
    assert s.alone(parsed(text, dialect)) == ""


def test_ddl_of_postgresql_is_held_by_a_transaction():
    assert not any(s.alone(parsed(text)) for text in ["create table t (i int)", "drop index i", "reindex table t"])


@pytest.mark.parametrize("text", ["begin", "COMMIT", "rollback", "start transaction", "savepoint a", "set transaction read only",
                                  "prepare transaction 'x'", "end"])  # fmt: skip
def test_the_transaction_is_not_steered(text):
    assert s.steers(parsed(text))
    assert not s.steers(parsed("prepare p as select 1"))


def test_texts_that_hold_no_one_statement():
    for text, message in [
        ("", "`query` holds no statement"),
        ("-- nothing\n;", "`query` holds no statement"),
        ("select 1; select 2", "`query` holds more than one statement"),
        ("select 'a", "`query` ends inside quotes"),
        ("select /* a", "`query` ends inside a comment"),
        ("do $$ x", "`query` ends inside `$$ $$`"),
    ]:
        with pytest.raises(BadInput) as found:
            parsed(text)
        assert found.value.message == message


def test_a_misplaced_value_or_secret():
    for part, label in [(Value("x", "?"), "..."), (Secret("word"), "secrets.word")]:
        with pytest.raises(BadInput) as found:
            s.parsed(Text((Literal("select '"), part, Literal("'"))), PG, "`query`")
        assert found.value.message.startswith("`query`: a placeholder inside quotes")
        assert found.value.hint == f"write `{{{{ {label} }}}}`"


def test_the_effect_is_the_worst_of_all_statements():
    assert s.effect_of([]) is Effect.READ
    assert s.effect_of(["select {{ a }} {% if b %} where x {% endif %} {# drop #}"]) is Effect.READ
    assert s.effect_of(["select 1", "insert into t values ({{ a }})"]) is Effect.CHANGE
    assert s.effect_of(["with x as (delete from t) select 1"]) is Effect.DESTRUCTIVE
    assert s.effect_of(["{{ everything }}"]) is Effect.CHANGE


def test_placeholders_are_counted():
    assert s.holes(s.parsed(Text((Literal("select "), Value("x", "?"))), PG, "it")) == 1
