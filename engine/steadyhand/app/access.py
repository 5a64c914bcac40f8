"""Who is this? People sign in, sessions and tokens are recognised, and everything that happens at the door is recorded.

Every door of the server asks here, in a thread. What somebody may do is looked up anew each time: rights that are taken
away in the settings, an account that is disabled and a token that is revoked hold no longer with the next request.
Accounts are kept by accounts.py, tokens by tokens.py, the identity provider by oidc.py; all three work on an `Access`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from msgspec.structs import replace

from .. import events as e
from ..access import keys, records
from ..access.attempts import Attempt, Attempts
from ..access.passwords import Hasher
from ..access.protocol import Cells
from ..access.records import ACCOUNT, SESSION, TOKEN, TOLD, VOUCHED, Account, Session, Token, Vouched
from ..errors import SteadyError
from ..model import SECOND
from ..model.people import EVERYTHING, Identity, Role
from ..schema import Directory
from . import ledger
from .services import Services

MINUTE = 60 * SECOND
KEPT = 30 * 24 * 60 * MINUTE
"""How long after its end a token is known, so that its use can be told as that of one that has expired."""
QUIET = 10 * MINUTE
"""How long the same refusal of a token, or of an act, is not told again."""


class NotAdmitted(SteadyError):
    """Somebody is not let in; the words never say what was right. `wait` (seconds) is until the next attempt."""

    def __init__(self, message: str, hint: str = "", *, wait: int = 0) -> None:
        super().__init__(message, hint)
        self.wait = wait


class Access:
    """The door of one server. `services` are the settings, the journal and the time; `cells` the access store."""

    def __init__(self, services: Services, cells: Cells) -> None:
        self.services = services
        self.cells = cells
        self.hasher = Hasher()
        self.attempts = Attempts(cells, services.clock.now)

    @property
    def directory(self) -> Directory:
        """Who may do what, as the settings say it now."""
        return self.services.settings.directory

    @property
    def now(self) -> int:
        """The time (microseconds, UTC)."""
        return self.services.clock.now()

    def record(self, event: e.AccessEvent) -> None:
        """Append what happened to the journal."""
        ledger.record(self.services, event)

    def account(self, person: str) -> Account:
        """What is known of a person; an empty account for somebody who has none."""
        held = self.cells.get(ACCOUNT, person)
        return records.load(held, Account) if held else Account(person)

    # --- who is this?

    def identify_session(self, cookie: str, origin: str, act: bool = True) -> Identity | None:
        """Who holds this session; None when it holds no longer. Whoever only looks on does not prolong it (`act`)."""
        session = self.session(cookie, act=act)
        if session is None:
            return None
        rights = self.directory.rights(session.person, session.groups)
        return Identity(session.person, "web", origin, rights, session.groups) if rights else None

    def session(self, cookie: str, *, act: bool = True) -> Session | None:
        """The session that a browser names, if it holds; it is prolonged by this, where it is an act of its person."""
        if not cookie:
            return None
        key = keys.digest(cookie)
        held = self.cells.get(SESSION, key)
        if held is None:
            return None
        session = records.load(held, Session)
        account, now, login = self.account(session.person), self.now, self.directory.login
        ends = min(session.began + login.longest, session.seen + login.idle)
        if account.disabled or session.began < account.sessions_from or now >= ends or not self._still(session):
            self.cells.delete(SESSION, key)
            return None
        if act and now - session.seen >= min(MINUTE, login.idle // 10):
            later = replace(session, seen=now)
            # A swap, so that a session which was ended meanwhile is not brought back.
            self.cells.swap(
                SESSION, key, held, records.dump(later), min(now + login.idle, session.began + login.longest)
            )
        return session

    def _still(self, session: Session) -> bool:
        """Whether people may still come in the way in which this one did."""
        login = self.directory.login
        return login.accounts if session.means == "password" else login.oidc is not None

    def identify_token(self, bearer: str, origin: str) -> Identity | None:
        """Who holds this token, with the rights that it has and its person still has; None when it does not hold."""
        token, why = self._token(bearer)
        groups = self.vouched(token.person) if token else ()
        rights = self.directory.rights(token.person, groups) if token else {}
        rights = narrowed(rights, Role(token.role), token.services) if token else {}
        if token is None or why or not rights:
            self._token_refused(token, origin, why or "its person has no such right any more")
            return None
        if self.now - token.used >= MINUTE or token.used_from != origin:
            used = replace(token, used=self.now, used_from=origin)
            self.cells.swap(TOKEN, token.id, records.dump(token), records.dump(used), used.expires + KEPT)
        return Identity(token.person, "api", origin, rights, groups, token.id)

    def _token(self, bearer: str) -> tuple[Token | None, str]:
        """What is kept of a token, and why it does not hold. A wrong secret tells nothing of the token."""
        parts = keys.parts(bearer)
        held = self.cells.get(TOKEN, parts[0]) if parts else None
        token = records.load(held, Token) if held else None
        if parts is None or token is None or not keys.same(parts[1], token.hash):
            return None, "there is no such token"
        if self.now >= token.expires:
            return token, "it has expired"
        return token, "its person is disabled" if self.account(token.person).disabled else ""

    def _token_refused(self, token: Token | None, origin: str, why: str) -> None:
        name, person = (token.id, token.person) if token else ("", "")
        if self.first_time(f"token {name} {origin} {why}"):
            self.record(e.TokenRefused(name, person, "api", origin, why))

    def first_time(self, what: str) -> bool:
        """Whether this was not told in the last minutes: the same again and again does not fill the journal."""
        key = keys.digest(what)
        if self.cells.get(TOLD, key) is not None:
            return False  # whoever asks all the time does not make the store write all the time
        return self.cells.put(TOLD, key, b"1", self.now + QUIET, only_new=True)

    def vouched(self, person: str) -> tuple[str, ...]:
        """The groups that the provider named when the person last signed in there, while that is not too long ago."""
        held = self.cells.get(VOUCHED, person)
        return records.load(held, Vouched).groups if held and self.directory.login.oidc else ()

    def refuse_act(self, who: Identity, act: str) -> None:
        """Somebody who is known wanted what they may not do."""
        if self.first_time(f"act {who.person} {who.token} {who.origin} {act}"):
            self.record(e.ActRefused(who.person, act, who.how, who.origin, who.token))

    # --- signing in and out

    def sign_in(self, name: str, password: str, origin: str, agent: str = "", before: str = "") -> str:
        """The secret of a new session. `before` is that of the browser's last one, which ends. Raises NotAdmitted.

        A name that does not exist takes as long, counts as much and is told in the same words.
        """
        attempt = self.attempts.begin(name, origin)
        if attempt.wait:
            raise too_often(attempt.wait)
        person = name if name in self.directory.people else ""
        account = self.account(person) if person else Account("")
        right = self.hasher.verify(account.hash, password)
        if not self.directory.login.accounts:
            right, why = False, "passwords are not taken here"
        elif not person:
            why = "nobody has this name"
        elif not account.hash:
            why = "there is no password for this person"
        elif not right:
            why = "it is not the password"
        else:
            why = "the account is disabled" if account.disabled else ""
        if not right or account.disabled or not self.directory.rights(person):
            self.refused(attempt, person, origin, why or "the person has no role")
            raise NotAdmitted("the name or the password is not right", "try again, or ask an admin for a new password")
        self.attempts.succeeded(name, origin)
        if self.hasher.outdated(account.hash):
            self.change_account(person, lambda old: replace(old, hash=self.hasher.hash(password)))
        return self.begin_session(person, "password", origin, agent, before=before)

    def refused(self, attempt: Attempt, person: str, origin: str, why: str) -> None:
        """An attempt was in vain; what it locks is told as well."""
        self.cells.prune(self.now)
        self.record(e.SignInRefused(person, "web", origin, "password", why))
        for lock in attempt.locks:
            subject = origin if lock.what == "address" else person
            self.record(e.LockedOut(lock.what, subject, "web", origin, lock.number, lock.until))

    def begin_session(
        self,
        person: str,
        means: str,
        origin: str,
        agent: str = "",
        *,
        before: str = "",
        groups: tuple[str, ...] = (),
        proof: str = "",
    ) -> str:
        """The secret of a new session, never one that was there before, of somebody who has proved who they are."""
        now, login, secret = self.now, self.directory.login, keys.new_secret()
        self.cells.prune(now)
        if before:
            self.cells.delete(SESSION, keys.digest(before))
        session = Session(keys.new_id(), person, means, now, now, origin, agent[:200], groups, proof)
        key = keys.digest(secret)
        self.cells.put(SESSION, key, records.dump(session), now + min(login.idle, login.longest))
        try:
            self.record(e.SignedIn(person, "web", origin, means, session.id, groups))
        except SteadyError:
            self.cells.delete(SESSION, key)  # nobody is in without the journal knowing
            raise
        return secret

    def sign_out(self, cookie: str, origin: str) -> Session | None:
        """End the session of a browser; it is returned, so that one can sign out at the provider too."""
        held = self.cells.take(SESSION, keys.digest(cookie)) if cookie else None
        if held is None:
            return None
        session = records.load(held, Session)
        self.record(e.SignedOut(session.person, "web", origin, session.person, session.id))
        return session

    def sessions(self, person: str) -> tuple[tuple[str, Session], ...]:
        """The sessions of a person by their digests, the latest first."""
        found = ((key, records.load(held, Session)) for key, held in self.cells.list(SESSION))
        return tuple(sorted((pair for pair in found if pair[1].person == person), key=lambda p: -p[1].seen))

    def end_sessions(self, person: str, by: str, how: str, origin: str, *, why: str, keep: str = "") -> int:
        """End the sessions of a person, except the one with the secret `keep`; how many."""
        kept = keys.digest(keep) if keep else ""
        ended = sum(self.cells.delete(SESSION, key) for key, _ in self.sessions(person) if key != kept)
        if ended:
            self.record(e.SignedOut(person, how, origin, by, "", why))
        return ended

    def change_account(self, person: str, change: Callable[[Account], Account]) -> Account:
        """Change an account, whoever else does so at the same time."""
        while True:
            held = self.cells.get(ACCOUNT, person)
            account = change(records.load(held, Account) if held else Account(person))
            if self.cells.swap(ACCOUNT, person, held, records.dump(account)):
                return account

    def close(self) -> None:
        """Let go of the store."""
        with suppress(SteadyError):
            self.cells.close()


def word_for(cookie: str, purpose: str) -> str:
    """The word that forms of our own pages carry in a browser with this cookie: nobody else can know it."""
    return keys.derived(cookie, f"form {purpose}")


def too_often(wait: int) -> NotAdmitted:
    """What is said to somebody who must wait (microseconds)."""
    seconds = max(1, -(-wait // SECOND))
    shown = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
    return NotAdmitted("there were too many attempts", f"wait {shown}, then try again", wait=seconds)


def narrowed(rights: Mapping[str, Role], role: Role, services: Iterable[str]) -> dict[str, Role]:
    """Rights, cut down to a role and to some services; `*` among the services cuts none of them off."""
    listed = tuple(services)
    if EVERYTHING in listed:
        return {service: min(held, role) for service, held in rights.items()}
    held = {service: max(rights.get(service, 0), rights.get(EVERYTHING, 0)) for service in listed}
    return {service: Role(min(level, role)) for service, level in held.items() if level}
