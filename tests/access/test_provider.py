"""What an identity provider says is believed only if every part of it can be. The real one: tests/web/test_oidc.py."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from steadyhand.access.provider import SECOND, Provider, ProviderFailed
from steadyhand.schema import Oidc

from .lying import liar

BACK = "https://steady.example/login/oidc/return"


@pytest.fixture
def lies():
    with liar() as found:
        yield found


@pytest.fixture
def clock():
    return [time.time_ns() // 1000]


@pytest.fixture
def provider(lies, clock):
    return Provider(Oidc(lies.issuer, "steady"), lambda: "secret", lambda: clock[0])


def redeem(provider):
    return provider.redeem("code", BACK, "verifier", "n")[0]


def refused(provider):
    with pytest.raises(ProviderFailed) as why:
        redeem(provider)
    assert why.value.hint
    return why.value.message


def test_a_good_identity_is_believed(provider, lies):
    assert redeem(provider)["preferred_username"] == "ana"
    form, login = next((form, login) for path, form, login in lies.asked if path == "/token")
    assert form == {
        "grant_type": ["authorization_code"],
        "code": ["code"],
        "redirect_uri": [BACK],
        "code_verifier": ["verifier"],
    }
    assert login == "Basic c3RlYWR5OnNlY3JldA=="


def test_the_address_asks_for_a_code_with_a_proof_key(provider):
    asked = parse_qs(urlsplit(provider.address(BACK, "state", "nonce", "verifier")).query)
    assert asked == {
        "response_type": ["code"], "client_id": ["steady"], "redirect_uri": [BACK], "scope": ["openid profile email"],
        "state": ["state"], "nonce": ["nonce"], "code_challenge_method": ["S256"],
        "code_challenge": ["iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ"],
    }  # fmt: skip


@pytest.mark.parametrize("ways", [["client_secret_post"], ["private_key_jwt"]])
def test_the_password_is_sent_in_the_way_that_the_provider_takes(provider, lies, ways):
    lies.metadata["token_endpoint_auth_methods_supported"] = ways
    redeem(provider)
    form, login = next((form, login) for path, form, login in lies.asked if path == "/token")
    assert (form["client_id"], form["client_secret"], login) == (["steady"], ["secret"], "")


def test_a_client_without_a_password_sends_none(lies, clock):
    redeem(Provider(Oidc(lies.issuer, "steady"), lambda: "", lambda: clock[0]))
    form, login = next((form, login) for path, form, login in lies.asked if path == "/token")
    assert (form["client_id"], "client_secret" in form, login) == (["steady"], False, "")


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "other"}, "the identity cannot be believed: Audience doesn't match"),
        ({"aud": ["steady", "other"]}, "the identity is for another program"),
        ({"azp": "other"}, "the identity is for another program"),
        ({"iss": "https://evil.example"}, "the identity cannot be believed: Invalid issuer"),
        ({"nonce": "another"}, "the identity is for another login"),
        ({"nonce": ...}, "the identity is for another login"),
        ({"exp": NOW - 120}, "the identity has expired"),
        ({"iat": NOW - 1200}, "the identity has expired"),
        ({"iat": NOW + 600}, "the identity is from the future"),
        ({"nbf": NOW + 600}, "the identity is from the future"),
        ({"exp": ...}, 'the identity cannot be believed: Token is missing the "exp" claim'),
        ({"sub": ...}, 'the identity cannot be believed: Token is missing the "sub" claim'),
        ({"iat": "soon"}, "the identity has no times"),
        ({"exp": True}, "the identity has no times"),
    ],
)
def test_a_claim_that_is_wrong_is_not_believed(provider, lies, claims, words):
    lies.claims = claims
    assert refused(provider).startswith(words)


def test_several_audiences_are_fine_when_we_are_the_one_who_asked(provider, lies):
    lies.claims = {"aud": ["steady", "other"], "azp": "steady"}
    assert redeem(provider)["azp"] == "steady"


def test_a_clock_that_is_a_little_off_is_borne(provider, lies):
    lies.claims = {"iat": NOW + 30, "exp": int(time.time()) - 30}
    assert redeem(provider)["sub"] == "1"


def test_an_identity_that_nobody_signed_is_not_believed(provider, lies):
    lies.key, lies.algorithm = None, "none"
    assert refused(provider) == "the identity is not signed with a public key"


def test_a_public_key_is_no_shared_secret(provider, lies):
    """The trick of signing with the public key as if it were a password."""
    lies.key, lies.algorithm = "x" * 64, "HS256"
    assert refused(provider) == "the identity is not signed with a public key"


def test_another_key_of_the_same_name_is_not_believed(provider, lies):
    from cryptography.hazmat.primitives.asymmetric import ec

    redeem(provider)
    lies.key = ec.generate_private_key(ec.SECP256R1())
    assert refused(provider) == "the identity cannot be believed: Signature verification failed"


def test_an_identity_that_was_altered_is_not_believed(provider, lies):
    head, body, signature = lies.identity().split(".")
    other = jwt.utils.base64url_encode(jwt.utils.base64url_decode(body).replace(b'"ana"', b'"kim"')).decode()
    lies.token = {"id_token": f"{head}.{other}.{signature}"}
    assert refused(provider) == "the identity cannot be believed: Signature verification failed"


@pytest.mark.parametrize("token", [{}, {"id_token": 5}, {"id_token": "x.y"}, {"id_token": ""}])
def test_no_identity_at_all_is_told(provider, lies, token):
    lies.token = token
    assert refused(provider).startswith(
        ("the identity provider has sent no identity", "the identity cannot be believed")
    )


def test_keys_may_be_rotated_and_nobody_makes_us_ask_all_the_time(provider, lies, clock):
    redeem(provider)
    lies.use_rsa()
    assert refused(provider) == "the identity is signed with a key that the provider does not name"
    asked = sum(path == "/keys" for path, *_ in lies.asked)
    for _ in range(5):
        refused(provider)
    assert sum(path == "/keys" for path, *_ in lies.asked) == asked == 1
    clock[0] += 61 * SECOND
    assert redeem(provider)["sub"] == "1"


def test_a_key_for_something_else_is_not_used(provider, lies):
    lies.keys[0]["use"] = "enc"
    assert "does not name" in refused(provider)


def test_one_without_a_name_is_found_by_its_kind(provider, lies):
    lies.kid = ""
    assert redeem(provider)["sub"] == "1"


def test_what_it_says_of_itself_is_kept_for_an_hour(provider, lies, clock):
    for _ in range(3):
        redeem(provider)
    assert sum("openid-configuration" in path for path, *_ in lies.asked) == 1
    clock[0] += 3601 * SECOND
    lies.claims = {"iat": clock[0] // SECOND, "exp": clock[0] // SECOND + 60}
    redeem(provider)
    assert sum("openid-configuration" in path for path, *_ in lies.asked) == 2


def test_a_provider_that_calls_itself_otherwise_is_not_believed(provider, lies):
    lies.metadata["issuer"] = "https://evil.example"
    assert refused(provider) == "the identity provider calls itself something else"


@pytest.mark.parametrize("address", [None, "ftp://x/", "/token", 5])
def test_its_addresses_are_addresses(provider, lies, address):
    lies.metadata["token_endpoint"] = address
    assert refused(provider) == "the identity provider has no token_endpoint"


def test_the_answer_in_the_browser_must_be_its_own(provider, lies):
    provider.answered("")
    provider.answered(lies.issuer)
    with pytest.raises(ProviderFailed, match="does not come from the identity provider"):
        provider.answered("https://evil.example")


def test_where_it_says_that_it_names_itself_it_must(lies, clock):
    lies.metadata["authorization_response_iss_parameter_supported"] = True
    provider = Provider(Oidc(lies.issuer, "steady"), lambda: "", lambda: clock[0])
    with pytest.raises(ProviderFailed):
        provider.answered("")


def test_more_is_asked_for_when_the_identity_does_not_hold_it(lies, clock):
    lies.metadata["userinfo_endpoint"] = f"{lies.issuer}/userinfo"
    lies.userinfo = {"sub": "1", "groups": ["sre"], "preferred_username": "not-from-here"}
    provider = Provider(Oidc(lies.issuer, "steady", groups="groups"), lambda: "", lambda: clock[0])
    claims = redeem(provider)
    assert (claims["groups"], claims["preferred_username"]) == (["sre"], "ana")
    assert ("/userinfo", {}, "Bearer at") in lies.asked
    lies.userinfo["sub"] = "2"
    assert refused(provider) == "the identity provider speaks of somebody else"


@pytest.mark.parametrize(
    ("status", "raw", "words"),
    [
        (
            400,
            b'{"error": "invalid_grant"}',
            "the identity provider answered 400 at /.well-known/openid-configuration: invalid_grant",
        ),
        (400, b'{"error": "<script>"}', "the identity provider answered 400 at /.well-known/openid-configuration"),
        (500, b"<html>", "the identity provider answered 500 at /.well-known/openid-configuration"),
        (200, b"[]", "the identity provider answered 200 at /.well-known/openid-configuration"),
        (302, b"{}", "the identity provider answered 302 at /.well-known/openid-configuration"),
        (200, b"x" * (1024 * 1024 + 1), "the answer of the identity provider is too large"),
    ],
)
def test_an_answer_that_is_none_is_told(provider, lies, status, raw, words):
    lies.status, lies.raw = status, raw
    assert refused(provider) == words


def test_one_that_is_away_is_told():
    provider = Provider(Oidc("http://127.0.0.1:9", "steady"), lambda: "", lambda: 0)
    with pytest.raises(ProviderFailed, match=r"the identity provider at 127.0.0.1:9 cannot be reached: .*refused"):
        provider.address(BACK, "s", "n", "v")


def test_authorities_that_are_not_there_are_told(tmp_path):
    provider = Provider(Oidc("https://127.0.0.1:9", "steady", ca=str(tmp_path / "none.pem")), lambda: "", lambda: 0)
    with pytest.raises(ProviderFailed, match="No such file"):
        provider.address(BACK, "s", "n", "v")


def test_where_to_sign_out_there(provider, lies, clock):
    assert provider.ending("proof", "https://steady.example/login") == ""
    lies.metadata["end_session_endpoint"] = f"{lies.issuer}/end?x=1"
    clock[0] += 3601 * SECOND
    address = provider.ending("proof", "https://steady.example/login")
    assert address.startswith(f"{lies.issuer}/end?x=1&")
    assert parse_qs(urlsplit(address).query)["id_token_hint"] == ["proof"]
