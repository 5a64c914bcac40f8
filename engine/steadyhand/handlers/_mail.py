"""Mail: a message that no text can turn into another one, and its way to the server.

Called by _deliver for channels of kind `email`, and by _reach to try a login. A text in a header is one line. Every
try of a step sends the same Message-ID, by which mail stores tell that they have a message already.
"""

from __future__ import annotations

import html
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Any

from ..errors import BadInput, HandlerError, Refused, Unreachable
from . import _channels, _failures
from ._aside import Aside, Beside
from ._notice import Notice, cut, one_line
from ._services import Again
from ._texts import text_of

SUBJECT, TEXT = 200, 100_000
"""Characters of a subject, and of a text: what is longer is shown by no mail program at once."""
LONGEST = 10.0
"""Seconds that one turn of the conversation may take."""


def compose(sender: str, to: list[str], notice: Notice) -> EmailMessage:
    """The mail. Raises BadInput when an address is none."""
    for address in (sender, *to):
        if not _channels.MAILBOX.fullmatch(address):
            raise BadInput(f"{address[:80]!r} is no address of mail", "write name@host, or Name <name@host>")
    domain = parseaddr(sender)[1].rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = cut(one_line(notice.headline), SUBJECT)
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{notice.token}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    text = cut(notice.message, TEXT)
    links = "".join(f"\n{label}: {address}" for label, address in notice.links)
    footer = f"\n\n-- \n{notice.footer}" if notice.footer else ""
    mail.set_content(f"{text}\n{links}{footer}\n")
    mail.add_alternative(_page(notice, text), subtype="html")
    return mail


def _page(notice: Notice, text: str) -> str:
    safe = html.escape
    title = f"<h2>{safe(notice.title)}</h2>" if notice.title else ""
    links = "".join(f'<li><a href="{safe(address)}">{safe(label)}</a></li>' for label, address in notice.links)
    listed = f"<ul>{links}</ul>" if links else ""
    footer = f"<hr><small>{safe(notice.footer)}</small>" if notice.footer else ""
    body = f'<div style="white-space:pre-wrap">{safe(text)}</div>'
    return (
        f'<!doctype html><html><head><meta charset="utf-8"></head><body>{title}{body}{listed}{footer}</body></html>\n'
    )


def send(params: Mapping[str, Any], notice: Notice, hands: Aside) -> str:
    """Send it; the Message-ID. Raises Again for what the server may take later, Refused for what it will not."""
    to = [hands.reveal(text_of(address)) for address in params["to"]]
    mail = compose(hands.reveal(text_of(params["from"])), to, notice)

    def hand_over(server: smtplib.SMTP, gone: Callable[[], bool]) -> None:
        if gone():
            return
        lost = server.send_message(mail)
        if lost:
            why = "; ".join(f"{address}: {_words(*said)}" for address, said in lost.items())
            others = len(to) - len(lost)
            raise Refused(f"it was taken for {others} of {len(to)}, and refused for {cut(why, 200)}", "correct `to`")

    _with_server(params, hands, hand_over)
    return str(mail["Message-ID"])


def greet(params: Mapping[str, Any], hands: Aside) -> None:
    """Connect, encrypt, log in and leave again; nothing is sent."""

    def nothing(server: smtplib.SMTP, gone: Callable[[], bool]) -> None:
        del gone
        server.noop()

    _with_server(params, hands, nothing)


def _with_server(
    params: Mapping[str, Any], hands: Aside, work: Callable[[smtplib.SMTP, Callable[[], bool]], None]
) -> None:
    """Do something with a server that is logged in to, held to the time of the hands."""
    tls = _channels.word(params, "tls", "starttls")
    host = hands.reveal(text_of(params["host"]))
    port = int(params.get("port") or _channels.PORTS[tls])
    if tls == "none" and not _channels.loopback(host):
        raise BadInput("`tls: none` is for this machine only", "use starttls or implicit")
    login = tuple(hands.reveal(text_of(params[name])) for name in ("username", "password") if name in params)
    context = _context(params, hands) if tls != "none" else None
    held: list[smtplib.SMTP] = []

    def close() -> None:
        for server in held:
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)

    beside: Beside[None] = Beside(hands, close)

    def talk() -> None:
        with _named(f"{host}:{port}", beside), _connected(host, port, tls, context, hands) as server:
            held.append(server)
            if tls == "starttls":
                server.starttls(context=context)
            if login:
                server.login(login[0], login[1])
            work(server, beside.gone)

    beside.run(talk, f"{host}:{port} had not taken it")


@contextmanager
def _connected(host: str, port: int, tls: str, context: ssl.SSLContext | None, hands: Aside) -> Iterator[smtplib.SMTP]:
    """A connection. How the conversation ends changes nothing about what was taken."""
    patience = max(0.1, min(LONGEST, hands.remaining()))
    name = socket.gethostname() if "." in socket.gethostname() else "[127.0.0.1]"
    if tls == "implicit":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=patience, context=context)
    else:
        server = smtplib.SMTP(host, port, name, timeout=patience)
    try:
        server.ehlo_or_helo_if_needed()
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()


def _context(params: Mapping[str, Any], hands: Aside) -> ssl.SSLContext:
    ca = hands.reveal(text_of(params["ca"])) if "ca" in params else None
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as problem:
        raise BadInput(f"the file {ca} cannot be used: {problem}", "check `ca`") from None


@contextmanager
def _named(where: str, beside: Beside[None]) -> Iterator[None]:
    """What went wrong, by its name."""
    try:
        yield
    except HandlerError:
        raise
    except smtplib.SMTPRecipientsRefused as problem:
        said = "; ".join(f"{address}: {_words(*why)}" for address, why in problem.recipients.items())
        codes = [code for code, _ in problem.recipients.values()]
        raise _refused(min(codes, default=550), f"{where} refused {cut(said, 200)}") from problem
    except smtplib.SMTPResponseException as problem:
        raise _refused(
            problem.smtp_code, f"{where} answered {_words(problem.smtp_code, problem.smtp_error)}"
        ) from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise Refused(f"{where} cannot do it: {problem}", "look at `tls` and `username`") from problem
    except smtplib.SMTPException as problem:
        text = f"the connection to {where} was lost: {problem}"
        raise Unreachable(text, "look at the server's log", unsure=beside.committed) from problem
    except OSError as problem:
        named = _failures.named(problem, where, sent=beside.committed, unsure=beside.committed)
        raise named from problem


def _refused(code: int, message: str) -> HandlerError:
    """A server's 4xx is for now, its 5xx for good."""
    return Again(message) if 400 <= code < 500 else Refused(message, "look at the channel in steady.yaml")


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {one_line(text)}"
