"""An identity provider (OpenID Connect): where to send people, and what its answer is worth.

The authorization code flow with PKCE. What comes back is believed only if the provider signed it, with an algorithm of
public keys, for us, for the login that was begun, within a minute of the right time. Keys are fetched again when one is
unknown, so that the provider may rotate them; never more often than every minute, so that nobody can make us ask.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..errors import SteadyError
from ..schema import Oidc
from .protocol import Now

SECOND = 1_000_000
KEPT, PAUSE = 3600 * SECOND, 60 * SECOND
"""How long what the provider says of itself is kept, and the least time between two fetches of its keys."""
SKEW = 60
"""Seconds that its clock may differ from ours."""
OLDEST = 600
"""Seconds since it vouched for somebody."""
PATIENCE = 10.0
LARGEST = 1024 * 1024
OK = 200
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""None that needs a shared secret, and not `none`."""

Claims = Mapping[str, Any]


class ProviderFailed(SteadyError):
    """The provider cannot be reached, or what it says cannot be believed."""


class Provider:
    """One identity provider. `secret` fetches the client's password, '' for a client without one."""

    def __init__(self, oidc: Oidc, secret: Callable[[], str], now: Now) -> None:
        self.oidc = oidc
        self._secret = secret
        self._now = now
        self._lock = threading.Lock()
        self._said: Claims = {}
        self._said_at = 0
        self._keys: tuple[Claims, ...] = ()
        self._keys_at = 0

    # --- the three steps of a login

    def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Where to send a browser, which comes to `back` afterwards. Raises ProviderFailed."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": back,
            "scope": " ".join(dict.fromkeys(("openid", *self.oidc.scopes))),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return _with(self._endpoint("authorization_endpoint"), asked)

    def answered(self, issuer: str) -> None:
        """The answer in the browser must be this provider's. Raises ProviderFailed."""
        said = self._metadata()
        wanted = said.get("authorization_response_iss_parameter_supported") is True
        if (issuer or wanted) and not hmac.compare_digest(issuer.encode(), str(said["issuer"]).encode()):
            raise ProviderFailed("the answer does not come from the identity provider", "sign in again")

    def redeem(self, code: str, back: str, verifier: str, nonce: str) -> tuple[Claims, str]:
        """What the provider vouches for, and the proof. Raises ProviderFailed."""
        answer = self._token(code, back, verifier)
        proof = answer.get("id_token")
        if not isinstance(proof, str):
            raise ProviderFailed("the identity provider has sent no identity", "its client must allow the scope openid")
        claims = self._verified(proof, nonce)
        wanted = {self.oidc.person, self.oidc.groups} - {""}
        if self.oidc.person == "email":
            wanted.add("email_verified")
        if not wanted <= claims.keys() and isinstance(answer.get("access_token"), str):
            claims = {**self._more(answer["access_token"], str(claims["sub"])), **claims}
        return claims, proof

    def ending(self, proof: str, back: str) -> str:
        """Where one can sign out at the provider too; '' where that cannot be done."""
        try:
            if not self._metadata().get("end_session_endpoint"):
                return ""
            end = self._endpoint("end_session_endpoint")
        except ProviderFailed:
            return ""
        asked = {"client_id": self.oidc.client_id, "post_logout_redirect_uri": back}
        return _with(end, {**asked, **({"id_token_hint": proof} if proof else {})})

    # --- what it says of itself

    def _metadata(self) -> Claims:
        with self._lock:
            now = self._now()
            if self._said and now - self._said_at < KEPT:
                return self._said
            said = self._fetch("GET", f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
            if str(said.get("issuer", "")).rstrip("/") != self.oidc.issuer.rstrip("/"):
                hint = f"write into `login.oidc.issuer` what it calls itself: {str(said.get('issuer'))[:200]}"
                raise ProviderFailed("the identity provider calls itself something else", hint)
            self._said, self._said_at = said, now
            return said

    def _endpoint(self, name: str) -> str:
        """An address of the provider; over https, unless the provider itself is not."""
        found = self._metadata().get(name)
        scheme = urlsplit(self.oidc.issuer).scheme
        if not isinstance(found, str) or urlsplit(found).scheme not in {"https", scheme}:
            raise ProviderFailed(f"the identity provider has no {name}", "it must speak OpenID Connect Discovery")
        return found

    def _key(self, name: str | None, algorithm: str) -> Any:
        """The key with this name (of several without one, the one for the algorithm)."""
        found = self._pick(name, algorithm)
        if found is None:
            self._refresh()
            found = self._pick(name, algorithm)
        if found is None:
            raise ProviderFailed("the identity is signed with a key that the provider does not name", "sign in again")
        return found

    def _pick(self, name: str | None, algorithm: str) -> Any:
        from jwt import PyJWK, PyJWKError  # noqa: PLC0415 only where somebody signs in so

        family = {"R": "RSA", "P": "RSA", "E": "EC"}[algorithm[0]] if algorithm != "EdDSA" else "OKP"
        for held in self._keys:
            usable = held.get("use", "sig") == "sig" and held.get("kty") == family
            if usable and held.get("alg", algorithm) == algorithm and (name is None or held.get("kid") == name):
                try:
                    return PyJWK(dict(held), algorithm)
                except PyJWKError:
                    continue
        return None

    def _refresh(self) -> None:
        address = self._endpoint("jwks_uri")
        with self._lock:
            if self._keys and self._now() - self._keys_at < PAUSE:
                return
            listed = self._fetch("GET", address).get("keys")
            self._keys = tuple(one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
            self._keys_at = self._now()

    # --- what it says of somebody

    def _token(self, code: str, back: str, verifier: str) -> Claims:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        secret = self._secret()
        ways = self._metadata().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if secret and "client_secret_basic" in ways:
            return self._fetch("POST", self._endpoint("token_endpoint"), form, (self.oidc.client_id, secret))
        form |= {"client_id": self.oidc.client_id, **({"client_secret": secret} if secret else {})}
        return self._fetch("POST", self._endpoint("token_endpoint"), form)

    def _verified(self, proof: str, nonce: str) -> Claims:
        """The claims of an identity, if every one of them can be believed. Raises ProviderFailed."""
        import jwt  # noqa: PLC0415 only where somebody signs in so

        try:
            head = jwt.get_unverified_header(proof)
            algorithm = head.get("alg")
            if algorithm not in ALGORITHMS:
                raise ProviderFailed("the identity is not signed with a public key", f"one of {', '.join(ALGORITHMS)}")
            claims: Claims = jwt.decode(
                proof,
                self._key(head.get("kid"), algorithm),
                algorithms=[algorithm],
                audience=self.oidc.client_id,
                issuer=str(self._metadata()["issuer"]),
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False,
                         "require": ["iss", "sub", "aud", "exp", "iat"]},
            )  # fmt: skip
        except jwt.InvalidTokenError as problem:
            raise ProviderFailed(f"the identity cannot be believed: {problem}", "sign in again") from problem
        self._of_now(claims)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ProviderFailed("the identity is for another login", "sign in again")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.oidc.client_id) != self.oidc.client_id:
            raise ProviderFailed("the identity is for another program", "check `login.oidc.client_id`")
        return claims

    def _of_now(self, claims: Claims) -> None:
        """Its times, by the clock of the server."""
        now = self._now() / SECOND
        times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
        if any(isinstance(at, bool) or not isinstance(at, int | float) for at in times.values()):
            raise ProviderFailed("the identity has no times", "sign in again")
        if now > times["exp"] + SKEW or now > times["iat"] + OLDEST + SKEW:
            raise ProviderFailed("the identity has expired", "sign in again; if it stays so, compare the clocks")
        if max(times["iat"], times.get("nbf", 0)) > now + SKEW:
            raise ProviderFailed(
                "the identity is from the future", "compare the clocks of the provider and of this server"
            )

    def _more(self, access: str, subject: str) -> Claims:
        """What the identity did not hold, from where the provider tells more of the same person."""
        if not self._metadata().get("userinfo_endpoint"):
            return {}
        said = self._fetch("GET", self._endpoint("userinfo_endpoint"), bearer=access)
        if said.get("sub") != subject:
            raise ProviderFailed("the identity provider speaks of somebody else", "sign in again")
        return said

    # --- asking it

    def _fetch(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
        bearer: str = "",
    ) -> Claims:
        """A JSON object from the provider. No redirect is followed, and an answer is bounded."""
        import httpx  # noqa: PLC0415 only where somebody signs in so

        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            verify = ssl.create_default_context(cafile=self.oidc.ca) if self.oidc.ca else True
            with (
                httpx.Client(timeout=PATIENCE, verify=verify) as client,
                client.stream(method, address, data=form, headers=headers, auth=login) as answer,
            ):
                body = bytearray()
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise ProviderFailed("the answer of the identity provider is too large", "check its address")
                return _object(answer.status_code, bytes(body), address)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            where = urlsplit(address).netloc
            message = f"the identity provider at {where} cannot be reached: {str(problem) or type(problem).__name__}"
            raise ProviderFailed(message, "try again; passwords of this server work meanwhile") from problem


def _object(status: int, body: bytes, address: str) -> Claims:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if status == OK and isinstance(found, dict):
        return found
    said = found.get("error") if isinstance(found, dict) else None
    words = f": {said}" if isinstance(said, str) and said.isascii() and said.replace("_", "").isalnum() else ""
    where = urlsplit(address).path
    raise ProviderFailed(f"the identity provider answered {status} at {where}{words}", "see its log, and `login.oidc`")


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"
