"""What is particular to PostgreSQL: its extended protocol, its limits within a transaction, its TLS."""

from __future__ import annotations

import subprocess
import threading

import pytest

from steadyhand.errors import BadInput, Refused, TimedOut, Unreachable
from steadyhand.handlers import sql
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Literal, Secret, Target, Text, plain

from ..realparts import until
from ..realparts.postgresql import postgres
from .databases import PASSWORD, done, pg, planned, text
from .servers import NO_OPENSSL, OPENSSL

__all__ = ["pg"]


def test_limits_are_set_for_the_transaction_and_not_for_the_session(pg):
    hands = BenchHands(timeout=20)
    target = pg.target(options={"search_path": "pg_catalog", "work_mem": plain("1MB")})
    asked = "select current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('work_mem'), current_setting('search_path')"  # fmt: skip
    plan = planned(target, {"query": asked, "lock_timeout": 1_500_000})
    first = list(sql.perform(plan, hands).values["records"][0].values())
    assert first[1:] == ["1500ms", "1MB", "pg_catalog"]
    assert 10_000 < int(first[0].removesuffix("ms").removesuffix("s")) * (1000 if first[0][-2] != "m" else 1) <= 21_000
    name = "select application_name from pg_stat_activity where pid = pg_backend_pid()"
    assert sql.perform(planned(target, {"query": name}), hands).values["value"] == "steadyhand run-1"
    hands.connections.close()


def test_it_can_be_reached_by_its_socket_and_by_an_address(pg):
    by_socket = Target("db", "postgresql", {"socket": plain(pg.socket), "port": pg.port, "user": plain("steady"),
                                            "database": plain("postgres")})  # fmt: skip
    assert done(by_socket, query="select 1").values["value"] == 1
    address = f"postgresql://steady:{PASSWORD}@127.0.0.1:{pg.port}/postgres?application_name=mine"
    by_address = Target("db", "postgresql", {"url": plain(address)})
    assert done(by_address, query="show application_name").values["value"] == "mine"
    with pytest.raises(BadInput) as found:
        done(Target("db", "postgresql", {"url": plain(f"{address}&nonsense=hidden")}), query="select 1")
    assert "hidden" not in found.value.message + found.value.hint


@pytest.mark.parametrize(
    ("given", "failure", "message"),
    [
        ({"database": "nowhere"}, Refused, "has no such database"),
        ({"user": "nobody"}, Refused, "rejects the user or the password"),
        ({"tls": "verify-full"}, Refused, "does not speak TLS"),
        ({"host": "no-such-host.invalid"}, Unreachable, "has no address"),
    ],
)
def test_why_there_is_no_connection(pg, given, failure, message):
    with pytest.raises(failure, match=message) as found:
        done(pg.target(**given), query="select 1")
    assert found.value.hint
    assert not found.value.unsure


def test_a_server_that_is_full():
    with postgres("max_connections=3", "superuser_reserved_connections=0") as server:
        target = Target("db", "postgresql", {"host": plain("127.0.0.1"), "port": server.port, "user": plain("steady"),
                                             "password": plain(PASSWORD), "database": plain("postgres")})  # fmt: skip
        hands = [BenchHands() for _ in range(3)]
        for one in hands:
            sql.perform(planned(target, {"query": "select 1"}), one)
        with pytest.raises(Refused, match="has no connection left") as found:
            done(target, query="select 1")
        assert "idle in transaction" in found.value.hint
        for one in hands:
            one.connections.close()


@pytest.mark.parametrize(
    ("statement", "failure", "message"),
    [
        ("select 1 +\n  2 form t", BadInput, "line 2:   2 form ►t"),
        ("select nope from pg_class", BadInput, "line 1: select ►nope from pg_class"),
        ("select 1 / 0", BadInput, "division by zero"),
        ("select cast('x' as int)", BadInput, "a value cannot be used"),
        ("select pg_sleep(30)", TimedOut, "had not answered when the step's time was over"),
        ("copy pg_class to stdout", BadInput, "COPY from and to the client cannot be carried out"),
        ("create index concurrently i on nothing (a)", BadInput, "does not exist"),
    ],
)
def test_what_the_server_refuses(pg, statement, failure, message):
    with pytest.raises(failure) as found:
        done(pg.target(), BenchHands(timeout=1.5), execute=statement)
    assert message in found.value.message
    assert found.value.hint


def test_a_type_that_cannot_be_told_is_said_with_a_cast(pg):
    with pytest.raises(BadInput, match="cannot be told") as found:
        done(pg.target(), query=text("select {{ x }} is null", x="a"))
    assert found.value.hint == "cast it: cast({{ ... }} as text)"
    with pytest.raises(BadInput, match="NUL"):
        done(pg.target(), query=text("select {{ x }}", x="a\0b"))


def test_somebody_cancels_it_on_the_server(pg):
    failed = []

    def work():
        try:
            done(pg.target(), BenchHands(timeout=20), query="select pg_sleep(19) as cancelled_there")
        except Refused as problem:
            failed.append(problem.message)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: pg.running("cancelled_there") == 1, "the statement")
    pg.ask(
        "select pg_cancel_backend(pid) from pg_stat_activity where query like '%cancelled_there%' and pid <> pg_backend_pid()"
    )
    thread.join(5)
    assert len(failed) == 1
    assert "somebody cancelled it on the server" in failed[0]


def test_a_session_is_ended_on_the_server(pg):
    failed = []

    def work():
        try:
            done(pg.target(), BenchHands(timeout=20), execute="select pg_sleep(19) as ended_there")
        except Unreachable as problem:
            failed.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: pg.running("ended_there") == 1, "the statement")
    pg.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%ended_there%' and pid <> pg_backend_pid()"
    )
    thread.join(5)
    assert [problem.unsure for problem in failed] == [False]


def test_transactions_that_are_in_each_others_way(pg):
    pg.fill(3)

    class Meanwhile(BenchHands):
        def judge(self, values):
            pg.ask("update item set n = n + 1 where id = 1")
            return super().judge(values)

    statements = [plain("select n from item where id = 1"), plain("select count(*) from item")]
    found = done(pg.target(), Meanwhile(), execute=statements, isolation="serializable")
    assert found.values["committed"]

    class Later(BenchHands):
        def secret(self, name):
            pg.ask("update item set n = n + 1 where id = 1")
            return super().secret(name)

    late = Text((Literal("update item set app = "), Secret("word"), Literal(" where id = 1")))
    with pytest.raises(Refused, match="another transaction was in the way") as again:
        done(pg.target(), Later(secrets={"word": "x"}), execute=[statements[0], late], isolation="serializable")
    assert not again.value.unsure


def test_a_constraint_that_waits_for_the_commit_says_no(pg):
    pg.ask("drop table if exists child; drop table if exists parent; create table parent (id int primary key);"
           " create table child (id int references parent deferrable initially deferred)")  # fmt: skip
    with pytest.raises(Refused, match="a constraint forbids it") as found:
        done(pg.target(), execute="insert into child values (1)")
    assert not found.value.unsure
    assert pg.ask("select count(*) from child") == "0"


def test_what_no_transaction_holds_is_carried_out(pg):
    pg.fill(3)
    found = done(pg.target(), BenchHands(expect={"rows": 99}), execute="vacuum item")
    assert found.values["committed"] is True


def test_a_server_that_takes_no_changes_says_so(pg):
    pg.ask(
        "drop role if exists reader; create role reader login password 'opensesame'; alter role reader set default_transaction_read_only = on"
    )
    _, row = sql.preflight(planned(pg.target(user="reader"), {"execute": "delete from item"}), BenchHands())
    assert (row.holds, row.why) == (False, "default_transaction_read_only is on")


@pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)
def test_a_certificate_is_checked(tmp_path):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run([*made, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)  # fmt: skip
    with postgres("ssl=on", files={"server.crt": cert, "server.key": key}) as server:
        usual = {
            "port": server.port,
            "user": plain("steady"),
            "password": plain(PASSWORD),
            "database": plain("postgres"),
        }

        def tls(**given):
            target = Target("db", "postgresql", {**usual, **{k: plain(v) for k, v in given.items()}})
            query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
            return done(target, query=query).values["value"]

        assert tls(host="localhost", ca=str(cert)) is True
        assert tls(host="127.0.0.1", tls="require") is True
        assert tls(host="127.0.0.1") is True
        assert tls(host="127.0.0.1", tls="off") is False
        assert tls(host="127.0.0.1", tls="verify-ca", ca=str(cert)) is True
        with pytest.raises(Refused, match="has a certificate for another name"):
            tls(host="127.0.0.1", tls="verify-full", ca=str(cert))
        with pytest.raises(Refused, match="not trusted here"):
            tls(host="localhost", tls="verify-full")
