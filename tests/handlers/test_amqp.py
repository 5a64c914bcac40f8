"""`amqp` keeps the promises of the seam on a real RabbitMQ."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, BadResponse, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import amqp
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, plain, secrets_in

from ..realparts import until
from ..realparts.rabbitmq import NOBODY, OTHER, PASSWORD, USER, VHOST, rabbitmq
from .servers import NO_OPENSSL, OPENSSL, authority, certificate, closed_port, raw
from .talkers import greet, silent


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Certificates, where they can be made."""
    if OPENSSL is None:
        return None
    folder = tmp_path_factory.mktemp("tls")
    authority(folder)
    certificate(folder, "server")
    return folder


@pytest.fixture(scope="module")
def server(files):
    with rabbitmq(files) as found:
        found.publish("orders", 3)
        yield found


def target(server, **params):
    login = {"host": plain("127.0.0.1"), "port": server.port, "user": plain(USER), "password": plain(PASSWORD)}
    return Target("broker", "amqp", {**login, **params})


def at(address, **params):
    host, _, port = address.rpartition(":")
    return Target("broker", "amqp", {"host": plain(host), "port": int(port), **params})


def by(url, **params):
    return Target("broker", "amqp", {"url": url if isinstance(url, Text) else plain(url), **params})


def see(place, queue="orders", action="depth", timeout=10.0, secrets=None):
    plan = amqp.plan({"queue": plain(queue), "action": plain(action)}, place)
    return amqp.perform(plan, BenchHands(timeout=timeout, secrets=secrets)).values


class TestContract(HandlerContract):
    handler = amqp
    changes: ClassVar = {"queue": plain("others"), "action": plain("purge")}

    @pytest.fixture
    def ordinary(self, server):
        return Case({"queue": plain("orders")}, target(server))

    @pytest.fixture
    def failing(self):
        return Case({"queue": plain("orders")}, at(closed_port()))

    @pytest.fixture
    def slow(self):
        with raw(silent) as address:
            yield Case({"queue": plain("orders")}, at(address, connect_timeout=90_000_000))

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"queue": plain("orders")})

    @pytest.fixture
    def secret(self, server):
        place = target(server, password=Text((Secret("password"),)))
        return Case({"queue": plain("orders")}, place, {"password": PASSWORD})


def test_the_depth_of_a_queue(server):
    found = see(target(server))
    assert found.pop("duration") > 0
    assert found.pop("server").startswith("RabbitMQ 3.")
    assert found == {"found": True, "messages": 3, "consumers": 0, "purged": None}


def test_consumers_are_counted_and_what_they_hold_is_not(server):
    server.publish("held", 3)
    connection = server.connect()
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume("held", lambda *_: None)
    until(lambda: see(target(server), "held")["messages"] == 2, "a message that a consumer holds")
    found = see(target(server), "held", "purge")
    assert (found["messages"], found["consumers"], found["purged"]) == (2, 1, 2)
    connection.close()
    until(lambda: see(target(server), "held")["messages"] == 1, "the message that comes back")


@pytest.mark.parametrize("action", ["depth", "purge"])
def test_a_queue_that_is_not_there_is_an_answer_and_is_not_made(server, action):
    for _ in range(2):
        found = see(target(server), "nowhere", action)
        assert [found[name] for name in ("found", "messages", "consumers", "purged")] == [False, None, None, None]


def test_a_purge_throws_all_away(server):
    server.publish("spoilt", 5)
    found = see(target(server), "spoilt", "purge")
    assert (found["messages"], found["purged"]) == (5, 5)
    assert see(target(server), "spoilt")["messages"] == 0
    assert see(target(server), "spoilt", "purge")["purged"] == 0


def test_virtual_hosts_are_apart(server):
    assert see(target(server, vhost=plain(VHOST)))["found"] is False


def test_all_of_it_as_one_address(server):
    base = f"127.0.0.1:{server.port}"
    assert see(by(f"amqp://{USER}:{PASSWORD}@{base}"))["messages"] == 3
    assert see(by(f"amqp://{USER}:{PASSWORD}@{base}/%2F"))["messages"] == 3
    whole = Text((Secret("whole"),))
    assert see(by(whole), secrets={"whole": f"amqp://{USER}:{PASSWORD}@{base}/{VHOST}"})["found"] is False
    part = Text((Literal(f"amqp://{USER}:"), Secret("password"), Literal(f"@{base}/")))
    assert see(by(part), secrets={"password": PASSWORD})["messages"] == 3
    with pytest.raises(BadInput, match="no address of a broker") as caught:
        see(by(whole), secrets={"whole": "http://user:hushhush@x"})
    assert "hushhush" not in caught.value.message


@pytest.mark.parametrize(
    ("params", "action", "message"),
    [
        ({"password": plain("wrong")}, "depth", "does not let us: ACCESS_REFUSED - Login was refused"),
        ({"vhost": plain("nowhere")}, "depth", "does not let us in: NOT_ALLOWED - vhost nowhere not found"),
        ({"user": plain(NOBODY)}, "depth", "does not let us in: NOT_ALLOWED - access to vhost '/' refused"),
        ({"user": plain(OTHER)}, "purge", "does not let us: ACCESS_REFUSED - access to queue 'orders'"),
    ],
)
def test_what_the_broker_refuses(server, params, action, message):
    with pytest.raises(Refused, match=message) as caught:
        see(target(server, **params), action=action)
    assert caught.value.hint
    assert not caught.value.unsure
    assert see(target(server))["messages"] == 3


def test_a_queue_of_somebody_elses_own(server):
    connection = server.connect()
    connection.channel().queue_declare("mine", exclusive=True)
    with pytest.raises(Refused, match="RESOURCE_LOCKED"):
        see(target(server), "mine")
    connection.close()


def test_where_nobody_or_somebody_else_listens(capfd):
    with pytest.raises(Unreachable, match="cannot be reached: Connection refused") as caught:
        see(at(closed_port()), action="purge")
    assert not caught.value.unsure
    with pytest.raises(Unreachable, match="has no address"):
        see(at("nosuch.invalid:5672"))
    with raw(greet) as address, pytest.raises(BadResponse, match="none of an AMQP"):
        see(at(address))
    with raw(silent) as address, pytest.raises(TimedOut, match="had not answered in time"):
        see(at(address, connect_timeout=300_000))
    assert capfd.readouterr() == ("", "")


class Between:
    """What stands between us and the broker: it passes all on, but not the purge's answer."""

    PURGE = b"\x00\x32\x00\x1e"

    def __init__(self, port, then):
        self.port, self.then, self.asked = port, then, threading.Event()

    def __call__(self, client):
        import socket

        with socket.create_connection(("127.0.0.1", self.port)) as broker:
            threading.Thread(target=self.back, args=(broker, client), daemon=True).start()
            while data := client.recv(65_536):
                if self.PURGE in data:
                    self.asked.set()
                    broker.shutdown(socket.SHUT_RDWR)
                    self.then(client)
                    return
                broker.sendall(data)

    def back(self, broker, client):
        with suppress(OSError):  # one of the two has gone: that is what is tried
            while data := broker.recv(65_536):
                client.sendall(data)


def lose(connection):
    import socket

    connection.shutdown(socket.SHUT_RDWR)


def test_a_purge_without_an_answer_is_in_doubt(server):
    login = {"user": plain(USER), "password": plain(PASSWORD)}
    with raw(Between(server.port, lose)) as address, pytest.raises(Unreachable) as caught:
        see(at(address, **login), action="purge")
    assert caught.value.unsure
    with raw(Between(server.port, silent)) as address, pytest.raises(TimedOut) as caught:
        see(at(address, **login), action="purge", timeout=1.5)
    assert caught.value.unsure
    between = Between(server.port, silent)
    with raw(between) as address:
        hands = BenchHands(timeout=30)
        threading.Thread(target=lambda: between.asked.wait(20) and hands.cancel(), daemon=True).start()
        with pytest.raises(Cancelled) as caught:
            amqp.perform(amqp.plan({"queue": plain("orders"), "action": plain("purge")}, at(address, **login)), hands)
        assert caught.value.unsure
    assert see(target(server))["messages"] == 3


@pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)
def test_over_tls(server, files):
    place = {"host": plain("localhost"), "port": server.tls_port, "tls": True}
    ca = plain(str(files / "ca.pem"))
    assert see(target(server, **place, ca=ca))["messages"] == 3
    assert see(by(f"amqps://{USER}:{PASSWORD}@localhost:{server.tls_port}/", ca=ca))["messages"] == 3
    with pytest.raises(Unreachable, match="certificate"):
        see(target(server, **place))
    with pytest.raises(Refused, match="`ca` of the target cannot be read"):
        see(target(server, **place, ca=plain("/no/such.pem")))


def test_a_preview():
    place = Target(
        "mq",
        "amqp",
        {"host": plain("mq1"), "vhost": plain("shop"), "user": plain("ops"), "password": Text((Secret("p"),))},
    )
    plan = amqp.plan({"queue": plain("orders")}, place)
    assert plan.preview == "depth of queue orders\n# on mq, ops:•••@mq1:5672 vhost shop"
    assert plan.targets == ("mq/ops@mq1:5672 vhost shop",)
    assert secrets_in(plan.request) == {"p"}
    plan = amqp.plan({"queue": plain("a b\x1b"), "action": plain("PURGE")}, Target("mq", "amqp", {"tls": True}))
    assert plan.preview == "purge the queue 'a b\\x1b': all that waits in it is lost\n# on mq, localhost:5671"
    for url, shown in (
        (plain("amqps://ops:hushhush@mq1/shop"), "ops:•••@mq1:5671 vhost shop"),
        (Text((Literal("amqp://ops:"), Secret("p"), Literal("@[::1]:99/"))), "ops:•••@[::1]:99"),
        (Text((Secret("whole"),)), "•••"),
    ):
        plan = amqp.plan({"queue": plain("orders")}, by(url))
        assert plan.preview.endswith(f"# on broker, {shown}")
        assert plan.targets == (f"broker/{shown.replace(':•••@', '@')}",)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"port": 70_000}, "target mq has no port 70000"),
        ({"ca": plain("x")}, "target mq has a `ca` and speaks no TLS"),
        ({"user": plain("x")}, "target mq has a `user` and no `password`"),
        ({"password": plain("x")}, "target mq has a `password` and no `user`"),
        ({"url": plain("amqp://x"), "port": 1}, "target mq has both `url` and `port`"),
        ({"url": plain("http://u:hushhush@x")}, "the `url` of the target is no address of a broker"),
        ({"url": plain("amqp://u:hush/hush@x")}, "the `url` of the target is no address of a broker"),
        ({"url": plain("amqp://u:1/hush@x")}, "the `url` of the target is no address of a broker"),
        ({"url": plain("amqp://x/?heartbeat=1")}, "the `url` of the target is no address of a broker"),
        ({"host": Text((Secret("h"),))}, "`host` cannot hold a secret: where a step acts is shown to people"),
    ],
)
def test_places_that_cannot_be(params, message):
    with pytest.raises(BadInput) as caught:
        amqp.plan({"queue": plain("orders")}, Target("mq", "amqp", params))
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"queue": plain("")}, "`queue` must have 1 to 255 bytes"),
        ({"queue": plain("é" * 128)}, "`queue` must have 1 to 255 bytes"),
        ({"queue": Text((Secret("q"),))}, "`queue` cannot hold a secret: where a step acts is shown to people"),
        ({"queue": plain("q"), "action": plain("delete")}, "`action` cannot be delete"),
    ],
)
def test_steps_that_cannot_be(params, message):
    with pytest.raises(BadInput) as caught:
        amqp.plan(params, Target("mq", "amqp", {}))
    assert caught.value.message == message
    with pytest.raises(BadInput, match="needs a target"):
        amqp.plan({"queue": plain("q")}, None)


def test_preflight_logs_in_and_touches_nothing(server):
    plan = amqp.plan({"queue": plain("orders"), "action": plain("purge")}, target(server))
    (need,) = amqp.preflight(plan, BenchHands())
    assert need.holds
    assert see(target(server))["messages"] == 3
    (need,) = amqp.preflight(amqp.plan({"queue": plain("orders")}, at(closed_port())), BenchHands())
    assert need.holds is False


def test_the_effect_is_that_of_the_action():
    assert amqp.effect_of({"queue": "q"}) is Effect.READ
    assert amqp.effect_of({"queue": "q", "action": "Depth"}) is Effect.READ
    assert amqp.effect_of({"queue": "q", "action": "purge"}) is Effect.DESTRUCTIVE
    assert amqp.effect_of({"queue": "q", "action": "{{ inputs.what }}"}) is Effect.DESTRUCTIVE


def test_without_its_package():
    code = (
        "import sys; sys.modules['pika'] = None\n"
        "from steadyhand.handlers import amqp\nfrom steadyhand.handlers.bench import BenchHands\n"
        "from steadyhand.model import Target, plain\n"
        "try: amqp.perform(amqp.plan({'queue': plain('q')}, Target('c', 'amqp', {})), BenchHands())\n"
        "except Exception as e: print(type(e).__name__, e.message, '|', e.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "Refused `amqp` needs the package pika | pip install 'steadyhand[probes]'\n", done.stderr
