"""What the wire says has a name and a sentence; the rows of the tables that no test server can give are tried here."""

from __future__ import annotations

import errno
import socket
import ssl

import httpx
import pytest

from steadyhand.errors import BadInput, BadResponse, Refused, TimedOut, Unreachable
from steadyhand.handlers import _failures

HOST = "db1.example:443"
REQUEST = httpx.Request("GET", "https://db1.example/")


def named(problem: Exception, cause: BaseException | None = None, *, sent: bool = False, unsure: bool = False):
    problem.__cause__ = cause
    found = _failures.named(problem, HOST, sent=sent, unsure=unsure)
    return type(found), getattr(found, "message", ""), getattr(found, "hint", ""), getattr(found, "unsure", None)


@pytest.mark.parametrize("code", _failures.CERTIFICATE)
def test_each_row_of_certificates(code):
    problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
    problem.verify_code, problem.verify_message = code, "words of the library"
    what, hint = _failures.CERTIFICATE[code]
    assert named(httpx.ConnectError("x"), problem) == (Refused, f"TLS: the certificate of {HOST} {what}", hint, False)


def test_a_certificate_that_is_wrong_in_another_way():
    problem = ssl.SSLCertVerificationError(1, "certificate verify failed")
    problem.verify_code, problem.verify_message = 999, "words of the library"
    message = f"TLS: the certificate of {HOST} cannot be trusted: words of the library"
    assert named(httpx.ConnectError("x"), problem) == (Refused, message, "look at the certificate", False)


def tls(reason: str) -> ssl.SSLError:
    problem = ssl.SSLError(1, "words")
    problem.reason = reason
    return problem


@pytest.mark.parametrize("reason", _failures.HANDSHAKE)
def test_each_row_of_handshakes(reason):
    what, hint = _failures.HANDSHAKE[reason]
    assert named(httpx.ReadError("x"), tls(reason), unsure=True) == (Refused, f"TLS: {HOST} {what}", hint, True)


def test_a_handshake_that_failed_in_another_way():
    message = f"TLS: no agreement with {HOST}: no shared cipher"
    hint = f"look closer: openssl s_client -connect {HOST}"
    assert named(httpx.ConnectError("x"), tls("NO_SHARED_CIPHER")) == (Refused, message, hint, False)
    closed = ssl.SSLEOFError(8, "EOF occurred")
    assert named(httpx.ConnectError("x"), closed)[:2] == (Unreachable, f"{HOST} closed the TLS connection")


@pytest.mark.parametrize("code", _failures.SOCKET)
def test_each_row_of_sockets(code):
    what, hint = _failures.SOCKET[code]
    assert named(httpx.ConnectError("x"), OSError(code, "x")) == (Unreachable, f"{HOST} {what}", hint, False)


def test_after_it_was_sent_a_socket_error_is_a_loss():
    cause = OSError(errno.EHOSTUNREACH, "No route to host")
    message = f"the connection to {HOST} was lost after the request had been sent: No route to host"
    found = named(httpx.ReadError("[Errno 113] No route to host"), cause, sent=True, unsure=True)
    assert found == (Unreachable, message, "look at the server's log", True)


def test_a_name_without_an_address():
    cause = socket.gaierror(-2, "Name or service not known")
    message = "the name db1.example has no address: Name or service not known"
    assert named(httpx.ConnectError("x"), cause) == (Unreachable, message, "check the name, and the DNS here", False)


@pytest.mark.parametrize(
    ("problem", "kind", "message"),
    [
        (httpx.ConnectTimeout(""), TimedOut, f"{HOST} could not be connected to in time"),
        (httpx.InvalidURL("no host"), BadInput, "the address cannot be used: no host"),
        (httpx.UnsupportedProtocol("x"), BadInput, "the address cannot be used: x"),
        (httpx.LocalProtocolError("x"), BadInput, "this is no request that can be sent: x"),
        (httpx.RemoteProtocolError("x"), BadResponse, f"the answer of {HOST} is no HTTP: x"),
        (httpx.ProxyError("403 Forbidden"), Refused, "the proxy did not let it through: 403 Forbidden"),
        (httpx.ReadError(""), Unreachable, f"the connection to {HOST} was lost before the request was sent: ReadError"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_the_client_says(problem, kind, message):
    assert named(problem)[:2] == (kind, message)


def test_a_timeout_after_it_was_sent():
    assert named(httpx.ReadTimeout(""), sent=True)[1] == f"{HOST} had not answered in time"


def test_a_named_failure_keeps_its_name_and_becomes_unsure():
    assert named(BadResponse("x", "y"), unsure=True) == (BadResponse, "x", "y", True)
    assert named(BadResponse("x", "y", unsure=True)) == (BadResponse, "x", "y", True)


def test_a_bug_of_ours_is_no_failure_of_the_server():
    problem = KeyError("x")
    assert _failures.named(problem, HOST, sent=True, unsure=True) is problem
