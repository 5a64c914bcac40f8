"""`redis` keeps the promises of the seam on a real Redis."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, BadResponse, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import redis
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, Value, plain, secrets_in

from ..realparts.redis import redis as redis_server
from .servers import NO_OPENSSL, OPENSSL, authority, certificate, closed_port, raw
from .talkers import greet, silent

PASSWORD = "opensesame"


@pytest.fixture(scope="module")
def server():
    with redis_server(password=PASSWORD) as found:
        yield found


def target(server, **params):
    login = {"host": plain("127.0.0.1"), "port": server.port, "password": plain(PASSWORD)}
    return Target("cache", "redis", {**login, **params})


def at(address, **params):
    host, _, port = address.rpartition(":")
    return Target("cache", "redis", {"host": plain(host), "port": int(port), **params})


def see(place, command, timeout=10.0, secrets=None):
    given = plain(command) if isinstance(command, str) else command
    return redis.perform(redis.plan({"command": given}, place), BenchHands(timeout=timeout, secrets=secrets)).values


class TestContract(HandlerContract):
    handler = redis
    changes: ClassVar = {"command": plain("DBSIZE")}

    @pytest.fixture
    def ordinary(self, server):
        return Case({"command": plain("PING")}, target(server))

    @pytest.fixture
    def failing(self, server):
        return Case({"command": plain("NOSUCH x")}, target(server))

    @pytest.fixture
    def slow(self, server):
        return Case({"command": plain("BLPOP nothing 61")}, target(server))

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"command": plain("PING")})

    @pytest.fixture
    def secret(self, server):
        command = Text((Literal("SET token "), Secret("token")))
        place = target(server, password=Text((Secret("password"),)))
        return Case({"command": command}, place, {"token": "xyzzyxyzzy", "password": PASSWORD})


def test_values_are_json(server):
    server.cli("RPUSH", "queue", "a", "b")
    server.cli("SET", "bytes", "x")
    place = target(server)
    for command, value, kind in (
        ("LLEN queue", 2, "integer"), ("LRANGE queue 0 -1", ["a", "b"], "list"), ("GET nothing", None, "null"),
        ("PING", "PONG", "text"), ("CONFIG GET maxmemory", {"maxmemory": "0"}, "map"), ("TTL queue", -1, "integer"),
    ):  # fmt: skip
        found = see(place, command)
        assert (found["value"], found["type"], found["truncated"]) == (value, kind, False), command
    assert see(place, 'SET bytes "\udcff"')["value"] == "OK"
    assert see(place, "GET bytes")["value"] == "\udcff"


def test_info_is_a_map(server):
    server.cli("SET", "k", "v")
    info = see(target(server), "INFO")["info"]
    assert info["maxmemory"] == 0
    assert info["redis_version"].count(".") == 2
    assert info["db0"]["keys"] >= 1
    assert see(target(server), "PING")["info"] == {}


def test_no_more_is_kept_than_a_mebibyte(server):
    server.cli("SETRANGE", "large", "3000000", "x")
    found = see(target(server), "GET large")
    assert len(found["value"]) == 1024 * 1024
    assert found["truncated"]


def test_a_value_is_one_word(server):
    server.cli("SET", "victim", "1")
    text = "x\r\nDEL victim\r\n"
    assert see(target(server), Text((Literal("SET evil "), Value(text, text))))["value"] == "OK"
    assert see(target(server), "GET evil")["value"] == text
    assert see(target(server), "GET victim")["value"] == "1"


def test_databases_and_sockets(server):
    assert see(target(server, db=3), "SET only here")["value"] == "OK"
    assert see(target(server), "EXISTS only")["value"] == 0
    place = Target("cache", "redis", {"socket": plain(f"{server.folder}/socket"), "password": plain(PASSWORD), "db": 3})
    assert see(place, "GET only")["value"] == "here"


@pytest.mark.parametrize(
    ("params", "command", "failure", "message"),
    [
        ({"password": None}, "PING", Refused, "wants a password"),
        ({"password": plain("wrong")}, "PING", Refused, "does not take this password"),
        ({"username": plain("nobody")}, "PING", Refused, "does not take this password"),
        ({}, "INCR queue", BadInput, "says: WRONGTYPE"),
        ({}, "GET", BadInput, "wrong number of arguments"),
    ],
)
def test_what_the_server_refuses(server, params, command, failure, message):
    server.cli("RPUSH", "queue", "a")
    with pytest.raises(failure, match=message) as caught:
        see(target(server, **params), command)
    assert caught.value.hint
    assert not caught.value.unsure


def test_a_full_one_and_a_replica_say_so():
    with redis_server(
        "--maxmemory", "1mb", "--maxmemory-policy", "noeviction", "--replicaof", closed_port().replace(":", " ")
    ) as full:
        place = at(f"127.0.0.1:{full.port}")
        with pytest.raises(Refused, match="is a replica"):
            see(place, "SET a b")
        full.cli("REPLICAOF", "NO", "ONE")
        with pytest.raises(Refused, match="maxmemory"):
            see(place, Text((Literal("SET a "), Literal("x" * 2_000_000))))
        assert see(place, "SHUTDOWN NOSAVE")["value"] is None


def test_where_nobody_or_somebody_else_listens():
    with pytest.raises(Unreachable) as caught:
        see(at(closed_port()), "SET a b")
    assert not caught.value.unsure
    with raw(greet) as address, pytest.raises(BadResponse, match="none of a Redis"):
        see(at(address), "PING")


def test_a_change_without_an_answer_is_in_doubt():
    def deaf(connection):
        while (data := connection.recv(4096)) and b"BLMOVE" not in data:
            connection.sendall(b"+OK\r\n" * data.count(b"*"))
        silent(connection)

    with raw(deaf) as address:
        with pytest.raises(TimedOut) as caught:
            see(at(address), "BLMOVE a b LEFT LEFT 0", timeout=1.0)
        assert caught.value.unsure
        hands = BenchHands(timeout=20)
        threading.Timer(0.3, hands.cancel).start()
        with pytest.raises(Cancelled) as caught:
            redis.perform(redis.plan({"command": plain("BLMOVE a b LEFT LEFT 0")}, at(address)), hands)
        assert caught.value.unsure


@pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)
def test_over_tls(tmp_path):
    authority(tmp_path)
    certificate(tmp_path, "server")
    with redis_server(tls=tmp_path) as server:
        params = {"host": plain("localhost"), "port": server.port, "tls": True}
        place = Target("cache", "redis", {**params, "ca": plain(str(tmp_path / "ca.pem"))})
        assert see(place, "PING")["value"] == "PONG"
        with pytest.raises(Unreachable, match="certificate"):
            see(Target("cache", "redis", params), "PING")


def test_a_preview(server):
    command = Text((Literal("SET k "), Secret("token")))
    place = Target(
        "cache", "redis", {"host": plain("c1"), "db": 2, "username": plain("ops"), "password": Text((Secret("p"),))}
    )
    plan = redis.plan({"command": command}, place)
    assert plan.preview == "SET k •••\n# on cache, ops@c1:6379 db 2"
    assert plan.targets == ("cache/ops@c1:6379 db 2",)
    assert secrets_in(plan.request) == {"token", "p"}
    assert redis.plan({"command": [plain("SET"), plain("a b"), plain("\x1b")]}, place).preview.startswith(
        r'SET "a b" "\x1b"'
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"host": plain("a"), "socket": plain("/s")}, "target c has both `socket` and `host`"),
        ({"port": 70_000}, "target c has no port 70000"),
        ({"db": plain("x")}, "target c has no db x"),
        ({"ca": plain("x")}, "target c has a `ca` and speaks no TLS"),
        ({"username": plain("x")}, "target c has a `username` and no `password`"),
        ({"host": Text((Secret("h"),))}, "`host` cannot hold a secret: where a step acts is shown to people"),
    ],
)
def test_places_that_cannot_be(params, message):
    with pytest.raises(BadInput) as caught:
        redis.plan({"command": plain("PING")}, Target("c", "redis", params))
    assert caught.value.message == message
    with pytest.raises(BadInput, match="needs a target"):
        redis.plan({"command": plain("PING")}, None)


def test_preflight_logs_in(server):
    (need,) = redis.preflight(redis.plan({"command": plain("FLUSHALL")}, target(server)), BenchHands())
    assert need.holds
    (need,) = redis.preflight(redis.plan({"command": plain("PING")}, at(closed_port())), BenchHands())
    assert need.holds is False


def test_the_effect_is_that_of_the_command():
    assert redis.effect_of({"command": "LLEN q"}) is Effect.READ
    assert redis.effect_of({"command": ["FLUSHALL"]}) is Effect.DESTRUCTIVE


def test_without_its_package():
    code = (
        "import sys; sys.modules['redis'] = None\n"
        "from steadyhand.handlers import redis\nfrom steadyhand.handlers.bench import BenchHands\n"
        "from steadyhand.model import Target, plain\n"
        "try: redis.perform(redis.plan({'command': plain('PING')}, Target('c', 'redis', {})), BenchHands())\n"
        "except Exception as e: print(type(e).__name__, e.message, '|', e.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "Refused `redis` needs the package redis | pip install 'steadyhand[probes]'\n", done.stderr
