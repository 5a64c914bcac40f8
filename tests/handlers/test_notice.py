"""What a channel is told: no secret, nothing for customers that is not theirs, nothing longer than it may be."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._chat import mrkdwn
from steadyhand.handlers._notice import Notice, check, cleaned, cut, fitted, noticed
from steadyhand.model import Literal, Secret, Text, Value, plain

ENV = {"STEADY_RUN": "r1", "STEADY_STEP": "tell", "STEADY_VISIT": "1"}
EACH = {"responders": plain("db2 is down"), "customers": plain("We look into it")}
TOKEN = Text((Literal("x "), Secret("token")))


@pytest.mark.parametrize(
    "params",
    [{"message": TOKEN}, {"message": {"customers": TOKEN}}, {"message": plain("m"), "title": TOKEN},
     {"message": plain("m"), "link": TOKEN}, {"message": plain("m"), "links": {"a": TOKEN}}, {"message": plain("m"), "key": TOKEN},
     {"message": plain("m"), "title": {"responders": TOKEN}}],
)  # fmt: skip
def test_no_secret_is_said(params):
    with pytest.raises(BadInput) as caught:
        check(params)
    assert "holds the secret token, and no message may" in caught.value.message
    assert caught.value.hint == "leave it out: what is sent is kept where we cannot take it back"


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"message": plain("  ")}, "`message` is empty", "say what people should know"),
        ({"message": {}}, "`message` is empty", "say what people should know"),
        ({"message": None}, "`message` is empty", "say what people should know"),
        ({"message": {"everybody": plain("x")}}, "there is no audience 'everybody'",
         "one of responders, company, customers"),
        ({"message": EACH, "audience": plain("company")}, "`audience` and a message for each audience are both given",
         "leave `audience` out: each channel gets the text for its own"),
        ({"message": plain("x"), "audience": plain("all")}, "there is no audience 'all'",
         "one of responders, company, customers"),
        ({"message": plain("x"), "action": plain("close")}, "there is no action 'close'",
         "one of trigger, acknowledge, resolve"),
        ({"message": plain("x"), "severity": plain("P1")}, "there is no severity 'P1'",
         "one of SEV1, SEV2, SEV3, SEV4, CRITICAL, ERROR, WARNING, INFO"),
        ({"message": plain("x"), "link": plain("javascript:alert(1)")},
         "the link Look is no address: 'javascript:alert(1)'", "begin it with https:// and a host"),
    ],
)  # fmt: skip
def test_what_cannot_be_said(params, message, hint):
    with pytest.raises(BadInput) as caught:
        check(params)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_each_audience_gets_its_own():
    params = {"message": EACH, "title": plain("db2"), "link": plain("https://internal/x"), "severity": plain("sev1")}
    ours, theirs = (noticed(params, "c", audience, ENV) for audience in ("responders", "customers"))
    assert (ours.message, ours.title, ours.links) == ("db2 is down", "db2", (("Look", "https://internal/x"),))
    assert (theirs.message, theirs.title, theirs.links, theirs.footer) == ("We look into it", "", (), "")
    assert ours.footer == "critical · run r1 · tell"
    assert noticed(params, "c", "company", ENV).message == "db2 is down"


def test_customers_read_nothing_that_is_not_theirs():
    with pytest.raises(BadInput, match="customers read the channel page, and this message is not written for them"):
        noticed({"message": plain("x")}, "page", "customers")
    with pytest.raises(BadInput, match="there is no message for customers, who read page"):
        noticed({"message": {"company": plain("x")}}, "page", "customers")
    said = {"message": plain("x"), "audience": plain("customers"), "link": plain("https://a/"), "title": plain("T")}
    found = noticed(said, "page", "customers")
    assert (found.message, found.title, found.links) == ("x", "T", (("Look", "https://a/"),))


def test_those_who_work_on_it_may_read_what_customers_read():
    assert noticed({"message": {"customers": plain("x")}}, "c", "responders").message == "x"
    title = {"customers": plain("For all")}
    assert noticed({"message": EACH, "title": title}, "c", "customers").title == "For all"


def test_a_delivery_has_one_name_in_every_attempt_and_each_channel_its_own():
    params = {"message": plain("x")}
    names = {noticed(params, "a", "responders", {**ENV, "STEADY_ATTEMPT": n}).token for n in "12"}
    others = {
        noticed(params, "b", "responders", ENV).token,
        noticed(params, "a", "responders", {**ENV, "STEADY_VISIT": "2"}).token,
    }
    assert len(names) == 1
    assert len(names | others) == 3


def test_what_it_is_about():
    assert Notice("m", run="r1").subject() == "steadyhand/r1"
    assert Notice("m", run="r1").subject("checkout") == "checkout"
    assert Notice("m", run="r1", key="k").subject("checkout") == "k"


def test_a_headline():
    assert Notice("first  line\nsecond").headline == "first line"
    assert Notice("first", title="T").headline == "T"


def test_text_is_text():
    assert cleaned("a\r\nb\rc\x00\x1b[2J\ud800é") == "a\nb\nc\ufffd\ufffd[2J\ufffdé"
    title = Text((Literal("a"), Value("\r\nBcc: x", "\r\nBcc: x")))
    assert noticed({"message": plain("m"), "title": title}, "c", "responders").title == "a Bcc: x"


def test_what_is_too_long_is_cut_and_says_so():
    assert cut("x" * 10, 10) == "x" * 10
    assert cut("x" * 1000, 100).endswith("x … (cut: 1,000 characters)")
    assert len(cut("x" * 1000, 100)) == 100
    assert cut("x" * 100, 10) == "x" * 9 + "…"
    found = fitted("<" * 5000, 3000, mrkdwn)
    assert len(found) <= 3000
    assert found.endswith("&lt; … (cut: 5,000 characters)")
