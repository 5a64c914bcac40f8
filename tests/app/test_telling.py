"""Messages of the server go out through the channels of the settings, and no failure tells a secret."""

from __future__ import annotations

import pytest

from steadyhand.app.services import Services
from steadyhand.app.telling import Button, Notice, Teller
from steadyhand.errors import BadInput, HandlerError

from ..realparts.slack_fake import CHANNEL, TOKEN
from .asked import place

SAID = Notice(message="It <!here> burns", title="Orders & more", token="t" * 32)


@pytest.fixture
def told(tmp_path):
    with place(tmp_path) as there:
        yield there, Teller(Services(cwd=str(tmp_path))), tmp_path


def test_a_letter_goes_to_one_person(told):
    there, teller, _ = told
    teller.mail("mail", "ana@shop.example", SAID)
    ((sender, to, message),) = there.box.taken
    assert (sender, to) == ("steady@shop.example", ["ana@shop.example"])
    assert message["Subject"] == "Orders & more"
    assert message["To"] == "ana@shop.example"
    assert message["Message-ID"] == f"<{'t' * 32}@shop.example>"


def test_a_message_is_posted_changed_and_whispered(told):
    there, teller, _ = told
    posted = teller.post("chat", SAID, [Button("Approve", name="a", value="v")])
    assert posted == (CHANNEL, there.slack.posted[0])
    assert list(there.slack.buttons()) == ["Approve"]
    assert "<!here>" not in there.slack.text()  # text calls nobody
    teller.update("chat", posted, SAID, [])
    assert there.slack.buttons() == {}
    teller.whisper("chat", CHANNEL, "U1", "no")
    assert there.slack.whispers[0][0] == "U1"
    teller.respond("chat", f"{there.slack.url.removesuffix('api')}respond/{posted[1]}", SAID, [])
    assert there.slack.replaced[0]["replace_original"] is True


def test_only_slack_is_answered(told):
    _, teller, _ = told
    for url in (
        "https://evil.example/",
        "http://127.0.0.1:1/",
        "",
        "file:///etc/passwd",
        "https://hooks.slack.com.evil.example/",
    ):
        with pytest.raises(BadInput, match="none of Slack's"):
            teller.respond("chat", url, SAID, [])


def test_a_channel_must_be_there_and_of_the_kind(told):
    _, teller, _ = told
    for channel in ("chat", "nothing"):
        with pytest.raises(BadInput, match=f"there is no channel {channel} of kind email"):
            teller.mail(channel, "a@b.example", SAID)


def test_no_failure_tells_a_secret(told):
    there, teller, folder = told
    (folder / "bot").write_text("xoxb-another-token-of-a-bot")
    there.slack.failures = []
    with pytest.raises(HandlerError, match="Slack refused it: invalid_auth") as refused:
        teller.post("chat", SAID, [])
    there.slack.failures = [f"strange {TOKEN}"]
    (folder / "bot").write_text(TOKEN)
    with pytest.raises(HandlerError) as leaky:
        teller.post("chat", SAID, [])
    assert TOKEN not in leaky.value.message
    assert "xoxb" not in refused.value.message
