"""Host keys: what known_hosts files say of a host, and whether the key it shows is one of its own.

Called by _ssh_login before anything is sent that is worth something. Always: nothing turns it off. The files are read
here and not by the client's own reader, which passes over @revoked lines and knows no patterns with exclusions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import shlex
from collections.abc import Iterator, Sequence

from msgspec import Struct

from ..errors import Refused
from ._ssh_config import matches

REVOKED, AUTHORITY = "@revoked", "@cert-authority"
FILES = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}
"""Kind of key to how the host's own file of it is called; every other kind is ecdsa."""


class Line(Struct, frozen=True):
    """One line of a known_hosts file that speaks of a host."""

    path: str
    number: int
    marker: str
    kind: str
    blob: bytes


def lines(paths: Sequence[str], name: str, port: int) -> tuple[Line, ...]:
    """What the files say of a host. A file that is not there, and a line that is none, say nothing. Raises Refused."""
    wanted = names(name, port)
    return tuple(line for path in paths for line in _of(path, wanted))


def names(name: str, port: int) -> tuple[str, ...]:
    """Under what a host may be filed: another port than 22 is a part of the name."""
    return (name.lower(),) if port == 22 else (f"[{name.lower()}]:{port}",)


def check(host: str, name: str, port: int, shown: tuple[str, bytes], known: Sequence[Line], path: str) -> None:
    """Raises Refused unless the key shown (its kind and its bytes) is filed for the host and not revoked."""
    kind, blob = shown
    for line in known:
        if line.marker == REVOKED and line.blob == blob:
            what = f"{host} shows a host key that was revoked: {kind} {fingerprint(blob)} ({line.path}:{line.number})"
            raise Refused(what, "do not log in; tell whoever runs the host that it uses a key known to be unsafe")
    own = [line for line in known if not line.marker]
    if any((line.kind, line.blob) == (kind, blob) for line in own):
        return
    other = next((line for line in own if line.kind == kind), None)
    if other is not None:
        raise Refused(*_changed(host, kind, blob, other))
    raise Refused(*_unknown(host, names(name, port)[0], kind, blob, known, path))


def kinds(known: Sequence[Line]) -> tuple[str, ...]:
    """The kinds of keys that are filed, so that the host is asked for one of them."""
    return tuple(dict.fromkeys(line.kind for line in known if not line.marker))


def fingerprint(blob: bytes) -> str:
    """As `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def _changed(host: str, kind: str, blob: bytes, other: Line) -> tuple[str, str]:
    what = (
        f"THE HOST KEY OF {host} HAS CHANGED: it shows {kind} {fingerprint(blob)}, and {other.path}:{other.number}"
        f" says {fingerprint(other.blob)}. Somebody may be between you and the host; nothing was sent"
    )
    how = (
        f"ask whoever runs the host. If it has a new key (there: {_own(kind)}), replace line {other.number} of "
        f"{other.path} by: {kind} {base64.b64encode(blob).decode('ascii')}"
    )
    return what, how


def _unknown(host: str, filed: str, kind: str, blob: bytes, known: Sequence[Line], path: str) -> tuple[str, str]:
    what = f"the host key of {host} is not known: it shows {kind} {fingerprint(blob)}"
    others = ", ".join(kinds(known))
    if others:
        what += f" (known are keys of another kind: {others})"
    elif any(line.marker == AUTHORITY for line in known):
        what += " (its authority is known, but certificates of hosts cannot be checked here)"
    entry = f"{filed} {kind} {base64.b64encode(blob).decode('ascii')}"
    how = f"compare the fingerprint with the host's own (there: {_own(kind)}); if it is the same: "
    return what, how + f"echo {shlex.quote(entry)} >> {shlex.quote(path)}"


def _own(kind: str) -> str:
    return f"ssh-keygen -lf /etc/ssh/ssh_host_{FILES.get(kind, 'ecdsa')}_key.pub"


def _of(path: str, wanted: Sequence[str]) -> Iterator[Line]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            for number, text in enumerate(file, 1):
                words = text.split()
                if not words or words[0].startswith("#"):
                    continue
                marker = words.pop(0) if words[0].startswith("@") else ""
                if len(words) >= 3 and any(_filed(words[0], name) for name in wanted):
                    blob = _blob(words[2])
                    if blob is not None:
                        yield Line(path, number, marker, words[1], blob)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as problem:
        raise Refused(f"{path} cannot be read: {problem.strerror}", "check its permissions") from problem


def _filed(patterns: str, name: str) -> bool:
    """Whether the first word of a line means a name: patterns, or one hash of a name."""
    if patterns.startswith("|1|"):
        salt, _, hashed = patterns[3:].partition("|")
        try:
            key, digest = base64.b64decode(salt, validate=True), base64.b64decode(hashed, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(hmac.new(key, name.encode(), hashlib.sha1).digest(), digest)
    return matches(patterns.split(","), name)


def _blob(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
