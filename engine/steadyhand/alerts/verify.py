"""Whether a request comes from whom it says: tokens, passwords, and signatures over the raw bytes. Pure.

Every secret that would do is compared, in constant time, so that neither the answer nor its time says which was close.
Several secrets hold at once, while one replaces another. What is asked for must all hold. Called by the intake, and
by what takes presses of buttons in Slack.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

from ..schema.intakes import IntakeSpec
from .reading import Headers, Refusal

OLDEST = 300
"""Seconds that a signed time may be off."""
DEFAULTS: Mapping[str, str] = {
    "pagerduty": "x-pagerduty-signature",
    "grafana": "x-grafana-alerting-signature",
    "generic": "x-signature-256",
}
"""The header of the signature, by sender."""
_HEX = re.compile(r"[0-9a-fA-F]{64}")
Secrets = Callable[[str], bytes]
"""Gives the value of a secret by its name."""


def shown(options: IntakeSpec, headers: Headers, secrets: Secrets) -> Refusal | None:
    """What is wrong with the token or the password of a request; None when all is well. Needs no body."""
    if options.token and (wrong := _token(options, headers, secrets)):
        return wrong
    return _basic(options, headers, secrets) if options.password else None


def signed(options: IntakeSpec, headers: Headers, body: bytes, secrets: Secrets, now: int) -> Refusal | None:
    """What is wrong with the signature of a request; None when all is well, or none is asked for. `now` is seconds."""
    if not options.signature:
        return None
    name = (options.signature_header or DEFAULTS[options.source]).lower()
    given = headers.get(name, "").strip()
    if not given:
        return Refusal(401, f"the header {name} is missing", "have the sender sign what it sends")
    found = _signatures(options.source, given)
    if not found:
        return Refusal(
            400, f"the header {name} holds no signature (HMAC with SHA-256)", "look at the sender's settings"
        )
    signed_text = body
    if options.timestamp_header:
        at = headers.get(options.timestamp_header.lower(), "").strip()
        if wrong := _age(at, now):
            return wrong
        signed_text = at.encode() + b":" + body
    ours = [digest(key, signed_text) for name in options.signature if (key := secrets(name))]
    fits = [hmac.compare_digest(one, other.lower().encode()) for one in ours for other in found]
    return None if any(fits) else Refusal(403, "the signature does not fit", "is it made with one of these secrets?")


def slack(headers: Headers, body: bytes, keys: Iterable[bytes], now: int) -> Refusal | None:
    """What is wrong with a request that Slack should have sent (signature v0); None when all is well."""
    given, at = headers.get("x-slack-signature", "").strip(), headers.get("x-slack-request-timestamp", "").strip()
    if not given or not at:
        return Refusal(401, "the headers of Slack's signature are missing", "only Slack may send here")
    if wrong := _age(at, now):
        return wrong
    whole = b"v0:" + at.encode() + b":" + body
    given_bytes = _raw(given)
    fits = [hmac.compare_digest(b"v0=" + digest(key, whole), given_bytes) for key in keys if key]
    return None if any(fits) else Refusal(403, "the signature does not fit", "check the signing secret of the app")


def digest(key: bytes, text: bytes) -> bytes:
    """The signature (hex) of a text."""
    return hmac.new(key, text, hashlib.sha256).hexdigest().encode()


def _signatures(source: str, given: str) -> list[str]:
    """The signatures in a header: PagerDuty lists several with a version each, others may write `sha256=` before it."""
    if source == "pagerduty":
        parts = [part.strip().partition("=") for part in given.split(",")[:20]]
        return [value for version, _, value in parts if version == "v1" and _HEX.fullmatch(value)]
    value = given.removeprefix("sha256=")
    return [value] if _HEX.fullmatch(value) else []


def _age(at: str, now: int) -> Refusal | None:
    if not re.fullmatch(r"\d{1,12}", at):
        return Refusal(
            401, "the time that is signed is missing, or no number of seconds", "look at the sender's settings"
        )
    if abs(now - int(at)) > OLDEST:
        return Refusal(
            403, f"what is signed is more than {OLDEST} s off", "compare the clocks; an old message stays old"
        )
    return None


def _token(options: IntakeSpec, headers: Headers, secrets: Secrets) -> Refusal | None:
    name = (options.header or "authorization").lower()
    given = headers.get(name, "").strip()
    if not options.header:
        scheme, _, given = given.partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
    if not given:
        asked = f"the header {name}" if options.header else "`Authorization: Bearer` with a token"
        return Refusal(401, f"{asked} is missing", "give the sender one of the tokens of this intake")
    return None if _equal(_raw(given), options.token, secrets) else _wrong("token")


def _basic(options: IntakeSpec, headers: Headers, secrets: Secrets) -> Refusal | None:
    scheme, _, given = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return Refusal(401, "a user and a password are missing", "give the sender those of this intake")
    try:
        user, _, password = base64.b64decode(given.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return Refusal(400, "the header authorization is no user and password", "look at the sender's settings")
    right = hmac.compare_digest(user, options.user.encode())
    good = _equal(password, options.password, secrets)
    return None if right and good else _wrong("user or the password")


def _raw(header: str) -> bytes:
    """A header as it came: what reads it takes its bytes for Latin-1."""
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode("utf-8", "surrogatepass")


def _equal(given: bytes, names: Iterable[str], secrets: Secrets) -> bool:
    """Whether it is one of these secrets. Compared by their digests, so that their lengths do not show either."""
    ours = hashlib.sha256(given).digest()
    fits = [hmac.compare_digest(hashlib.sha256(value).digest(), ours) for name in names if (value := secrets(name))]
    return any(fits)


def _wrong(what: str) -> Refusal:
    return Refusal(403, f"the {what} is not one of this intake", "give the sender one that is in the settings")
