"""Who sends: tokens, passwords, signatures; several at once; nothing that is close is told from what is far."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from steadyhand.alerts import verify
from steadyhand.schema.intakes import IntakeSpec

SECRETS = {"new": b"new-secret-value", "old": b"old-secret-value", "gone": b"", "other": "geheäim".encode()}
BODY, NOW = b'{"a":1}', 1_795_447_926


def secrets(name: str) -> bytes:
    return SECRETS[name]


def spec(source: str = "generic", **more) -> IntakeSpec:
    return IntakeSpec("x", source, **more)


def sign(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()


TOKEN = spec(token=("new", "old", "gone", "other"))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("Bearer new-secret-value", None),
        ("bearer  old-secret-value ", None),
        ("Bearer new-secret-valu", 403),
        ("Bearer new-secret-value2", 403),
        ("Bearer \xff\udcff", 403),
        ("Bearer gehe\u00c3\u00a4im", None),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Basic new-secret-value", 401),
        ("new-secret-value", 401),
        ("", 401),
    ],
)
def test_a_token(given, status):
    wrong = verify.shown(TOKEN, {"authorization": given}, secrets)
    assert (wrong.status if wrong else None) == status


def test_a_token_in_a_header_of_its_own():
    own = spec(token=("new",), header="X-Api-Key")
    assert verify.shown(own, {"x-api-key": "new-secret-value"}, secrets) is None
    assert (
        verify.shown(own, {"authorization": "Bearer new-secret-value"}, secrets).why
        == "the header x-api-key is missing"
    )


def test_a_secret_that_could_not_be_had_fits_nothing():
    lost = spec(token=("gone",))
    for given in ("Bearer x", "Bearer ", "Bearer"):
        assert verify.shown(lost, {"authorization": given}, secrets) is not None
    signed = spec(signature=("gone",))
    assert verify.signed(signed, {"x-signature-256": sign(b"", BODY)}, BODY, secrets, NOW).status == 403


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def test_a_user_and_a_password():
    own = spec("datadog", user="dd", password=("new", "old"))
    assert verify.shown(own, basic("dd", "old-secret-value"), secrets) is None
    assert verify.shown(own, basic("dd", "x"), secrets).status == 403
    assert verify.shown(own, basic("de", "new-secret-value"), secrets).status == 403
    assert verify.shown(own, {}, secrets).status == 401
    assert verify.shown(own, {"authorization": "Basic ***"}, secrets).status == 400


def test_all_that_is_asked_for_must_hold():
    both = spec(token=("new",), header="X-Key", user="dd", password=("old",))
    assert verify.shown(both, {"x-key": "new-secret-value", **basic("dd", "old-secret-value")}, secrets) is None
    assert verify.shown(both, {"x-key": "new-secret-value"}, secrets).status == 401


PAGERDUTY = spec("pagerduty", signature=("new", "old"))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"v1={sign(SECRETS['old'], BODY)}", None),
        (f"v1={'0' * 64}, v1={sign(SECRETS['new'], BODY)}", None),
        (f"v2=abc,v1={sign(SECRETS['new'], BODY)}", None),
        (f"v1={sign(SECRETS['new'], BODY).upper()}", None),
        (f"v1={sign(SECRETS['new'], BODY + b' ')}", 403),
        (f"v0={sign(SECRETS['new'], BODY)}", 400),
        ("v1=short", 400),
        ("", 401),
    ],
)
def test_signatures_of_pagerduty(given, status):
    wrong = verify.signed(PAGERDUTY, {"x-pagerduty-signature": given}, BODY, secrets, NOW)
    assert (wrong.status if wrong else None) == status


def test_the_published_example_of_pagerduty():
    """HMAC with SHA-256 over the raw body, in hexadecimal: known values of RFC 4231, test case 2."""
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    body = b"what do ya want for nothing?"
    assert verify.signed(PAGERDUTY, {"x-pagerduty-signature": f"v1={known}"}, body, lambda _: b"Jefe", NOW) is None


def test_signatures_of_grafana():
    plain = spec("grafana", signature=("new",))
    assert (
        verify.signed(plain, {"x-grafana-alerting-signature": sign(SECRETS["new"], BODY)}, BODY, secrets, NOW) is None
    )
    timed = spec("grafana", signature=("new",), signature_header="X-Sig", timestamp_header="X-Time")

    def at(when: object, signed: object = None) -> int | None:
        said = sign(SECRETS["new"], f"{when if signed is None else signed}:".encode() + BODY)
        wrong = verify.signed(timed, {"x-sig": said, "x-time": str(when)}, BODY, secrets, NOW)
        return wrong.status if wrong else None

    assert [at(NOW), at(NOW - 299), at(NOW + 299)] == [None, None, None]
    assert [at(NOW - 301), at(NOW + 301), at(NOW, NOW - 1), at("soon"), at("")] == [403, 403, 403, 401, 401]


def test_a_signature_of_anybody_else():
    own = spec(signature=("new",), signature_header="X-Hub-Signature-256")
    given = {"x-hub-signature-256": f"sha256={sign(SECRETS['new'], BODY)}"}
    assert verify.signed(own, given, BODY, secrets, NOW) is None
    assert verify.signed(spec(token=("new",)), {}, BODY, secrets, NOW) is None  # none is asked for


def slack(key: bytes, at: object, body: bytes = BODY) -> dict[str, str]:
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={sign(key, f'v0:{at}:'.encode() + body)}"}


def test_signatures_of_slack():
    keys = [b"other", b"8f742231b10e8888abcd99yyyzzz85a5"]
    published = (  # from Slack's own page on verifying requests
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name="
        b"foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F"
        b"hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
        b"47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    known = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    given = {"x-slack-request-timestamp": "1531420618", "x-slack-signature": known}
    assert verify.slack(given, published, keys, 1531420700) is None
    assert verify.slack(given, published + b" ", keys, 1531420700).status == 403
    assert verify.slack(given, published, keys, 1531420618 + 301).status == 403
    assert verify.slack(given, published, [b"wrong", b""], 1531420700).status == 403
    assert verify.slack({}, published, keys, NOW).status == 401
    assert verify.slack(slack(b"k", "x"), BODY, [b"k"], NOW).status == 401
    assert verify.slack({**slack(b"k", NOW), "x-slack-signature": "\udcff"}, BODY, [b"k"], NOW).status == 403
