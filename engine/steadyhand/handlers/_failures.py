"""What went wrong on the wire, by its name and in a sentence. Tables first: what is not in them is told as it came.

Called by _exchange alone, with the exception that ended an exchange. Who could not be reached is Unreachable, who would
not is Refused, whose answer cannot be read is BadResponse.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping

import httpx

from ..errors import BadInput, BadResponse, HandlerError, Refused, TimedOut, Unreachable

CERTIFICATE: Mapping[int, tuple[str, str]] = {
    9: ("is not valid yet", "check the clocks of both machines"),
    10: ("has expired", "renew it on the server"),
    18: ("is self-signed", "name it as `tls.ca` if it is yours"),
    19: ("is signed by an authority that is not trusted here", "name that authority's file as `tls.ca`"),
    20: ("is signed by an authority that is not known here", "name that authority's file as `tls.ca`"),
    21: ("comes without the authority that signed it", "have the server send its whole chain, or name it as `tls.ca`"),
    23: ("has been revoked", "renew it on the server"),
    62: ("is for another name", "use a name that it is for, or renew it on the server with this one"),
    64: ("is for another address", "use the name that it is for, or renew it on the server with this address"),
}
"""OpenSSL's verify code to what is wrong with the certificate and what to do."""

HANDSHAKE: Mapping[str, tuple[str, str]] = {
    "WRONG_VERSION_NUMBER": ("does not speak TLS there", "is it http:// on that port?"),
    "HTTP_REQUEST": ("does not speak TLS there", "is it http:// on that port?"),
    "UNSUPPORTED_PROTOCOL": ("speaks only an old TLS", "update the server"),
    "TLSV1_ALERT_PROTOCOL_VERSION": ("speaks only an old TLS", "update the server"),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": ("wants our certificate", "name it as `tls.cert` and `tls.key`"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": ("refused the handshake", "it may want our certificate: `tls.cert`"),
    "TLSV1_ALERT_UNKNOWN_CA": ("does not trust our certificate", "use one that its authority has signed"),
    "SSLV3_ALERT_BAD_CERTIFICATE": ("does not accept our certificate", "use one that its authority has signed"),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": ("says that our certificate has expired", "renew `tls.cert`"),
}
"""OpenSSL's reason to what the server does and what to do."""

SOCKET: Mapping[int, tuple[str, str]] = {
    errno.ECONNREFUSED: ("refused the connection", "is it running, and is that the port it listens on?"),
    errno.EHOSTUNREACH: ("cannot be reached from this machine", "look at the network, the VPN, the firewall"),
    errno.ENETUNREACH: ("cannot be reached from this machine", "look at the network, the VPN, the firewall"),
    errno.EADDRNOTAVAIL: ("cannot be connected to: this machine has no free address or port", "look at `ss -s`"),
    errno.EMFILE: ("cannot be connected to: too many files are open", "raise `ulimit -n`"),
    errno.EACCES: ("may not be connected to by this user", "look at the firewall of this machine"),
    errno.EPERM: ("may not be connected to by this user", "look at the firewall of this machine"),
}
"""errno of a connection that did not come about."""


def named(problem: Exception, host: str, *, sent: bool, unsure: bool) -> Exception:
    """The failure by its name; a bug of ours as it is. `sent` is whether the request had left."""
    if isinstance(problem, HandlerError):
        problem.unsure = problem.unsure or unsure
        return problem
    for cause in _causes(problem):
        if isinstance(cause, ssl.SSLError):
            return _tls(cause, host, unsure=unsure)
    if isinstance(problem, httpx.TimeoutException):
        hint = "give the step a longer `timeout:`, or look at why the server is slow"
        return TimedOut(
            f"{host} {'had not answered' if sent else 'could not be connected to'} in time", hint, unsure=unsure
        )
    if isinstance(problem, (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)):
        return BadInput(f"the address cannot be used: {problem}", "check `url`")
    if isinstance(problem, httpx.LocalProtocolError):
        return BadInput(
            f"this is no request that can be sent: {problem}", "check `headers` and the body", unsure=unsure
        )
    if isinstance(problem, httpx.RemoteProtocolError):
        return _protocol(str(problem), host, unsure=unsure)
    if isinstance(problem, httpx.ProxyError):
        return Refused(
            f"the proxy did not let it through: {problem}", "look at HTTPS_PROXY and NO_PROXY", unsure=unsure
        )
    if isinstance(problem, (httpx.TransportError, OSError)):
        return _transport(problem, host, sent=sent, unsure=unsure)
    return problem


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it, outermost first."""
    for _ in range(10):
        if problem is None:
            return
        yield problem
        problem = problem.__cause__ or problem.__context__


def _tls(problem: ssl.SSLError, host: str, *, unsure: bool) -> HandlerError:
    if isinstance(problem, ssl.SSLCertVerificationError):
        what, hint = CERTIFICATE.get(problem.verify_code, (f"cannot be trusted: {problem.verify_message}", ""))
        return Refused(f"TLS: the certificate of {host} {what}", hint or "look at the certificate", unsure=unsure)
    if isinstance(problem, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Unreachable(f"{host} closed the TLS connection", "look at the server's log", unsure=unsure)
    reason = str(problem.reason or "")
    if reason in HANDSHAKE:
        what, hint = HANDSHAKE[reason]
        return Refused(f"TLS: {host} {what}", hint, unsure=unsure)
    words = reason.replace("_", " ").lower() or str(problem)
    return Refused(
        f"TLS: no agreement with {host}: {words}", f"look closer: openssl s_client -connect {host}", unsure=unsure
    )


def _protocol(text: str, host: str, *, unsure: bool) -> HandlerError:
    if "disconnected without sending" in text:
        return Unreachable(f"{host} closed the connection without an answer", "look at the server's log", unsure=unsure)
    if "without sending complete message" in text:
        return BadResponse(f"the answer of {host} was cut short", "look at the server's log", unsure=unsure)
    return BadResponse(f"the answer of {host} is no HTTP: {text}", "is it the right port?", unsure=unsure)


def _transport(problem: Exception, host: str, *, sent: bool, unsure: bool) -> HandlerError:
    name = host.rpartition(":")[0]
    for cause in _causes(problem):
        if isinstance(cause, socket.gaierror):
            return Unreachable(f"the name {name} has no address: {cause.strerror}", "check the name, and the DNS here")
        if not sent and isinstance(cause, OSError) and (cause.errno or 0) in SOCKET:
            what, hint = SOCKET[cause.errno or 0]
            return Unreachable(f"{host} {what}", hint)
    when = "after the request had been sent" if sent else "before the request was sent"
    detail = str(problem).rpartition("] ")[2] or type(problem).__name__
    return Unreachable(f"the connection to {host} was lost {when}: {detail}", "look at the server's log", unsure=unsure)
