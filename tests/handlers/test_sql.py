"""`sql` on real databases: held to reading, judged before the commit, bound and never pasted, exact about doubt."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from steadyhand.handlers import _sql, sql
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.connections import Connections
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, Value, plain

from ..realparts import until
from .databases import PASSWORD, db, done, my, pg, planned, proxy, secret, text
from .servers import closed_port

__all__ = ["db", "my", "pg"]

NOWHERE = Target("db", "postgresql", {"host": plain("db1"), "port": 5432, "user": plain("app")})


class Contract(HandlerContract):
    handler = sql
    stream = "records"
    changes: ClassVar = {
        "query": plain("select 2"),
        "execute": plain("delete from item"),
        "isolation": plain("serializable"),
        "max_rows": 5,
        "lock_timeout": 5_000_000,
    }

    @pytest.fixture
    def ordinary(self, db):
        return Case({"query": plain("select 1 as one")}, db.target())

    @pytest.fixture
    def failing(self, db):
        return Case({"query": plain("select * from no_such_table")}, db.target())

    @pytest.fixture
    def slow(self, db):
        return Case({"query": plain(f"select {db.sleep}(61)")}, db.target())

    @pytest.fixture
    def big(self, db):
        query = f"select repeat('x', 1000) as x from {db.series(5000)}"
        return Case({"query": plain(query), "max_rows": 5000}, db.target())

    @pytest.fixture
    def secret(self, db):
        target = db.target(password=Text((Secret("password"),)))
        return Case({"query": secret("select ", "word")}, target, {"word": "xyzzyxyzzy", "password": PASSWORD})


class TestContract(Contract):
    """The promises of the seam, on each database."""


# --- planning


def preview(target=NOWHERE, **params):
    return planned(target, params).preview.splitlines()


def test_a_person_sees_the_statement_its_values_and_what_becomes_of_it():
    assert preview(query=text("select * from t where a = {{ a }} and n > {{ n }}", a="it's", n=5)) == [
        "select * from t where a = $1 and n > $2",
        "-- $1 = 'it''s'",
        "-- $2 = 5",
        "-- in a read-only transaction; on db, app@db1:5432",
    ]
    assert preview(execute=[plain("delete from t"), secret("update t set x = ", "word")], isolation="Serializable") == [
        "delete from t",
        "update t set x = $1",
        "-- $1 = •••",
        "-- isolation: serializable",
        "-- in a transaction, committed when the expectation holds; on db, app@db1:5432",
    ]
    assert preview(execute="vacuum t")[-1] == (
        "-- VACUUM is carried out at once, and no rollback takes it back; on db, app@db1:5432"
    )
    assert preview(execute="select pg_reload_conf()")[-1] == (
        "-- pg_reload_conf acts at once, and no rollback takes it back; on db, app@db1:5432"
    )
    assert preview(query=text("select {{ x }}", x="x" * 500))[1] == f"-- $1 = '{'x' * 199} ... (502 characters)"


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"url": plain("postgresql://app:hidden@db1:6000/orders?sslmode=require")}, "app@db1:6000/orders"),
        ({"url": Text((Secret("url"),))}, "•••"),
        ({"socket": plain("/run/postgresql"), "database": plain("orders")}, "/run/postgresql/orders"),
        ({"database": plain("orders")}, "localhost/orders"),
    ],
)
def test_a_place_is_shown_without_its_secrets(params, shown):
    plan = planned(Target("db", "postgresql", params), {"query": "select 1"})
    assert plan.preview.splitlines()[1] == f"-- in a read-only transaction; on db, {shown}"
    assert plan.targets == (f"db/{shown}",)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "`sql` needs one of `query` and `execute`"),
        ({"query": "select 1", "execute": "delete from t"}, "`sql` needs one of `query` and `execute`"),
        ({"execute": []}, "`execute` holds no statement"),
        ({"query": ""}, "`query` holds no statement"),
        ({"query": "select 1; delete from t"}, "`query` holds more than one statement"),
        ({"query": "delete from t"}, "this `query` is not known to only read: it begins with DELETE"),
        ({"execute": ["begin", "delete from t"]}, "`execute` holds BEGIN: the transaction is the step's"),
        ({"execute": ["delete from t", "vacuum t"]}, "VACUUM is carried out at once, and no rollback takes it back: it cannot stand beside others"),
        ({"query": "select 1", "isolation": "dirty"}, "`isolation` cannot be 'dirty'"),
        ({"query": "select 1", "max_rows": -1}, "`max_rows` cannot be -1"),
        ({"query": "select 1", "max_rows": 200_000}, "`max_rows` cannot be 200000"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned(params, message):
    with pytest.raises(BadInput) as found:
        planned(NOWHERE, params)
    assert found.value.message == message
    assert found.value.hint


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"host": plain("a"), "socket": plain("/b")}, "target db has both `socket` and `host`"),
        ({"url": plain("postgresql://h"), "user": plain("x")}, "target db has `url`, and `user` beside it"),
        ({"key": plain("k")}, "target db has a `key` and no `cert`"),
        ({"port": 70_000}, "target db has no port 70000"),
        ({"tls": plain("maybe")}, "`tls` cannot be 'maybe'"),
    ],
)
def test_places_that_cannot_be(params, message):
    with pytest.raises(BadInput) as found:
        planned(Target("db", "postgresql", params), {"query": "select 1"})
    assert found.value.message == message
    with pytest.raises(BadInput, match="needs a target"):
        sql.plan({"query": plain("select 1")}, None)


def test_the_place_is_covered_by_the_digest():
    there = Target("db", "postgresql", {**NOWHERE.params, "host": plain("db2")})
    assert planned(NOWHERE, {"query": "select 1"}).digest != planned(there, {"query": "select 1"}).digest


@pytest.mark.parametrize(
    ("params", "effect"),
    [
        ({"query": "select 1"}, Effect.READ),
        ({"query": "select * from t where a = {{ inputs.x }}"}, Effect.READ),
        ({"query": "select pg_terminate_backend({{ inputs.pid }})"}, Effect.CHANGE),
        ({"query": "select get_lock('x', 1)"}, Effect.CHANGE),
        ({"query": "delete from t"}, Effect.DESTRUCTIVE),
        ({"execute": "select 1"}, Effect.CHANGE),
        ({"execute": ["insert into t values (1)", "drop table t"]}, Effect.DESTRUCTIVE),
        ({"execute": "update t set a = 1"}, Effect.DESTRUCTIVE),
        ({"execute": "update t set a = 1 where b = {{ inputs.x }}"}, Effect.CHANGE),
        ({}, Effect.CHANGE),
    ],
)
def test_the_effect(params, effect):
    assert sql.effect_of(params) is effect


def test_no_client_is_imported_to_plan():
    code = (
        "import sys; from steadyhand.handlers import sql; from steadyhand.model import Target, plain;"
        "sql.plan({'query': plain('select 1')}, Target('db', 'mysql', {}));"
        "print([m for m in ('psycopg', 'pymysql', 'ssl', 'socket') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(("kind", "package"), [("postgresql", "psycopg"), ("mysql", "pymysql")])
def test_a_client_that_is_not_installed_is_said(kind, package):
    code = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from steadyhand.handlers import sql; from steadyhand.handlers.bench import BenchHands\n"
        "from steadyhand.model import Target, plain; from steadyhand.errors import Refused\n"
        f"plan = sql.plan({{'query': plain('select 1')}}, Target('db', '{kind}', {{}}))\n"
        "try: sql.perform(plan, BenchHands())\n"
        "except Refused as p: print(p.message, '|', p.hint)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.stdout.strip() == (
        f"a target of kind {kind} needs the package {package}, which is not installed | pip install 'steadyhand[sql]'"
    ), shown.stderr


# --- reading


def test_a_query_gives_rows(db):
    db.fill(3)
    found = done(db.target(), query="select id, app from item order by id").values
    assert found["rows"] == 3
    assert found["records"][0] == {"id": 1, "app": "orders"}
    assert (found["value"], found["columns"]) == (1, ["id", "app"])
    assert (found["committed"], found["truncated"]) == (False, False)
    assert found["server"].split()[0] in {"PostgreSQL", "MariaDB"}
    none = done(db.target(), query="select id, app from item where id > 99").values
    assert (none["rows"], none["value"], none["columns"]) == (0, None, ["id", "app"])


def test_all_rows_are_counted_and_few_are_kept(db):
    hands = BenchHands()
    query = f"select repeat('x', 1000) from {db.series(100_000)}"
    found = done(db.target(), hands, query=query, max_rows=2).values
    assert (found["rows"], len(found["records"]), found["truncated"]) == (100_000, 2, True)
    assert hands.sinks["records"].size < 3000


def test_a_hundred_thousand_rows_take_no_memory(db):
    query = f"select repeat('x', 1000) from {db.series(100_000)}"
    code = MEMORY.format(d=db, q=query, p=PASSWORD)
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    rows, grown = map(int, shown.stdout.split())
    assert rows == 100_000
    assert grown < 12_000, f"{grown} KiB for 100 MB of rows"


@pytest.mark.parametrize(
    "hostile",
    ["' or 1=1 --", "'; drop table item; --", "\\' or 1=1 #", '" or ""="', "1); delete from item; --", "$1", "?",
     "%s", "%(x)s", "/*! or 1=1 */", "\\", "ü', 'x", "{{ 7 * 7 }}", "a\nb;\n--", "*/ or 1=1", "$$; drop table item $$"],
)  # fmt: skip
def test_a_value_stays_a_value(db, hostile):
    db.fill(3)
    names = {"x": hostile}
    found = done(db.target(), query=text("select count(*) from item where app = {{ x }}", **names))
    assert found.values["value"] == 0
    kind = "text" if db.kind == "postgresql" else "char"
    echoed = done(db.target(), query=text(f"select cast({{{{ x }}}} as {kind}) as x -- ok\n", **names))
    assert echoed.values["value"] == hostile
    changed = done(db.target(), execute=text("update item set app = {{ x }} where id = {{ n }}", n=2, **names))
    assert changed.values["rows"] == 1
    hands = BenchHands(secrets={"word": hostile})
    again = done(db.target(), hands, query=secret("select id from item where app = ", "word"))
    assert again.values["value"] == 2
    assert db.count() == 3


def test_values_keep_their_type(db):
    db.fill(5)
    query = "select {{ i }} + 1 as i, {{ f }} * 2 as f, {{ big }} as big"
    names = {"i": 41, "f": 1.5, "big": 9_000_000_000}
    found = done(db.target(), query=text(query, **names)).values["records"][0]
    assert (found["i"], found["f"], found["big"]) == (42, 3.0, 9_000_000_000)
    done(db.target(), execute=text("update item set n = {{ x }} where id = 5", x=None))
    assert done(db.target(), query="select n from item where id = 5").values["records"] == [{"n": None}]
    listed = "id = any({{ ids }})" if db.kind == "postgresql" else "id in ({{ ids }})"
    found = done(
        db.target(), query=text(f"select count(*) from item where {listed} limit {{{{ n }}}}", ids=[1, 3], n=1)
    )
    assert found.values["value"] == 2
    named = listed.replace("id ", "app ", 1)
    found = done(db.target(), query=text(f"select count(*) from item where {named}", ids=["orders", "it's"]))
    assert found.values["value"] == 5


@pytest.mark.parametrize(
    "template",
    ["select * from item where app = '{{ x }}'", "select * from {{ x }}", "select * from item order by {{ x }}",
     "select 1 -- {{ x }}", "select 1 /* {{ x }} */", "select * from item_{{ x }}", "select item.{{ x }} from item"],
)  # fmt: skip
def test_a_misplaced_placeholder_is_no_plan(db, template):
    with pytest.raises(BadInput, match="placeholder"):
        planned(db.target(), {"query": _holed(template)})


def _holed(template):
    """What the renderer would refuse too: the handler does not rely on it."""
    before, after = template.split("{{ x }}")
    return Text((Literal(before), Value("x", "?"), *((Literal(after),) if after else ())))


@pytest.mark.parametrize("statement", ["delete from item", "insert into item values (99, 'x', 1)", "update item set n = 0",
                                       "create table other (i int)", "drop table item", "truncate table item"])  # fmt: skip
def test_the_database_holds_a_read_to_reading(db, statement):
    db.fill(3)
    plan = planned(db.target(), {"execute": statement})
    forced = type(plan)(
        plan.handler, plan.preview, {**plan.request, "query": plan.request["execute"], "at_once": ""}, ()
    )
    with pytest.raises(Refused) as found:
        sql.perform(forced, BenchHands())
    assert "this is a change, and a query is held to reading" in found.value.message
    assert found.value.hint == "write it as `execute`, with a gate"
    assert db.count() == 3


def test_one_text_cannot_leave_its_transaction(db):
    db.fill(3)
    plan = planned(db.target(), {"query": "select 1"})
    escaping = plain("select 1; commit; delete from item")
    with pytest.raises(HandlerError):
        sql.perform(type(plan)(plan.handler, plan.preview, {**plan.request, "query": [escaping]}, ()), BenchHands())
    assert db.count() == 3


# --- changing


def test_a_change_is_committed_when_its_expectation_holds(db):
    db.fill(20)
    found = done(db.target(), BenchHands(expect={"rows": {"le": 10}}), execute="delete from item where id <= 5").values
    assert (found["rows"], found["committed"]) == (5, True)
    assert db.count() == 15


def test_a_change_is_undone_when_it_does_not(db):
    db.fill(20)
    found = done(db.target(), BenchHands(expect={"rows": {"le": 10}}), execute="delete from item").values
    assert (found["rows"], found["committed"]) == (20, False)
    assert db.count() == 20


def test_several_statements_are_one_transaction(db):
    db.fill(3)
    statements = [plain("insert into item values (10, 'x', 1)"), plain("insert into item values (1, 'again', 1)")]
    with pytest.raises(Refused, match="constraint"):
        done(db.target(), execute=statements)
    assert db.count() == 3
    found = done(db.target(), execute=[statements[0], plain("select n from item where id = 10"),
                                       text("update item set n = {{ n }} where id = {{ id }}", n=5, id=10)])  # fmt: skip
    assert (found.values["rows"], found.values["value"], found.values["committed"]) == (3, 1, True)
    assert db.count() == 4


def test_what_a_session_was_set_to_reaches_no_other_step(db):
    shared = Connections()
    setting = "set session time zone 'UTC-7'" if db.kind == "postgresql" else "set @left = 5"
    asked = "show time zone" if db.kind == "postgresql" else "select @left"
    sql.perform(planned(db.target(), {"execute": setting}), BenchHands(connections=shared))
    found = sql.perform(planned(db.target(), {"query": asked}), BenchHands(connections=shared)).values["value"]
    shared.close()
    assert found not in {5, "UTC-7", "<-07>+07"}


def test_a_change_can_be_explained_and_is_not_made(db):
    db.fill(3)
    plan = planned(db.target(), {"execute": [text("delete from item where id = {{ n }}", n=1)]})
    found = sql.dry_run(plan, BenchHands()).values
    assert found["records"]
    assert (found["committed"], found["rows"]) == (False, 0)
    assert db.count() == 3
    with pytest.raises(BadInput):
        sql.dry_run(planned(db.target(), {"execute": "delete from no_such_table"}), BenchHands())


# --- time


@pytest.mark.parametrize("how", ["cancel", "deadline"])
@pytest.mark.parametrize("what", ["query", "execute"])
def test_the_server_stops_too(db, how, what):
    mark = f"stop_{how}_{what}"
    statement = f"select {db.sleep}(30) as {mark}"
    hands = BenchHands(timeout=30 if how == "cancel" else 1.5)
    failed: list[HandlerError] = []

    def work():
        try:
            done(db.target(), hands, **{what: statement})
        except HandlerError as problem:
            failed.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: db.running(mark) == 1, "the statement")
    if how == "cancel":
        hands.cancel()
    thread.join(8)
    assert [type(problem) for problem in failed] == [Cancelled if how == "cancel" else TimedOut]
    assert not failed[0].unsure
    assert "nothing was changed" in failed[0].message
    until(lambda: db.running(mark) == 0, "the end of the statement", 3)


def test_steps_at_once_have_a_session_each_and_share_them_later(db):
    shared = Connections()
    plan = planned(db.target(), {"query": f"select {db.sleep}(0.5)"})
    start = time.monotonic()
    threads = [threading.Thread(target=sql.perform, args=(plan, BenchHands(connections=shared))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - start < 1.4
    who = "select pg_backend_pid()" if db.kind == "postgresql" else "select connection_id()"
    ask = planned(db.target(), {"query": who})
    seen = {sql.perform(ask, BenchHands(connections=shared)).values["value"] for _ in range(3)}
    assert len(seen) == 1, "an idle session is used again"
    kill = f"select pg_terminate_backend({next(iter(seen))})" if db.kind == "postgresql" else f"kill {next(iter(seen))}"
    db.ask(kill)
    again = sql.perform(ask, BenchHands(connections=shared)).values["value"]
    shared.close()
    assert again not in seen, "one that died is not"


def test_a_lock_is_waited_for_as_long_as_was_said(db):
    db.fill(3)
    holding, let_go = threading.Event(), threading.Event()

    class Held(BenchHands):
        def judge(self, values):
            holding.set()
            let_go.wait(10)
            return super().judge(values)

    held = Held(expect={"rows": 99})
    ended: list[bool] = []

    def hold():
        ended.append(done(db.target(), held, execute="update item set n = 9 where id = 1").values["committed"])

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(5)
    start = time.monotonic()
    with pytest.raises(TimedOut, match="lock"):
        done(db.target(), execute="update item set n = 8 where id = 1", lock_timeout=500_000)
    assert time.monotonic() - start < 4
    let_go.set()
    thread.join()
    assert ended == [False]


# --- doubt


@pytest.mark.parametrize("forward", [True, False], ids=["it arrived", "it did not"])
def test_a_connection_lost_during_the_commit_leaves_doubt(db, forward):
    db.fill(3)
    with proxy(db.port, b"commit", forward=forward) as address, pytest.raises(Unreachable) as found:
        done(db.at(address), execute="delete from item where id = 1")
    assert found.value.unsure
    assert "was lost during the COMMIT" in found.value.message
    assert found.value.hint
    until(lambda: db.count() == (2 if forward else 3), "what became of it")


def test_a_connection_lost_before_the_commit_leaves_none(db):
    db.fill(3)
    with proxy(db.port, b"delete from item", forward=True) as address, pytest.raises(Unreachable) as found:
        done(db.at(address), execute="delete from item where id = 1")
    assert not found.value.unsure
    assert "nothing was changed" in found.value.message
    until(lambda: db.count() == 3, "the rollback")


def test_what_acts_at_once_leaves_doubt_when_it_is_lost(db):
    acting = "select pg_advisory_lock(7)" if db.kind == "postgresql" else "select get_lock('seven', 1)"
    word = b"advisory" if db.kind == "postgresql" else b"get_lock"
    with proxy(db.port, word, forward=True) as address, pytest.raises(Unreachable) as found:
        done(db.at(address), execute=acting)
    assert found.value.unsure
    assert "what acts at once may have happened" in found.value.message
    assert "nothing was changed" not in found.value.message


def test_what_no_transaction_holds_leaves_doubt_when_its_time_is_over(pg):
    pg.fill(3)

    class Held(BenchHands):
        def judge(self, values):
            with pytest.raises(TimedOut, match="what acts at once may have happened") as found:
                done(pg.target(), BenchHands(timeout=0.5), execute="vacuum full item")
            assert found.value.unsure
            return super().judge(values)

    done(pg.target(), Held(), execute="update item set n = 1 where id = 1")


# --- beforehand


def test_preflight_logs_in(db):
    rows = sql.preflight(planned(db.target(), {"execute": "delete from item"}), BenchHands())
    assert [(row.what.split(" (")[0], row.holds) for row in rows] == [
        ("log in to db", True), ("the database takes changes", True)
    ]  # fmt: skip
    (row,) = sql.preflight(planned(db.target(password="wrong"), {"query": "select 1"}), BenchHands())
    assert not row.holds
    assert "rejects the user or the password" in row.why
    assert row.how
    (row,) = sql.preflight(planned(db.at(closed_port()), {"query": "select 1"}), BenchHands())
    assert "refused the connection" in row.why


def test_a_server_that_says_nothing_is_left_alone(db):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hands = BenchHands(timeout=0.5)
        start = time.monotonic()
        with pytest.raises((TimedOut, Unreachable)):
            done(db.target(port=silent.getsockname()[1]), hands, query="select 1")
        assert time.monotonic() - start < 3


def test_a_pool_that_is_closed_keeps_nothing(pg):
    pool = _sql._Pool()
    hands = BenchHands()
    session = _sql._open(planned(pg.target(), {"query": "select 1"}).request, hands)
    pool.close()
    pool.give(session)
    assert pool.take(hands) is None
    assert not session.alive()


MEMORY = """
import resource
from steadyhand.handlers import sql
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Target, plain
target = Target('db', {d.kind!r}, {{'host': plain('127.0.0.1'), 'port': {d.port}, 'user': plain({d.user!r}),
    'password': plain({p!r}), 'database': plain({d.name!r})}})
def go(query):
    return sql.perform(sql.plan({{'query': plain(query)}}, target), BenchHands(timeout=60)).values['rows']
go('select 1')
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = go({q!r})
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
