"""A TLS handshake that is watched, and what the certificate says. Called by `tls` when a step runs.

The first handshake is as strict as any client's. When it fails, a second one that accepts everything shows what there
is to see: a certificate that no client accepts can be read all the same. OpenSSL judges; `cryptography` reads.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from ..errors import BadResponse, HandlerError, Refused, Unreachable
from ..model import Result
from . import _dial, _tls
from ._failures import CERTIFICATE, HANDSHAKE
from .protocol import Hands

PIECE = 16 * 1024
LINES = 64 * 1024
"""Bytes that a server may say before TLS begins."""
DER = 2
"""What `_ssl` calls the encoding of bytes, in the versions that keep it to themselves."""


class Seen(Struct, frozen=True):
    """What a handshake agreed on, and the certificates that came, as DER."""

    chain: tuple[bytes, ...]
    protocol: str
    cipher: str


def look(request: Mapping[str, Any], hands: Hands) -> Result:
    """The certificate, and whether it holds."""
    start = time.monotonic()
    x509 = _reader()
    where = _dial.joined(request["host"], request["port"])
    name = hands.reveal(request["server_name"]) if "server_name" in request else request["host"]
    strict = _tls.context({"ca": request["ca"]} if "ca" in request else {}, hands)
    reason = ""
    try:
        seen = _seen(request, strict, name, hands)
    except ssl.SSLError as problem:
        reason = _why(problem)
        try:
            seen = _seen(request, _lenient(), name, hands)
        except ssl.SSLError as again:
            raise _no_tls(again, where) from None
    if not seen.chain:
        raise BadResponse(f"{where} speaks TLS without a certificate", "is that the right port?")
    return Result({"valid": not reason, "reason": reason, **_read(x509, seen),
                   "duration": int((time.monotonic() - start) * 1_000_000)})  # fmt: skip


def _reader() -> Any:
    try:
        from cryptography import x509  # noqa: PLC0415 not for `validate`
    except ImportError as problem:
        raise Refused("`tls` needs the package cryptography", "pip install 'steadyhand[probes]'") from problem
    return x509


def _lenient() -> ssl.SSLContext:
    """Accepts every certificate and every version that this machine's OpenSSL still knows: it only looks."""
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    found.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    found.set_ciphers("ALL:@SECLEVEL=0")
    return found


def _why(problem: ssl.SSLError) -> str:
    """Why a strict client does not accept it, as the end of a sentence about the certificate or the server."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        what, _ = CERTIFICATE.get(problem.verify_code, (f"cannot be trusted: {problem.verify_message}", ""))
        return f"the certificate {what}"
    words = str(problem.reason or problem).replace("_", " ").lower()
    return f"the server {HANDSHAKE.get(str(problem.reason or ''), (f'does not agree: {words}', ''))[0]}"


def _no_tls(problem: ssl.SSLError, where: str) -> HandlerError:
    if isinstance(problem, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Unreachable(f"{where} closed the connection during the handshake", "look at the server's log")
    words = str(problem.reason or problem).replace("_", " ").lower()
    what, _ = HANDSHAKE.get(str(problem.reason or ""), (f"made no agreement about TLS: {words}", ""))
    return BadResponse(f"{where} {what}", "is it the right port, and does it want `starttls`?")


def _seen(request: Mapping[str, Any], context: ssl.SSLContext, name: str, hands: Hands) -> Seen:
    """One handshake, from the connection to its end."""
    patience = request.get("connect_timeout", _dial.PATIENCE)
    connection, address, reason = _dial.connect(request["host"], request["port"], hands, patience)
    if connection is None:
        raise Unreachable(f"{address or request['host']} cannot be connected to: {reason}", "is it running?")
    with connection:
        line = _Line(connection, address, hands)
        _BEFORE[request["starttls"]](line)
        return _handshake(line, context, name)


def _handshake(line: _Line, context: ssl.SSLContext, name: str) -> Seen:
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(into, out, server_hostname=name or None)
    while True:
        try:
            session.do_handshake()
            break
        except ssl.SSLWantReadError:
            line.say(out.read())
            data = line.hear()
            into.write(data) if data else into.write_eof()
    line.say(out.read())
    cipher = session.cipher()
    return Seen(_chain(session), session.version() or "", cipher[0] if cipher else "")


def _chain(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """What the server sent. Before Python 3.13 only an inner object can say; where it cannot, there is one."""
    public = getattr(session, "get_unverified_chain", None)
    if public is not None:
        return tuple(public())
    inner = getattr(getattr(session, "_sslobj", None), "get_unverified_chain", None)
    try:
        found = tuple(one.public_bytes(DER) for one in (inner() or ())) if inner is not None else ()
    except (AttributeError, TypeError, ValueError):
        found = ()
    own = session.getpeercert(binary_form=True)
    return found or ((own,) if own else ())


def _read(x509: Any, seen: Seen) -> dict[str, Any]:
    """What the certificates say."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 not for `validate`

    try:
        chain = [x509.load_der_x509_certificate(one) for one in seen.chain]
        own = chain[0]
        left = own.not_valid_after_utc - datetime.fromtimestamp(time.time(), UTC)
        return {
            "names": _names(x509, own),
            "issuer": own.issuer.rfc4514_string(),
            "not_before": _moment(own.not_valid_before_utc),
            "not_after": _moment(own.not_valid_after_utc),
            "days_left": left // timedelta(days=1),
            "chain": [
                {
                    "subject": one.subject.rfc4514_string(),
                    "issuer": one.issuer.rfc4514_string(),
                    "not_after": _moment(one.not_valid_after_utc),
                }
                for one in chain
            ],
            "self_signed": own.issuer == own.subject,
            "fingerprint": own.fingerprint(hashes.SHA256()).hex(),
            "protocol": seen.protocol,
            "cipher": seen.cipher,
        }
    except ValueError as problem:
        raise BadResponse(f"the certificate cannot be read: {problem}", "openssl s_client shows it as it is") from None


def _names(x509: Any, own: Any) -> list[str]:
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]
    except x509.ExtensionNotFound:
        return [str(one.value) for one in own.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what is spoken before TLS begins


class _Line:
    """A connection whose waits end with the attempt."""

    def __init__(self, connection: socket.socket, where: str, hands: Hands) -> None:
        self.where = where
        self._connection = connection
        self._hands = hands

    def say(self, data: bytes) -> None:
        while data:
            _dial.ready(self._connection, self._hands, write=True)
            try:
                data = data[self._connection.send(data) :]
            except OSError as problem:
                raise self._lost(problem) from None

    def hear(self, most: int = PIECE) -> bytes:
        """What comes next; b'' at the end."""
        _dial.ready(self._connection, self._hands, write=False)
        try:
            return self._connection.recv(most)
        except OSError as problem:
            raise self._lost(problem) from None

    def answer(self, good: str, what: str) -> None:
        """Hear lines until one tells the outcome: `good` begins it, or it is no TLS that is offered."""
        data = b""
        while True:
            for row in data.decode("latin-1").split("\r\n")[:-1]:
                if re.match(good, row):
                    return
                if not re.match(r"\d{3}-|\* ", row):
                    raise Refused(
                        f"{self.where} does not begin TLS within {what}: {row[:80]!r}", "leave out `starttls`"
                    )
            piece = self.hear()
            if not piece or len(data) > LINES:
                raise BadResponse(f"{self.where} does not speak {what}", "is it the right port?")
            data += piece

    def _lost(self, problem: OSError) -> Unreachable:
        return Unreachable(f"the connection to {self.where} was lost: {problem.strerror}", "look at the server's log")


def _nothing(line: _Line) -> None:
    del line


def _smtp(line: _Line) -> None:
    line.answer(r"220 ", "smtp")
    line.say(b"EHLO steadyhand.invalid\r\n")
    line.answer(r"250 ", "smtp")
    line.say(b"STARTTLS\r\n")
    line.answer(r"220 ", "smtp")


def _imap(line: _Line) -> None:
    line.answer(r"\* OK", "imap")
    line.say(b"a STARTTLS\r\n")
    line.answer(r"a OK", "imap")


def _postgresql(line: _Line) -> None:
    line.say(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    if line.hear(1) != b"S":
        raise Refused(f"{line.where} does not begin TLS within postgresql", "turn `ssl` on in its configuration")


_BEFORE = {"": _nothing, "SMTP": _smtp, "IMAP": _imap, "POSTGRESQL": _postgresql}
