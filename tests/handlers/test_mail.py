"""Mail to a real server: encrypted, logged in, taken once, and never more than what was written."""

from __future__ import annotations

import ssl
import time

import pytest

from steadyhand.errors import BadInput, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers._aside import Aside
from steadyhand.handlers._mail import compose, greet, send
from steadyhand.handlers._notice import Notice
from steadyhand.handlers._services import Again
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Secret, Text, plain

from ..realparts.mail import PASSWORD, USER, mail_server
from .servers import NO_OPENSSL, OPENSSL, authority, certificate, closed_port, raw, server_context

NOTICE = Notice(
    "It is slow\nsince 9 <b>&", "Checkout <b>", "error", links=(("Look", "https://g/?a=1&b=2"),), run="r1", token="t1"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not OPENSSL:
        pytest.skip(NO_OPENSSL)
    made = tmp_path_factory.mktemp("tls")
    authority(made)
    certificate(made, "server")
    return made


@pytest.fixture
def context(folder):
    return server_context(folder / "server.pem")


def channel(port, **more):
    return {
        "host": plain("127.0.0.1"), "port": port, "tls": plain("none"), "from": plain("Steady <steady@example.com>"),
        "to": [plain("a@example.com"), plain("b@example.com")], **more,
    }  # fmt: skip


def hands(timeout=20.0, **secrets):
    return Aside(BenchHands(timeout=timeout, secrets=secrets), 10)


LOGIN = {"username": plain(USER), "password": Text((Secret("smtp"),))}


def test_a_mail_is_taken():
    with mail_server() as (port, box):
        assert send(channel(port), NOTICE, hands()) == "<t1@example.com>"
    ((sender, to, mail),) = box.taken
    assert (sender, to) == ("steady@example.com", ["a@example.com", "b@example.com"])
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Checkout <b>", "Steady <steady@example.com>", "a@example.com, b@example.com",
    )  # fmt: skip
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<t1@example.com>", "auto-generated")
    assert mail["Date"]
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.splitlines() == [
        "It is slow",
        "since 9 <b>&",
        "",
        "Look: https://g/?a=1&b=2",
        "",
        "-- ",
        "error · run r1",
    ]
    assert "<h2>Checkout &lt;b&gt;</h2>" in page
    assert "since 9 &lt;b&gt;&amp;</div>" in page
    assert '<a href="https://g/?a=1&amp;b=2">Look</a>' in page


def test_every_try_has_the_same_name():
    first, second = (compose("a@example.com", ["b@example.com"], NOTICE) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize("implicit", [False, True])
def test_encrypted_and_logged_in(context, folder, implicit):
    tls = {"tls": plain("implicit" if implicit else "starttls"), "ca": plain(str(folder / "ca.pem"))}
    with mail_server(context, implicit=implicit, login=True) as (port, box):
        send(channel(port, **tls, **LOGIN), NOTICE, hands(smtp=PASSWORD))
        greet(channel(port, **tls, **LOGIN), hands(smtp=PASSWORD))
        assert (len(box.taken), box.logins) == (1, 2)
        with pytest.raises(Refused, match="answered 535") as caught:
            send(channel(port, **tls, **LOGIN), NOTICE, hands(smtp="wrong-password"))
        assert not caught.value.unsure
        assert "wrong-password" not in caught.value.message


def test_a_certificate_that_nobody_knows_is_refused_before_anything_is_said(context):
    with mail_server(context, login=True) as (port, box):
        with pytest.raises(Refused, match=r"TLS: the certificate of 127\.0\.0\.1:"):
            send(channel(port, tls=plain("starttls"), **LOGIN), NOTICE, hands(smtp=PASSWORD))
        assert (box.taken, box.logins) == ([], 0)


def test_nothing_travels_in_the_clear():
    with mail_server() as (port, box):
        with pytest.raises(Refused, match="cannot do it: STARTTLS extension not supported"):
            send(channel(port, tls=plain("starttls"), **LOGIN), NOTICE, hands(smtp=PASSWORD))
        assert box.logins == 0
    with pytest.raises(BadInput, match="`tls: none` is for this machine only"):
        send(channel(25, host=plain("192.0.2.1")), NOTICE, hands())


@pytest.mark.parametrize(
    "hostile", ["x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com\n\n<script>", "x\x00\x0b\x0cy\r"]
)
def test_no_text_can_write_a_header(hostile):
    with mail_server() as (port, box):
        send(channel(port), Notice(hostile, hostile, run=hostile, token="t1"), hands())
    ((_, to, mail),) = box.taken
    assert to == ["a@example.com", "b@example.com"]
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject")) == 1
    assert set(mail.keys()) == {
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert "<script>" not in mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("address", ["eve@x\r\nBcc: a@b", "a@b, c@d", "nobody", ""])
def test_no_address_can_be_two(address):
    with pytest.raises(BadInput, match="is no address of mail"):
        compose(address, ["a@example.com"], NOTICE)
    with pytest.raises(BadInput, match="is no address of mail"):
        compose("a@example.com", [address], NOTICE)


def test_a_line_of_one_dot_ends_nothing():
    with mail_server() as (port, box):
        send(channel(port), Notice("a\n.\nRSET\nb", token="t1"), hands())
    assert box.taken[0][2].get_body(("plain",)).get_content().splitlines()[:4] == ["a", ".", "RSET", "b"]


def test_a_very_long_text_is_cut():
    mail = compose("a@example.com", ["b@example.com"], Notice("x" * 300_000, "T" * 1000, token="t"))
    assert len(mail["Subject"]) == 200
    assert "(cut: 300,000 characters)" in mail.get_body(("plain",)).get_content()


def test_what_the_server_says_for_now_and_for_good():
    with mail_server() as (port, box):
        box.answers[:] = ["451 4.7.1 greylisted, come back", "554 5.7.1 spam"]
        with pytest.raises(Again, match=r"answered 451 4\.7\.1 greylisted, come back"):
            send(channel(port), NOTICE, hands())
        with pytest.raises(Refused, match=r"answered 554 5\.7\.1 spam"):
            send(channel(port), NOTICE, hands())


def test_who_was_refused_is_named():
    with mail_server() as (port, box):
        box.unknown = {"b@example.com"}
        with pytest.raises(
            Refused, match=r"it was taken for 1 of 2, and refused for b@example.com: 550 5.1.1 no such user"
        ):
            send(channel(port), NOTICE, hands())
        box.unknown |= {"a@example.com"}
        with pytest.raises(Refused, match=r"refused a@example.com: 550 5.1.1"):
            send(channel(port), NOTICE, hands())
        assert len(box.taken) == 1


def test_nobody_listens():
    port = int(closed_port().rpartition(":")[2])
    with pytest.raises(Unreachable, match="refused the connection") as caught:
        send(channel(port), NOTICE, hands())
    assert not caught.value.unsure


def test_a_server_that_says_nothing_is_left_in_time():
    with raw(lambda connection: connection.recv(1) and None) as address:
        port = int(address.rpartition(":")[2])
        start = time.monotonic()
        with pytest.raises(TimedOut, match="had not taken it in time") as caught:
            send(channel(port), NOTICE, hands(timeout=0.4))
        assert not caught.value.unsure
        bench = BenchHands(timeout=60)
        bench.cancel()
        with pytest.raises(Cancelled):
            send(channel(port), NOTICE, Aside(bench, 10))
        assert time.monotonic() - start < 3


def test_a_server_that_takes_the_mail_and_dies_leaves_it_open(context):
    def talk(connection):
        connection.sendall(b"220 hi\r\n")
        data = b""
        while b"\r\n.\r\n" not in data:
            piece = connection.recv(65_536)
            if not piece:
                return
            data += piece
            words = data.rsplit(b"\r\n", 2)[-2][:4].upper()
            answers = {b"DATA": b"354 go on\r\n", b"EHLO": b"250 hi\r\n"}
            if data.endswith(b"\r\n") and b"DATA\r\n" not in data[:-6].upper():
                connection.sendall(answers.get(words, b"250 ok\r\n"))
        connection.close()

    with raw(talk) as address, pytest.raises(Unreachable, match=r"the connection to .* was lost") as caught:
        send(channel(int(address.rpartition(":")[2])), NOTICE, hands())
    assert caught.value.unsure


def test_a_file_of_authorities_that_is_not_there():
    with pytest.raises(BadInput, match="/no/such"):
        send(channel(25, tls=plain("starttls"), ca=plain("/no/such")), NOTICE, hands())
    assert ssl.create_default_context()
