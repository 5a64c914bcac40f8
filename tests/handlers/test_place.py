"""Where a database is, and connecting to it without hanging on it."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time

import pytest

from steadyhand.errors import BadInput, Cancelled, Refused, TimedOut
from steadyhand.handlers import _place
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Secret, Text, plain

from .servers import NO_OPENSSL, OPENSSL


def place(hands=None, **given):
    kind = given.pop("kind", "postgresql")
    found = {k: plain(v) if isinstance(v, str) else v for k, v in given.items()}
    return _place.place_of({"kind": kind, "name": "db", **found}, hands or BenchHands())


def test_what_is_not_said_is_usual():
    found = place()
    assert (found.where, found.tls, found.patience) == ("localhost:5432", "prefer", 10.0)
    assert place(kind="mysql", host="::1").where == "[::1]:3306"
    assert place(socket="/run/postgresql").where == "/run/postgresql"


@pytest.mark.parametrize(
    ("given", "tls"),
    [
        ({"host": "db1"}, "verify-full"),
        ({"host": "127.0.0.2"}, "prefer"),
        ({"socket": "/run/x"}, "prefer"),
        ({"host": "db1", "tls": "OFF"}, "off"),
        ({"host": "localhost", "ca": __file__}, "verify-full"),
        ({"url": "postgresql://u@db1/x"}, "verify-full"),
        ({"url": "postgresql://u@localhost/x"}, "prefer"),
    ],
)
def test_a_server_elsewhere_is_checked_unless_said(given, tls):
    assert place(**given).tls == tls


def test_secrets_and_addresses_are_revealed():
    hands = BenchHands(secrets={"word": "p@ss", "url": "mysql://u%40x:p%2Fw@[::2]:33/shop"})
    assert place(hands, password=Text((Secret("word"),))).password == "p@ss"
    found = place(hands, kind="mysql", url=Text((Secret("url"),)), options={"a": plain("b"), "n": 5})
    assert (found.user, found.password, found.where, found.database) == ("u@x", "p/w", "[::2]:33", "shop")
    assert found.options == {"a": "b", "n": "5"}
    assert place(connect_timeout=5_000_000).patience == 5.0


@pytest.mark.parametrize("url", ["http://h/", "mysql://h", "postgresql://h:none/x"])
def test_an_address_that_is_none(url):
    with pytest.raises(BadInput) as found:
        place(url=url)
    assert url not in found.value.message


def test_a_file_that_is_not_there():
    with pytest.raises(Refused, match="`ca` of the target cannot be read"):
        place(ca="/no/such/file")


def test_the_rules_of_a_connection(tmp_path):
    assert _place.context(place(tls="off")) is None
    full = _place.context(place(host="db1"))
    assert (full.verify_mode, full.check_hostname) == (ssl.CERT_REQUIRED, True)
    chain = _place.context(place(host="db1", tls="verify-ca"))
    assert (chain.verify_mode, chain.check_hostname) == (ssl.CERT_REQUIRED, False)
    assert _place.context(place(host="db1", tls="require")).verify_mode == ssl.CERT_NONE
    assert _place.authorities().startswith("/")
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(Refused, match="cannot be used"):
        _place.context(place(host="db1", tls="require", cert=str(tmp_path / "no.pem")))


@pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)
def test_our_certificate_is_taken_along(tmp_path):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=me", "-days", "2"]
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    assert _place.context(place(host="db1", tls="require", cert=str(cert), key=str(key))) is not None


def test_what_was_made_is_given():
    assert _place.connected(lambda: 5, lambda _: None, "there", BenchHands()) == 5
    with pytest.raises(Refused):
        _place.connected(lambda: (_ for _ in ()).throw(Refused("no")), lambda _: None, "there", BenchHands())


@pytest.mark.parametrize("how", ["cancel", "deadline"])
def test_what_comes_too_late_is_closed(how):
    go, closed = threading.Event(), threading.Event()
    hands = BenchHands(timeout=30 if how == "cancel" else 0.2)
    if how == "cancel":
        threading.Timer(0.2, hands.cancel).start()
    start = time.monotonic()
    with pytest.raises(Cancelled if how == "cancel" else TimedOut, match="there"):
        _place.connected(lambda: go.wait(5), lambda _: closed.set(), "there", hands)
    assert time.monotonic() - start < 2
    go.set()
    assert closed.wait(2)
