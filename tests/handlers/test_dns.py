"""`dns` keeps the promises of the seam on a real dnsmasq."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, BadResponse, Refused, TimedOut, Unreachable
from steadyhand.handlers import _dns, _dns_names, dns
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, Value, plain

from ..realparts.dnsmasq import dnsmasq
from .servers import closed_port, raw
from .talkers import silent

pytest.importorskip("dns", reason="the package dnspython is not installed: the extra `probes` brings it")


@pytest.fixture(scope="module")
def server():
    with dnsmasq() as address:
        yield address


@contextmanager
def talker(answer):
    """Somebody on a UDP port, who gives `answer(question)`, or nothing when that is empty."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))

        def serve():
            while True:
                question, asker = here.recvfrom(4096)
                if question == b"end":
                    return
                for piece in answer(question):
                    here.sendto(piece, asker)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{here.getsockname()[1]}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"end", here.getsockname())
            thread.join(10)


def see(name, server, timeout=10.0, **params):
    texts = {key: plain(value) if isinstance(value, str) else value for key, value in params.items()}
    plan = dns.plan({"name": plain(name), "server": plain(server), **texts}, None)
    return dns.perform(plan, BenchHands(timeout=timeout)).values


class TestContract(HandlerContract):
    handler = dns
    grace = 1.0
    changes: ClassVar = {"name": plain("mail.example.test"), "type": plain("MX"), "server": plain("::1"), "tcp": True}

    @pytest.fixture
    def ordinary(self, server):
        return Case({"name": plain("shop.example.test"), "server": plain(server)})

    @pytest.fixture
    def failing(self):
        return Case({"name": plain("shop.example.test"), "server": plain(closed_port())})

    @pytest.fixture
    def slow(self):
        with talker(lambda _: ()) as address:
            yield Case({"name": plain("shop.example.test"), "server": plain(address)})

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"name": plain("shop.example.test")})

    @pytest.fixture
    def secret(self, server):
        name = Text((Secret("label"), Literal(".example.test")))
        return Case({"name": name, "server": plain(server)}, secrets={"label": "opensesame"})


@pytest.mark.parametrize(
    ("name", "kind", "answers"),
    [
        ("shop.example.test", "A", ["192.0.2.10"]),
        ("shop.example.test.", "a", ["192.0.2.10"]),
        ("shop.example.test", "AAAA", ["2001:db8::10"]),
        ("www.example.test", "A", ["192.0.2.10"]),
        ("www.example.test", "CNAME", ["shop.example.test"]),
        ("example.test", "MX", ["5 shop.example.test", "10 mail.example.test"]),
        ("example.test", "TXT", ["v=spf1 -all"]),
        ("_http._tcp.example.test", "SRV", ["1 2 8080 shop.example.test"]),
        ("192.0.2.7", "PTR", ["seven.example.test"]),
        ("2001:db8::10", "PTR", ["shop.example.test"]),
        ("7.2.0.192.in-addr.arpa", "PTR", ["seven.example.test"]),
    ],
)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_records_are_texts(server, name, kind, answers, tcp):
    found = see(name, server, type=kind, tcp=tcp)
    assert found["answers"] == answers
    assert (found["rcode"], found["count"], found["server"]) == ("NOERROR", len(answers), server)
    assert (found["truncated"], found["authoritative"]) == (False, True)


def test_what_the_other_kinds_look_like():
    client = _dns._client()
    texts = (
        ("SOA", "ns.example.test. ops.example.test. 7 3600 600 86400 60",
         "ns.example.test ops.example.test 7 3600 600 86400 60"),
        ("CAA", '0 issue "ca.example.test"', '0 issue "ca.example.test"'),
        ("NS", "ns.example.test.", "ns.example.test"),
        ("MX", "0 .", "0 ."),
        ("TXT", r'"\255 a" "b"', "\udcff ab"),
    )  # fmt: skip
    for kind, written, shown in texts:
        assert _dns._text(client.rdata.from_text("IN", kind, written), kind) == shown, kind


def test_the_ttl_is_the_smallest_on_the_way(server):
    assert see("shop.example.test", server)["ttl"] == 300
    assert see("www.example.test", server)["ttl"] == 60


def test_what_is_not_there_is_an_answer(server):
    for name, kind, rcode in (
        ("no.example.test", "A", "NXDOMAIN"), ("shop.example.test", "MX", "NOERROR"), ("elsewhere.test", "A", "REFUSED"),
    ):  # fmt: skip
        found = see(name, server, type=kind)
        assert (found["rcode"], found["answers"], found["count"], found["ttl"]) == (rcode, [], 0, None)


def test_what_does_not_fit_comes_over_tcp(server):
    found = see("long.example.test", server, type="TXT")
    assert (found["count"], found["truncated"]) == (12, True)
    assert [text[:2] for text in found["answers"]] == [f"{number:02}" for number in range(12)]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_where_nobody_listens(tcp):
    with pytest.raises(Unreachable, match=r"cannot be reached.*: refused") as caught:
        see("shop.example.test", closed_port(), tcp=tcp)
    assert caught.value.hint


def test_who_does_not_answer(monkeypatch):
    asked = []
    monkeypatch.setattr(_dns, "TURN", 0.05)
    with talker(lambda question: asked.append(question) or ()) as address:
        with pytest.raises(TimedOut, match="had not answered in time"):
            see("shop.example.test", address, timeout=0.5)
        assert len(asked) > 1, "it is asked again"
    with raw(silent) as address, pytest.raises(TimedOut, match="had not answered in time"):
        see("shop.example.test", address, timeout=0.5, tcp=True)
    with raw(lambda connection: connection.close()) as address, pytest.raises(Unreachable, match="over TCP"):
        see("shop.example.test", address, tcp=True)


def test_the_next_server_is_asked(server):
    query = _dns._query("shop.example.test", "A")
    with talker(lambda _: ()) as mute:
        servers = [_dns_names.server_of(each) for each in (closed_port(), mute, server)]
        found, answer = _dns._over_udp(query, servers, BenchHands())
    assert found == servers[-1:]
    assert _dns._values(_dns._read(query, answer, found[0]), "A")["answers"] == ["192.0.2.10"]


def test_answers_that_are_none():
    other = _dns._query("other.test", "A").to_wire()[3:]
    for answer, failure, message in (
        (lambda question: [question[:2] + b"\x80\x00" + b"\xff" * 40], BadResponse, "cannot be read"),
        (lambda question: [question[:2] + b"\x80" + other], BadResponse, "to another question"),
        (lambda _: [b"", b"x", b"\0" * 40], TimedOut, "had not answered"),
    ):
        with talker(answer) as address, pytest.raises(failure, match=message):
            see("shop.example.test", address, timeout=0.5)


HOSTILE = (
    "", "a..b", ".a", "a b", "a\nb", "a\tb", "a\x00b", "x" * 64 + ".test", "x." * 200 + "test", "a\\046b", "\udcff.test",
    "$(id)", "a;b", "\u202ea.test", "a@b", "http://a", "a:53", "\u2028",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_are_none(name):
    with pytest.raises(BadInput, match="is no name") as caught:
        dns.plan({"name": Text((Value(name, name),))}, None)
    assert caught.value.hint == "write it as shop.example.com"
    with pytest.raises(BadInput, match="is no name"):
        dns.perform(
            dns.plan({"name": Text((Secret("name"),)), "server": plain("127.0.0.1")}, None),
            BenchHands(secrets={"name": name}),
        )


def test_names_of_all_languages(server):
    assert see("bücher.example.test", server)["rcode"] == "NXDOMAIN"
    assert see(".", server, type="NS")["rcode"] == "REFUSED"
    with pytest.raises(BadInput, match="is no name"):
        see("ü" * 63 + ".test", server)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"name": plain("192.0.2.7")}, "'192.0.2.7' is an address and no name"),
        ({"type": plain("ANY")}, "`type` 'ANY' is none that can be asked for"),
        ({"server": plain("ns.example.com")}, "`server` 'ns.example.com' is no IP address"),
        ({"server": plain("192.0.2.1:0")}, "`server` '192.0.2.1:0' is no IP address"),
        ({"server": plain("192.0.2.1:70000")}, "`server` '192.0.2.1:70000' is no IP address"),
        ({"server": Text((Secret("s"),))}, "`server` cannot hold a secret: where a step looks is shown to people"),
    ],
)
def test_what_cannot_be_planned(params, message):
    with pytest.raises(BadInput) as caught:
        dns.plan({"name": plain("a.test"), **params}, None)
    assert caught.value.message == message
    assert caught.value.hint
    with pytest.raises(BadInput, match="takes no target"):
        dns.plan({"name": plain("a.test")}, Target("t", "x", {}))


def test_a_preview():
    assert dns.plan({"name": plain("a.test")}, None).preview == "A a.test\n# at the machine's resolver"
    name = Text((Secret("label"), Literal(".test")))
    plan = dns.plan({"name": name, "type": plain("txt"), "server": plain("::1"), "tcp": True}, None)
    assert plan.preview == "TXT •••.test\n# at ::1, over TCP"


def test_what_is_not_known_yet_can_be_planned():
    later = Text((Value("", "<steps.a.value>", known=False),))
    assert dns.plan({"name": later, "server": later}, None).preview.startswith("A <steps.a.value>")
    assert dns.plan({"name": plain("a.test"), "type": later}, None).preview.endswith(
        "a.test\n# at the machine's resolver"
    )


def test_it_only_looks():
    assert dns.effect_of({"name": "{{ inputs.x }}"}) is Effect.READ


def test_the_servers_of_the_machine(tmp_path):
    path = tmp_path / "resolv.conf"
    for written in (None, "", "# nothing\n"):
        if written is not None:
            path.write_text(written)
        with pytest.raises(Refused, match=r"this machine has no resolver: .* names none"):
            _dns._machine(str(path))
    path.write_text("search example.test\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n")
    assert _dns._machine(str(path)) == [("192.0.2.53", 53), ("2001:db8::53", 53)]


def test_planning_imports_nothing_heavy():
    code = (
        "import sys; from steadyhand.handlers import dns; from steadyhand.model import plain\n"
        "before = [m for m in ('ipaddress', 'socket', 'dns') if m in sys.modules]\n"
        "dns.plan({'name': plain('a.test')}, None)\n"
        "print(before, [m for m in ('socket', 'ssl', 'dns') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[] []\n", done.stderr


def test_without_its_package():
    code = (
        "import sys; sys.modules['dns'] = None\n"
        "from steadyhand.handlers import dns\nfrom steadyhand.handlers.bench import BenchHands\n"
        "from steadyhand.model import plain\n"
        "try: dns.perform(dns.plan({'name': plain('a.test')}, None), BenchHands())\n"
        "except Exception as e: print(type(e).__name__, e.message, '|', e.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "Refused `dns` needs the package dnspython | pip install 'steadyhand[probes]'\n", done.stderr
