"""Signing in at an identity provider: begun here, proved there, believed here. The person and the groups are its word;
what they may do is the word of the settings.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .. import events as e
from ..access import keys, records
from ..access.provider import Claims, Provider, ProviderFailed
from ..access.records import SIGNING, SUBJECT, VOUCHED, Session, Signing, Vouched
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore
from ..errors import HandlerError
from ..model import SECOND
from ..schema import Oidc, is_name
from .access import Access, NotAdmitted

UNDER_WAY = 10 * 60 * SECOND
"""How long a login may take."""
FRESH = 30 * 24 * 3600 * SECOND
"""How long the groups count for tokens after a login."""
MOST, LONGEST = 200, 128
"""Groups of one person that are kept, and the characters of one."""
SAID = frozenset(
    {"access_denied", "login_required", "consent_required", "interaction_required", "temporarily_unavailable",
     "server_error", "invalid_request", "invalid_scope", "unauthorized_client", "unsupported_response_type"}
)  # fmt: skip
"""What a provider may say instead of an identity."""


class Answer(Struct, frozen=True):
    """What a browser brings back from the provider, and from where."""

    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""
    browser: str = ""
    origin: str = ""
    agent: str = ""
    before: str = ""


class SignOn:
    """The identity provider of the settings, as it stands in them now."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._known: Provider | None = None

    @property
    def _provider(self) -> Provider:
        wanted = self._access.directory.login.oidc
        if wanted is None:
            raise NotAdmitted("there is no identity provider here", "sign in with a password")
        with self._lock:
            if self._known is None or self._known.oidc != wanted:
                self._known = Provider(wanted, lambda: self._secret(wanted), lambda: self._access.now)
            return self._known

    def _secret(self, oidc: Oidc) -> str:
        if not oidc.client_secret:
            return ""
        services = self._access.services
        store = SecretStore(services.settings.secrets, Redactor(), services.cwd, services.environ)
        try:
            return store.reveal(oidc.client_secret)
        except HandlerError as problem:
            raise ProviderFailed(problem.message, problem.hint) from problem

    def begin(self, back: str, then: str, browser: str, origin: str) -> str:
        """Where to send the browser, which must come to `back` with what it gets there. Raises NotAdmitted."""
        state, nonce, verifier = keys.new_secret(), keys.new_secret(), keys.new_secret()
        try:
            address = self._provider.address(back, state, nonce, verifier)
        except ProviderFailed as problem:
            raise self._refused("", origin, problem.message, problem.hint) from problem
        held = records.dump(Signing(nonce, verifier, keys.digest(browser), then))
        self._access.cells.put(SIGNING, keys.digest(state), held, self._access.now + UNDER_WAY)
        return address

    def finish(self, answer: Answer, back: str) -> tuple[str, str]:
        """The secret of the new session, and where to go. Each answer is taken once. Raises NotAdmitted."""
        held = self._access.cells.take(SIGNING, keys.digest(answer.state))
        begun = records.load(held, Signing) if held else None
        if begun is None or not answer.browser or not keys.same(answer.browser, begun.browser):
            raise self._refused(
                "", answer.origin, "the login was not begun in this browser, or long ago", "sign in again"
            )
        if answer.error or not answer.code:
            said = answer.error if answer.error in SAID else "no identity"
            raise self._refused("", answer.origin, f"the identity provider said {said}", "ask whoever keeps it")
        try:
            self._provider.answered(answer.issuer)
            claims, proof = self._provider.redeem(answer.code, back, begun.verifier, begun.nonce)
        except ProviderFailed as problem:
            raise self._refused("", answer.origin, problem.message, problem.hint) from problem
        person, groups = self._person(claims, answer.origin)
        now = self._access.now
        self._access.cells.put(VOUCHED, person, records.dump(Vouched(groups, now)), now + FRESH)
        session = self._access.begin_session(
            person, "oidc", answer.origin, answer.agent, before=answer.before, groups=groups, proof=proof
        )
        return session, begun.then

    def _person(self, claims: Claims, origin: str) -> tuple[str, tuple[str, ...]]:
        """Who that is here, and their groups. Raises NotAdmitted, in words for somebody who has proved who they are."""
        oidc, directory = self._provider.oidc, self._access.directory
        word = claims.get(oidc.person)
        if oidc.person == "email" and claims.get("email_verified") is not True:
            hint = "have it verified there, or name another claim in `login.oidc.person`"
            raise self._refused("", origin, "the identity provider has not verified the address", hint)
        if not isinstance(word, str) or not word:
            hint = "check `login.oidc.person`, and what the client may see there"
            raise self._refused("", origin, f"the identity provider does not tell {oidc.person}", hint)
        person = directory.by_email(word) or word if oidc.person == "email" else word
        groups = groups_in(claims, oidc.groups)
        known = person if person in directory.people else ""
        if not is_name(person) or not directory.rights(person, groups):
            hint = "ask an admin for a role: `people:` and `groups:` of steady.yaml give them"
            raise self._refused(known, origin, f"{word[:64]!r} has no role here", hint)
        if self._access.account(person).disabled:
            raise self._refused(known, origin, f"{person} is let in no longer", "ask an admin")
        subject = f"{claims['iss']} {claims['sub']}".encode()
        if not self._access.cells.put(SUBJECT, person, subject, only_new=True) and (
            self._access.cells.get(SUBJECT, person) != subject
        ):
            hint = f"somebody else may have got the name; if all is well: steady person rebind {person}"
            raise self._refused(known, origin, f"the identity provider knew {person} as another account", hint)
        return person, groups

    def _refused(self, person: str, origin: str, why: str, hint: str) -> NotAdmitted:
        if self._access.first_time(f"oidc {person} {origin} {why}"):
            self._access.record(e.SignInRefused(person, "web", origin, "oidc", why))
        return NotAdmitted(why, hint)

    def ending(self, session: Session, back: str) -> str:
        """Where somebody who has signed out here can sign out at the provider too; '' where there is no such place."""
        if session.means != "oidc" or self._access.directory.login.oidc is None:
            return ""
        return self._provider.ending(session.proof, back)


def groups_in(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """The groups that a claim lists."""
    listed = claims.get(claim) if claim else None
    words = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    found = (word for word in words if isinstance(word, str) and 0 < len(word) <= LONGEST and word.isprintable())
    return tuple(dict.fromkeys(found))[:MOST]
