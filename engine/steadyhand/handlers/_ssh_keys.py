"""Who we are: private keys from files and the agent, certificates, a password, in the order in which they are tried.

Called by _ssh_login once the host is known to be the one. A file is read, and its passphrase worked off, once a run.
"""

from __future__ import annotations

import base64
import copy
import os
import re
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any

import paramiko
from msgspec import Struct

from ..errors import HandlerError, Refused, Unreachable
from ._ssh_known import fingerprint
from ._ssh_route import Hop
from .protocol import Hands

KINDS: tuple[tuple[str, Any], ...] = (
    ("ssh-ed25519", paramiko.Ed25519Key),
    ("ssh-rsa", paramiko.RSAKey),
    ("ecdsa-", paramiko.ECDSAKey),
)
LEGACY = (("BEGIN RSA", paramiko.RSAKey), ("BEGIN EC", paramiko.ECDSAKey))
OPENSSH = b"openssh-key-v1\0"
METHODS = ("publickey", "password", "keyboard-interactive")
MOST = 6
"""Keys of an agent and of files that are tried: a server hangs up after six failed tries unless told."""


class Secrets(Struct, frozen=True):
    """What logging in may need; '' for what was not given."""

    password: str = ""
    passphrase: str = ""


class Try(Struct, frozen=True):
    """One way to log in, and how it is called in a message."""

    shown: str
    key: Any


def authenticate(
    transport: paramiko.Transport, hop: Hop, hands: Hands, secrets: Secrets, left: Callable[[], float]
) -> None:
    """Log in, with whatever the host takes. Raises Refused when it takes none of it."""
    allowed: list[str] = [*METHODS]
    tried: list[str] = []
    passed_over: list[str] = []
    with closing(_keys(hop, hands, secrets, passed_over)) as keys:
        # Lazily: what comes after the key that fits need not be read.
        for one in islice(keys, MOST):
            transport.auth_timeout = max(left(), 0.1)
            tried.append(one.shown)
            done, allowed = _tried(partial(transport.auth_publickey, hop.user, one.key), hop, allowed)
            if done:
                return
            if "publickey" not in allowed:
                break
    if hop.password and secrets.password:
        transport.auth_timeout = max(left(), 0.1)
        tried.append("the password")
        if _password(transport, hop, secrets.password, allowed):
            return
    done, allowed = _tried(lambda: transport.auth_none(hop.user), hop, allowed)
    if done:
        return
    takes = ", ".join(sorted(allowed)) or "nothing"
    offered = ", ".join(tried) or "nothing, as there was no key and no password to offer"
    notes = f"; not used: {', '.join(passed_over)}" if passed_over else ""
    what = f"{hop.shown} does not let {hop.user} in: it takes {takes}; it was offered {offered}{notes}"
    raise Refused(what, _hint(hop, tried))


def _hint(hop: Hop, tried: list[str]) -> str:
    if not tried:
        return "give the target a `key:`, `agent:` or `password:`, or an IdentityFile in ~/.ssh/config"
    return f"try it by hand: ssh -v -p {hop.port} {hop.user}@{hop.address}"


def _tried(call: Callable[[], Any], hop: Hop, allowed: list[str]) -> tuple[bool, list[str]]:
    """Whether we are in, and else what the host takes now."""
    try:
        more = list(call() or ())
    except paramiko.BadAuthenticationType as problem:
        return False, list(problem.allowed_types)
    except paramiko.AuthenticationException as problem:
        if "timeout" in str(problem).lower():
            hint = "look at its load and its log"
            raise Unreachable(f"{hop.shown} did not answer while we logged in", hint) from problem
        return False, allowed
    return not more, more


def _password(transport: paramiko.Transport, hop: Hop, password: str, allowed: list[str]) -> bool:
    def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        del title, instructions
        return [password] * len(prompts)

    done = False
    if "password" in allowed:
        done, allowed = _tried(lambda: transport.auth_password(hop.user, password, fallback=False), hop, allowed)
    if not done and "keyboard-interactive" in allowed:
        done, _ = _tried(lambda: transport.auth_interactive(hop.user, answer), hop, allowed)
    return done


# --- keys


def _keys(hop: Hop, hands: Hands, secrets: Secrets, passed_over: list[str]) -> Generator[Try, None, None]:
    """The keys in the order in which they are tried: those the target names, the agent's, the configuration's."""
    for path in hop.keys:
        if path in hop.named:
            yield from _of_file(path, hop, hands, secrets.passphrase)
    with _agent(hop) as held:
        public = {blob for path in hop.keys if (blob := _public(path))}
        # Those that belong to a named file first: an agent may hold more keys than a server lets anybody try.
        for key in sorted(held, key=lambda key: key.asbytes() not in public):
            if not hop.only_named or key.asbytes() in public:
                yield Try(f"{key.get_name()} {fingerprint(key.asbytes())} of the agent", key)
        offered = {key.asbytes() for key in held}
    for path in hop.keys:
        if path not in hop.named and os.path.exists(path) and _public(path) not in offered:
            try:
                yield from _of_file(path, hop, hands, "")
            except HandlerError as problem:
                passed_over.append(problem.message)


def _of_file(path: str, hop: Hop, hands: Hands, passphrase: str) -> Iterator[Try]:
    """The key of a file, with its certificate first where there is one."""
    key = hands.shared(f"ssh key {path}\0{passphrase}", lambda: load(path, passphrase), lambda _: None)
    for certificate in (*hop.certificates, f"{path}-cert.pub"):
        blob = _certificate(certificate, key, must=certificate in hop.certificates[:1] and path in hop.named)
        if blob is not None:
            certified = copy.copy(key)
            certified.public_blob = blob
            yield Try(certificate, certified)
            break
    yield Try(path, key)


def load(path: str, passphrase: str) -> Any:
    """A private key. Raises Refused, with what is wrong with the file or the passphrase."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError as problem:
        raise Refused(
            f"the key {path} cannot be read: {problem.strerror}", "check `key:` and the permissions"
        ) from problem
    if "-BEGIN PRIVATE KEY-" in text or "-BEGIN ENCRYPTED PRIVATE KEY-" in text:
        text, passphrase = _converted(path, text, passphrase), ""
    kind = _kind(text)
    if kind is None:
        hint = "use a private key of OpenSSH: ed25519, RSA or ECDSA (a key on a security token: through the agent)"
        raise Refused(f"{path} is no private key that can be used", hint)
    from io import StringIO  # noqa: PLC0415 only here

    try:
        return kind.from_private_key(StringIO(text), password=passphrase or None)
    except paramiko.PasswordRequiredException as problem:
        raise Refused(f"the key {path} is encrypted", "give its `passphrase:`, or add it to the agent") from problem
    except (paramiko.SSHException, ValueError, TypeError) as problem:
        if passphrase:
            raise Refused(f"the key {path} does not open with that passphrase", "correct `passphrase:`") from problem
        raise Refused(f"the key {path} cannot be read: {problem}", "look at the file") from problem


def _converted(path: str, text: str, passphrase: str) -> str:
    """A key in the form PKCS #8, which the client does not read, in that of OpenSSH."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 the client brings it

    try:
        key = form.load_pem_private_key(text.encode(), passphrase.encode() or None)
    except TypeError as problem:
        raise Refused(f"the key {path} is encrypted", "give its `passphrase:`, or add it to the agent") from problem
    except ValueError as problem:
        raise Refused(f"the key {path} does not open with that passphrase", "correct `passphrase:`") from problem
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption()).decode("ascii")


def _kind(text: str) -> Any:
    """The class of a key, by what its file says before anything is decrypted."""
    for words, kind in LEGACY:
        if words in text[:200]:
            return kind
    found = re.search(r"-BEGIN OPENSSH PRIVATE KEY-+(.*?)-", text, re.DOTALL)
    with suppress(ValueError):
        data = base64.b64decode("".join(found[1].split())) if found else b""
        name = _kind_of(data) if data.startswith(OPENSSH) else ""
        return next((kind for prefix, kind in KINDS if name.startswith(prefix)), None)
    return None


def _kind_of(data: bytes) -> str:
    message = paramiko.Message(data[len(OPENSSH) :])
    for _ in range(3):  # cipher, derivation, its options
        message.get_string()
    message.get_int()
    return str(paramiko.Message(message.get_string()).get_string().decode("ascii", "replace"))


def _public(path: str) -> bytes | None:
    """The public half that lies beside a key, as bytes."""
    with suppress(OSError, ValueError, IndexError), open(f"{path}.pub", encoding="ascii") as file:
        return base64.b64decode(file.read().split()[1])
    return None


def _certificate(path: str, key: Any, *, must: bool) -> Any:
    try:
        blob = paramiko.pkey.PublicBlob.from_file(path)
    except (OSError, ValueError) as problem:
        if must:
            raise Refused(f"the certificate {path} cannot be used: {problem}", "correct `certificate:`") from problem
        return None
    return blob if blob.key_type.startswith(key.get_name()) else None


@contextmanager
def _agent(hop: Hop) -> Generator[list[Any], None, None]:
    """The keys of the agent, as long as the block lasts. One that does not answer has none."""
    with socket.socket(socket.AF_UNIX) as sock:
        keys: list[Any] = []
        if hop.agent:
            with suppress(OSError, paramiko.SSHException):
                sock.settimeout(5.0)
                sock.connect(hop.agent)
                keys.extend(_Agent(sock).get_keys())
        yield keys


class _Agent(paramiko.agent.AgentSSH):  # type: ignore[misc]  # the client has no types
    """The agent behind one socket: the client's own class knows only that of the environment."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._connect(sock)
