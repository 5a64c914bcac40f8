"""Secrets that this server makes: of a session, of a token. Kept only as their digest, looked up by it.

They are 256 bits of chance, so a fast digest is enough: there is nothing to guess. Passwords are another matter, see
passwords.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

PREFIX = "steady_"
"""How an API token begins, so that people and scanners recognise one that has leaked."""
ID = 10
_TOKEN = re.compile(rf"{PREFIX}([a-z2-7]{{{ID}}})_([A-Za-z0-9_-]{{43}})")


def new_secret() -> str:
    """256 bits of chance, as text for a cookie or a header."""
    return secrets.token_urlsafe(32)


def new_id() -> str:
    """A short name for something that is no secret."""
    return base64.b32encode(secrets.token_bytes(8)).decode("ascii").lower()[:ID]


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(secret: str, kept: str) -> bool:
    """Whether a secret is the one whose digest is kept; takes as long for any."""
    return hmac.compare_digest(digest(secret), kept)


def derived(secret: str, purpose: str) -> str:
    """Another secret that follows from one, for one purpose, and does not tell it."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256).hexdigest()


def token(name: str, secret: str) -> str:
    """An API token, as its owner gets it once."""
    return f"{PREFIX}{name}_{secret}"


def parts(text: str) -> tuple[str, str] | None:
    """The id and the secret of an API token; None for anything else."""
    found = _TOKEN.fullmatch(text)
    return (found[1], found[2]) if found else None
