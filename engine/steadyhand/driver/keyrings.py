"""Secrets in the keyring of the desktop or the system, through the package `keyring`.

Called by secrets.py, when a secret is needed or looked at. A keyring may want a person to unlock it, so it is asked in
a thread beside, and not for longer than a secret may take.
"""

from __future__ import annotations

import threading
from typing import Any

from ..errors import HandlerError, Refused, TimedOut
from ..model import SecretSource
from .sources import Found, Where


def from_keyring(source: SecretSource, where: Where) -> Found:
    """The password of a user for a service."""
    service, user = str(source.at["service"]), str(source.at["username"])
    package = _package(source)
    given: list[Any] = []

    def ask() -> None:
        try:
            given.append(package.get_password(service, user))
        except Exception as problem:  # noqa: BLE001 a backend may fail in any way
            given.append(problem)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(where.patience)
    hint = f"`keyring get {service} {user}` asks it by hand"
    if not given:
        raise TimedOut(f"secret {source.name}: the keyring did not answer within {where.patience:g} s", hint)
    found = given[0]
    if isinstance(found, Exception):
        raise _failed(source, found)
    if not found:
        missing = f"secret {source.name}: the keyring holds nothing for {user} at {service}"
        raise Refused(missing, f"`keyring set {service} {user}` writes it")
    return Found(str(found).encode("utf-8", "surrogateescape"))


def look_at_keyring(source: SecretSource, where: Where) -> str:
    """Raises Refused when there is no keyring. Whether it holds the secret cannot be told without reading it."""
    del where
    package = _package(source)
    backend = package.get_keyring()
    if type(backend).__module__ in {"keyring.backends.fail", "keyring.backends.null"}:
        raise _failed(source, RuntimeError("no backend of it can be used here"))
    return f"in {getattr(backend, 'name', type(backend).__name__)}; whether it is there is told when it is read"


def _package(source: SecretSource) -> Any:
    try:
        import keyring  # noqa: PLC0415 an extra
    except ImportError:
        message = f"secret {source.name}: a secret in a keyring needs the package keyring, which is not installed"
        raise Refused(message, "pip install 'steadyhand[keyring]'") from None
    return keyring


def _failed(source: SecretSource, problem: Exception) -> HandlerError:
    text = " ".join(str(problem).split())[:200] or type(problem).__name__
    hint = "unlock it, or install one: `keyring diagnose` tells"
    return Refused(f"secret {source.name}: the keyring cannot be used: {text}", hint)
