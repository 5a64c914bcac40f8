"""Servers are checked as they should be, and what is wrong with one is said with what to do. Certificates are real."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time

import pytest

from steadyhand.errors import Refused, Unreachable
from steadyhand.handlers import _tls
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Secret, Text, plain

from .servers import NO_OPENSSL, OPENSSL, authority, certificate, openssl, raw, request_of, server_context, web
from .test_exchange import failure, no_proxies, send

__all__ = ["no_proxies"]

pytestmark = pytest.mark.skipif(OPENSSL is None, reason=NO_OPENSSL)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A folder with an authority, server certificates with one thing wrong each, and a client's."""
    folder = tmp_path_factory.mktemp("pki")
    authority(folder)
    authority(folder, "other")
    certificate(folder, "server")
    certificate(folder, "expired", when=("-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
                if _can_date(folder) else ("-days", "-1"))  # fmt: skip
    certificate(folder, "elsewhere", alt="DNS:orders.example")
    certificate(folder, "client", alt="DNS:client")
    openssl("genrsa", "-aes128", "-passout", "pass:x", "-out", "locked.key", "2048", folder=folder)
    return folder


def _can_date(folder) -> bool:
    """Whether this openssl can be told from when to when (3.4 can); an older one takes a negative number of days."""
    try:
        certificate(folder, "dated", when=("-not_before", "20200101000000Z", "-not_after", "20200102000000Z"))
    except subprocess.CalledProcessError:
        return False
    return True


def ca(pki, name: str = "ca", **more):
    return {"tls": {"ca": plain(str(pki / f"{name}.pem")), **more}}


def test_what_the_handshake_agreed_on(pki):
    with web(context=server_context(pki / "server.pem")) as (host, _):
        values = send(f"https://{host}/", **ca(pki))
    seen = values["tls"]
    assert (values["status"], seen["protocol"], seen["days_left"] in {29, 30}) == (200, "TLSv1.3", True)
    assert seen["cipher"].startswith("TLS_")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", seen["not_after"])
    assert list(values["timings"]) == ["connect", "tls", "first_byte", "total"]


@pytest.mark.parametrize(
    ("server", "trusted", "what", "hint"),
    [
        ("expired", "ca", "has expired", "renew it on the server"),
        ("elsewhere", "ca", "is for another address",
         "use the name that it is for, or renew it on the server with this address"),
        ("server", "other", "is signed by an authority that is not known here", "name that authority's file as `tls.ca`"),
        ("server", "", "is signed by an authority that is not known here", "name that authority's file as `tls.ca`"),
        ("other", "ca", "is self-signed", "name it as `tls.ca` if it is yours"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_certificate_that_is_wrong(pki, server, trusted, what, hint, method):
    pem = pki / f"{server}.pem"
    if server == "other":
        pem = pki / "self.pem"
        pem.write_bytes((pki / "other.pem").read_bytes() + (pki / "other.key").read_bytes())
    with web(context=server_context(pem)) as (host, seen):
        found = failure(f"https://{host}/", method=plain(method), **(ca(pki, trusted) if trusted else {}))
    assert found == (Refused, f"TLS: the certificate of {host} {what}", hint, False)
    assert seen.requests == []


def test_a_name_that_the_certificate_is_not_for(pki):
    with web(context=server_context(pki / "elsewhere.pem")) as (address, _):
        host = address.replace("127.0.0.1", "localhost")
        found = failure(f"https://{host}/", **ca(pki))
    hint = "use a name that it is for, or renew it on the server with this one"
    assert found == (Refused, f"TLS: the certificate of {host} is for another name", hint, False)


def test_a_server_need_not_be_checked(pki):
    with web(context=server_context(pki / "expired.pem")) as (host, _):
        values = send(f"https://{host}/", tls={"verify": False})
    assert values["status"] == 200
    assert (values["tls"]["not_after"], values["tls"]["days_left"]) == ("", None)


def test_a_server_that_wants_our_certificate(pki):
    with web(context=server_context(pki / "server.pem", clients=pki / "ca.pem")) as (host, seen):
        mine = {"cert": plain(str(pki / "client.crt")), "key": plain(str(pki / "client.key"))}
        assert send(f"https://{host}/", **ca(pki, **mine))["status"] == 200
        assert send(f"https://{host}/", **ca(pki, cert=plain(str(pki / "client.pem"))))["status"] == 200
        asked = len(seen.requests)
        kind, message, hint, _ = failure(f"https://{host}/", **ca(pki))
        assert len(seen.requests) == asked
    assert (kind, message) in {
        (Refused, f"TLS: {host} wants our certificate"),
        (Unreachable, f"{host} closed the TLS connection"),
    }
    assert hint in {"name it as `tls.cert` and `tls.key`", "look at the server's log"}


def test_a_server_that_speaks_no_tls():
    with web() as (host, _):
        found = failure(f"https://{host}/")
    assert found == (Refused, f"TLS: {host} does not speak TLS there", "is it http:// on that port?", False)


def test_a_server_that_hangs_up_in_the_handshake():
    with raw(lambda c: (c.recv(10_000), c.shutdown(socket.SHUT_RDWR))) as host:
        kind, _, _, unsure = failure(f"https://{host}/")
    assert kind in {Unreachable, Refused}
    assert not unsure


def test_an_old_protocol(pki):
    context = server_context(pki / "server.pem")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with raw(lambda c: context.wrap_socket(c, server_side=True)) as host:
        kind, message, _, unsure = failure(f"https://{host}/", **ca(pki))
    assert kind is Refused
    assert message.startswith("TLS: ")
    assert not unsure


def test_a_redirect_from_https_to_http(pki):
    redirect = lambda path, body: (302, [("Location", "http://127.0.0.1:1/to?q=1")], b"")  # noqa: E731 one of many
    with web(redirect, context=server_context(pki / "server.pem")) as (host, _):
        found = failure(f"https://{host}/", redirects=True, **ca(pki))
    hint = "write the address http://127.0.0.1:1/to if it is the right one"
    assert found == (Refused, "the server redirects from https to http", hint, False)


def test_a_stuck_answer_over_tls_is_cut_within_a_moment(pki):
    context = server_context(pki / "server.pem")
    hands = BenchHands(timeout=60.0)
    told: list[float] = []

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            request_of(secure)
            told.append(time.monotonic())
            hands.cancel()
            time.sleep(5)

    with raw(talk) as host:
        kind = failure(f"https://{host}/", hands, **ca(pki))[0]
        assert time.monotonic() - told[0] < 0.15
    assert kind.__name__ == "Cancelled"


# --- files


def test_files_that_cannot_be_used(pki, tmp_path):
    (tmp_path / "no.pem").write_text("no certificate")
    hands = BenchHands(cwd=str(tmp_path))

    def refused(**tls: str) -> tuple[str, str]:
        with pytest.raises(Refused) as caught:
            _tls.context({name: plain(value) for name, value in tls.items()}, hands)
        assert not caught.value.unsure
        return caught.value.message, caught.value.hint

    pem = "name a PEM file"
    pair = "they must be PEM, belong together, and the key must have no passphrase"
    server, key = str(pki / "server.crt"), str(pki / "client.key")
    assert refused(ca="none.pem") == (f"`tls.ca` cannot be used: {tmp_path}/none.pem: No such file or directory", pem)
    assert refused(ca="no.pem")[0].startswith(f"`tls.ca` cannot be used: {tmp_path}/no.pem: no certificate")
    assert refused(cert="none.pem")[0] == f"`tls.cert` cannot be used: {tmp_path}/none.pem: No such file or directory"
    assert refused(cert=server, key="none.key")[0].startswith("`tls.key` cannot be used: ")
    assert refused(cert=server, key=key) == (
        "`tls.cert` and `tls.key` cannot be used: key values mismatch", pair,
    )  # fmt: skip
    assert refused(cert=server, key=str(pki / "locked.key"))[1] == pair
    assert refused(cert="no.pem")[1] == pair


def test_a_path_may_be_a_secret(pki):
    hands = BenchHands(secrets={"ca": str(pki / "ca.pem")})
    context = _tls.context({"ca": Text((Secret("ca"),))}, hands)
    assert context.cert_store_stats()["x509_ca"] == 1
    assert hands.revealed == ["ca"]


def test_a_machine_without_authorities_uses_those_of_the_client(monkeypatch):
    nothing = ssl.DefaultVerifyPaths(None, None, "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    assert _tls.context({}, BenchHands()).cert_store_stats()["x509_ca"] > 50


def test_without_tls_there_is_nothing_to_see():
    assert _tls.seen(None) == {}
