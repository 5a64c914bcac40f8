"""A real mail server (aiosmtpd) that keeps what it takes: with STARTTLS, TLS from the start, logins, refusals."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from . import free_port, used

USER, PASSWORD = "steady", "correct-horse-battery"


class Box:
    """What a mail server took: (envelope from, envelope to, message), and what it is to answer instead, in turn."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], EmailMessage]] = []
        self.logins = 0
        self.answers: list[str] = []
        self.unknown: set[str] = set()

    async def handle_RCPT(  # noqa: N802 the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: object
    ) -> str:
        if address in self.unknown:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answers:
            return self.answers.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), message))
        return "250 OK: taken"

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins += good
        return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None, *, implicit: bool = False, login: bool = False
) -> Iterator[tuple[int, Box]]:
    """A mail server on the loopback interface: its port and what it takes. With a context it insists on TLS."""
    box, port = Box(), free_port()
    starttls = context is not None and not implicit
    server = Controller(
        box, hostname="127.0.0.1", port=port, ready_timeout=20,
        ssl_context=context if implicit else None,
        tls_context=context if starttls else None, require_starttls=starttls, authenticator=box.login,
        auth_required=login and starttls, auth_require_tls=starttls,
    )  # fmt: skip
    server.start()
    try:
        used("smtp (aiosmtpd)")
        yield port, box
    finally:
        server.stop()
        server.loop.close()
