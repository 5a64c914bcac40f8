"""`tls` keeps the promises of the seam, and tells what is wrong with a certificate of a real server."""

from __future__ import annotations

import ssl
import subprocess
import sys
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, BadResponse, Refused, Unreachable
from steadyhand.handlers import tls
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Secret, Text, Value, plain

from ..realparts.mail import mail_server
from ..realparts.postgresql import postgres
from .certificates import Authority, self_signed, serving
from .servers import closed_port, raw, web
from .talkers import greet, silent


@pytest.fixture(scope="module")
def root():
    return Authority("test root")


@pytest.fixture
def ca(root, tmp_path):
    return str(root.file(tmp_path))


class TestContract(HandlerContract):
    handler = tls
    changes: ClassVar = {
        "address": plain("127.0.0.1:2"), "server_name": plain("a"), "ca": plain("/b"), "starttls": plain("imap"),
        "connect_timeout": 1,
    }  # fmt: skip

    @pytest.fixture
    def ordinary(self, root, tmp_path):
        with web(context=serving(root.issue(tmp_path))) as (address, _):
            yield Case({"address": plain(address)})

    @pytest.fixture
    def failing(self):
        return Case({"address": plain(closed_port())})

    @pytest.fixture
    def slow(self):
        with raw(silent) as address:
            yield Case({"address": plain(address)})

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"address": plain("a:1")})

    @pytest.fixture
    def secret(self, root, ca, tmp_path):
        with web(context=serving(root.issue(tmp_path))) as (address, _):
            yield Case({"address": plain(address), "ca": Text((Secret("file"),))}, secrets={"file": ca})


def see(address, **params):
    given = {name: plain(value) for name, value in params.items()}
    return tls.perform(tls.plan({"address": plain(address), **given}, None), BenchHands(timeout=10)).values


def seen(pem, **params):
    with web(context=serving(pem)) as (address, _):
        return see(address, **params)


def test_a_good_one(root, ca, tmp_path):
    found = seen(root.issue(tmp_path), ca=ca)
    assert (found["valid"], found["reason"], found["days_left"]) == (True, "", 29)
    assert found["names"] == ["localhost", "127.0.0.1"]
    assert found["issuer"] == "CN=test root"
    assert found["self_signed"] is False
    assert (found["protocol"], found["cipher"][:4]) == ("TLSv1.3", "TLS_")
    assert len(found["fingerprint"]) == 64
    assert found["not_before"] < found["not_after"]
    assert found["chain"] == [{"subject": "CN=test server", "issuer": "CN=test root", "not_after": found["not_after"]}]


@pytest.mark.parametrize(
    ("made", "reason", "days_left"),
    [
        ({"days": (-10.0, -2.5)}, "the certificate has expired", -3),
        ({"days": (1.0, 5.5)}, "the certificate is not valid yet", 5),
        ({"names": ("other.example.com",)}, "the certificate is for another address", 29),
        ({"days": (-1.0, 3.5)}, "", 3),
        ({"days": (-1.0, 0.5)}, "", 0),
    ],
)
def test_what_is_wrong_is_an_answer(root, ca, tmp_path, made, reason, days_left):
    found = seen(root.issue(tmp_path, **made), ca=ca)
    assert (found["valid"], found["reason"], found["days_left"]) == (not reason, reason, days_left)
    assert found["chain"]


def test_the_name_is_that_of_the_step(root, ca, tmp_path):
    pem = root.issue(tmp_path, names=("shop.example.com",))
    assert seen(pem, ca=ca, server_name="shop.example.com")["valid"]
    assert seen(pem, ca=ca, server_name="x.example.com")["reason"] == "the certificate is for another name"


def test_nobody_trusts_it(root, tmp_path):
    assert "is not known here" in seen(root.issue(tmp_path))["reason"]
    own = seen(self_signed(tmp_path))
    assert (own["valid"], own["self_signed"], own["reason"]) == (False, True, "the certificate is self-signed")


def test_a_missing_intermediate(root, ca, tmp_path):
    between = Authority("test between", root)
    bare = seen(between.issue(tmp_path), ca=ca)
    assert (bare["valid"], len(bare["chain"])) == (False, 1)
    assert "authority" in bare["reason"]
    whole = seen(between.issue(tmp_path, with_chain=True), ca=ca)
    assert (whole["valid"], [one["subject"] for one in whole["chain"]]) == (True, ["CN=test server", "CN=test between"])


def test_who_speaks_no_tls_or_nothing():
    with raw(greet) as address, pytest.raises(BadResponse, match="does not speak TLS"):
        see(address)
    with raw(lambda connection: connection.recv(10) and connection.close()) as address, pytest.raises(Unreachable):
        see(address)
    with pytest.raises(Unreachable, match="refused"):
        see(closed_port())


def test_an_old_version_is_an_answer(root, ca, tmp_path):
    context = serving(root.issue(tmp_path))
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with web(context=context) as (address, _):
        found = see(address, ca=ca)
    assert found["protocol"] == "TLSv1.2"
    assert found["valid"] or found["reason"].startswith("the server ")


def test_within_smtp(root, ca, tmp_path):
    with mail_server(serving(root.issue(tmp_path))) as (port, _):
        found = see(f"localhost:{port}", ca=ca, starttls="smtp")
    assert found["valid"]
    with mail_server() as (port, _), pytest.raises(Refused, match="does not begin TLS within smtp"):
        see(f"127.0.0.1:{port}", ca=ca, starttls="smtp")


def test_within_postgresql(root, ca, tmp_path):
    pem = root.issue(tmp_path)
    files = {"server.crt": pem, "server.key": pem}
    with postgres("ssl=on", files=files) as server:
        assert see(f"localhost:{server.port}", ca=ca, starttls="postgresql")["valid"]
    with raw(lambda it: it.recv(8) and it.sendall(b"N")) as address, pytest.raises(Refused, match="does not begin TLS"):
        see(address, starttls="postgresql")


def test_within_imap(root, ca, tmp_path):
    context = serving(root.issue(tmp_path))

    def talk(connection):
        connection.sendall(b"* OK ready\r\n")
        assert connection.recv(100) == b"a STARTTLS\r\n"
        connection.sendall(b"a OK go on\r\n")
        with context.wrap_socket(connection, server_side=True) as inner:
            inner.recv(1)

    with raw(talk) as address:
        assert see(address, ca=ca, starttls="imap")["valid"]
    with raw(greet) as address, pytest.raises((Refused, BadResponse)):
        see(address, starttls="imap")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"address": plain("a:0")}, "'a:0' is no address"),
        ({"address": plain("a"), "starttls": plain("ftp")}, "`starttls` cannot be 'ftp'"),
        ({"address": plain("a"), "connect_timeout": 0}, "`connect_timeout` must be above 0"),
    ],
)
def test_what_cannot_be_planned(params, message):
    with pytest.raises(BadInput) as caught:
        tls.plan(params, None)
    assert caught.value.message == message
    assert caught.value.hint


def test_a_file_that_is_none():
    with pytest.raises(Refused, match="cannot be used"):
        see("127.0.0.1:1", ca="/no/such.pem")


def test_a_preview():
    params = {"address": plain("mail.example.com"), "starttls": plain("smtp"), "ca": Text((Secret("f"),))}
    assert tls.plan(params, None).preview == (
        "look at the certificate of mail.example.com:25\n# TLS begins within smtp\n# trusting •••"
    )
    assert tls.plan({"address": plain("shop.example.com")}, None).request["port"] == 443


def test_it_is_a_read():
    assert tls.effect_of({}) is Effect.READ
    assert tls.spec.effect_known
    (need,) = tls.preflight(tls.plan({"address": plain("no-such-host.invalid")}, None), BenchHands())
    assert need.holds is False


def test_without_its_package():
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        "from steadyhand.handlers import tls\nfrom steadyhand.handlers.bench import BenchHands\n"
        "from steadyhand.model import plain\n"
        "try: tls.perform(tls.plan({'address': plain('a')}, None), BenchHands())\n"
        "except Exception as e: print(type(e).__name__, e.message, '|', e.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "Refused `tls` needs the package cryptography | pip install 'steadyhand[probes]'\n", (
        done.stderr
    )


def test_an_address_that_is_not_known_yet_can_be_planned():
    address = Text((Value("<facts.host>", "<facts.host>", known=False),))
    assert "<facts.host>" in tls.plan({"address": address}, None).preview


def test_an_empty_authority_and_an_empty_name_are_as_if_they_were_not_given():
    """So that an input with an empty default may stand there."""
    plan = tls.plan({"address": plain("shop.example"), "ca": plain(""), "server_name": plain("")}, None)
    assert not {"ca", "server_name"} & set(plan.request)
    assert plan.preview == tls.plan({"address": plain("shop.example")}, None).preview
