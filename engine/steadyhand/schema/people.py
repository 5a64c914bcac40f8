"""Reads who may use a server, what for, and how they sign in. For the settings; what they may do is decided from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from ..model import SECOND
from ..model.people import Role
from ..source import Mapping as Map
from ..source import Node, Scalar
from .reader import Reader, near
from .tables import TABLES

NAMED = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}"
"""What a person or a group may be called: nothing that looks like something else on a page or in a log."""
ROLES: Mapping[str, Role] = {role.word: role for role in Role}
PROFILE = ("profile", "email")

Rights = Mapping[str, Role]
"""A service (or `*`) to the highest role there."""


class Person(Struct, frozen=True):
    """Somebody who may use a server."""

    name: str
    email: str = ""
    slack: str = ""
    rights: Rights = field(default_factory=dict)


class Oidc(Struct, frozen=True):
    """An identity provider. `client_secret` is the name of a secret, '' where the client has none."""

    issuer: str
    client_id: str
    client_secret: str = ""
    name: str = "Sign in with the identity provider"
    scopes: tuple[str, ...] = PROFILE
    person: str = "preferred_username"
    groups: str = ""
    ca: str = ""


class Login(Struct, frozen=True):
    """How people sign in; times are microseconds."""

    accounts: bool = True
    oidc: Oidc | None = None
    idle: int = 30 * 60 * SECOND
    longest: int = 12 * 3600 * SECOND


class Directory(Struct, frozen=True):
    """Everybody who may use a server, and how they prove who they are."""

    people: Mapping[str, Person] = field(default_factory=dict)
    groups: Mapping[str, Rights] = field(default_factory=dict)
    login: Login = Login()

    def rights(self, person: str, vouched: Iterable[str] = ()) -> Rights:
        """What a person may do: their own roles and those of the groups that the identity provider vouches for."""
        known = self.people.get(person)
        parts = [known.rights if known else {}, *(self.groups.get(group, {}) for group in vouched)]
        found: dict[str, Role] = {}
        for service, role in (pair for part in parts for pair in part.items()):
            found[service] = max(role, found.get(service, role))
        return found

    def by_email(self, address: str) -> str:
        """The person with this address; '' where nobody has it."""
        wanted = address.casefold()
        return next((p.name for p in self.people.values() if p.email and p.email.casefold() == wanted), "")


def is_name(word: str) -> bool:
    """Whether a person may be called so."""
    return re.fullmatch(NAMED, word) is not None


def read_directory(reader: Reader, given: Mapping[str, Node], secrets: Collection[str]) -> Directory:
    """The sections `people`, `groups` and `login` of the settings."""
    people = {
        name: Person(name, known.get("email", ""), known.get("slack", ""), _rights(reader, node, known))
        for name, node, known in _entries(reader, given.get("people"), "people", "person")
    }
    groups = {
        name: _rights(reader, node, known)
        for name, node, known in _entries(reader, given.get("groups"), "groups", "group")
    }
    _one_address_each(reader, given.get("people"))
    return Directory(people, groups, _login(reader, given.get("login"), secrets))


def _entries(reader: Reader, node: Node | None, section: str, table: str) -> Iterable[tuple[str, Node, dict[str, Any]]]:
    mapping = reader.mapping(node, f"`{section}`") if node is not None else None
    for key, value in mapping.entries if mapping else ():
        if not is_name(key.text):
            hint = "use letters, digits and . _ @ + -, at most 64, and begin with a letter or digit"
            reader.say("SH201", key.span, f"nobody can be called {key.text!r}", hint)
            continue
        known = reader.object(table, value, f"`{key.text}`")
        if known is not None:
            yield key.text, value, known


def _rights(reader: Reader, node: Node, known: Mapping[str, Any]) -> Rights:
    """The roles of a person or a group, by service."""
    inner = node.get("roles") if isinstance(node, Map) else None
    for key, _ in inner.entries if isinstance(inner, Map) else ():
        if key.text not in ROLES:
            reader.say("SH201", key.span, f"there is no role {key.text!r} on a server", near(key.text, ROLES, "roles"))
    found: dict[str, Role] = {}
    for word, services in (known.get("roles") or {}).items():
        for service in services if word in ROLES else ():
            found[service] = max(ROLES[word], found.get(service, ROLES[word]))
    return found


def _one_address_each(reader: Reader, node: Node | None) -> None:
    """Two people with one address could not be told apart."""
    taken: dict[str, str] = {}
    for key, value in node.entries if isinstance(node, Map) else ():
        address = value.get("email") if isinstance(value, Map) else None
        if isinstance(address, Scalar):
            first = taken.setdefault(address.text.casefold(), key.text)
            if first != key.text:
                message = f"{address.text} is the address of {first} already"
                reader.say("SH201", address.span, message, "give each person an address of their own")


def _login(reader: Reader, node: Node | None, secrets: Collection[str]) -> Login:
    known = reader.object("login", node, "`login`") if node is not None else None
    if known is None:
        return Login()
    given = node if isinstance(node, Map) else None
    if known.get("idle", SECOND) <= 0 or known.get("longest", SECOND) <= 0:
        reader.say("SH201", given.span if given else node.span, "a session cannot end before it begins", "write 30m")  # type: ignore[union-attr]  # known is not None
    oidc = _oidc(reader, given.get("oidc") if given else None, known.get("oidc"), secrets)
    plain = {name: known[name] for name in ("accounts", "idle", "longest") if name in known}
    return Login(**plain, oidc=oidc)


def _oidc(reader: Reader, node: Node | None, known: dict[str, Any] | None, secrets: Collection[str]) -> Oidc | None:
    if not isinstance(node, Map) or known is None or any(f.required and f.name not in known for f in TABLES["oidc"]):
        return None
    issuer, secret = node.get("issuer"), node.get("client_secret")
    if issuer is not None and not re.fullmatch(r"https?://[^\s?#]+", known["issuer"]):
        hint = "write the address that the provider calls itself, such as https://id.shop.example"
        reader.say("SH201", issuer.span, f"{known['issuer']!r} is no address of an identity provider", hint)
    if secret is not None and known.get("client_secret") not in secrets:
        message = f"there is no secret {known.get('client_secret')!r}"
        hint = near(str(known.get("client_secret")), secrets, "secrets") if secrets else "declare it under `secrets:`"
        reader.say("SH304", secret.span, message, hint)
    return Oidc(**{**known, "scopes": tuple(known.get("scopes", PROFILE))})
