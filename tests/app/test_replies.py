"""Answers through links and buttons: once, by whom they are for, to what was asked, and by those who may."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.app.replies import Outcome
from steadyhand.errors import JournalError, NotFound

from .asked import place
from .server import serving, until
from .test_asks import answered, start, told_all


@pytest.fixture
def asked(tmp_path):
    with place(tmp_path) as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        yield there, server, run


def gate_events(server, run):
    kinds = (e.GateAnswered, e.AnswerRefused)
    return [one.event for one in server.services.journal.read(run) if isinstance(one.event, kinds)]


def payload(there, label, user, **more):
    button = {**there.slack.buttons()[label], **more}
    ts = there.slack.posted[-1]
    return {
        "type": "block_actions", "user": {"id": user}, "channel": {"id": "C024BE91L"}, "actions": [button],
        "response_url": f"{there.slack.url.removesuffix('/api')}/respond/{ts}",
    }  # fmt: skip


# --- links


def test_looking_changes_nothing(asked):
    there, server, run = asked
    for _ in range(3):
        page = server.replies.look(there.link("ana"))
    assert (page.person, page.prompt, page.over) == ("ana", "Change it?", "")
    assert (
        dict(page.rows)["What would be done"].startswith("$ ")
        or "echo changed" in dict(page.rows)["What would be done"]
    )
    assert page.options == {"approve": "Approve", "reject": "Reject"}
    assert gate_events(server, run) == []


def test_a_link_holds_once(asked):
    there, server, run = asked
    secret = there.link("ana")
    assert server.replies.by_link(secret, "approve", "it looks right", "192.0.2.9").counts
    (event,) = gate_events(server, run)
    assert (event.by, event.answer, event.via, event.origin, event.comment) == (
        "ana", "approve", "email", "192.0.2.9", "it looks right",
    )  # fmt: skip
    again = server.replies.by_link(secret, "approve", "", "192.0.2.9")
    assert again == Outcome(False, "This link was used already: ana has answered approve to change")
    assert server.replies.look(secret).over == again.words
    assert len(gate_events(server, run)) == 1
    assert until(lambda: server.board.run(run).conclusion) == "resolved"


def test_a_link_that_nobody_made_is_not_found(asked):
    _, server, _ = asked
    with pytest.raises(NotFound, match="this link does not hold"):
        server.replies.look("x" * 43)
    with pytest.raises(NotFound):
        server.replies.by_link("x", "approve", "", "")


def test_a_link_to_what_is_settled_says_so(asked):
    there, server, run = asked
    answered(server, run, "kim", "reject")
    until(lambda: server.board.run(run).conclusion)
    assert server.replies.look(there.link("ana")).over == (
        "There is nothing to answer any more. rejected: reject by kim (cli)"
    )
    late = server.replies.by_link(there.link("ana"), "approve", "", "")
    assert late == Outcome(False, "The answer does not count: gate change is already closed: rejected")
    assert gate_events(server, run)[-1].reason == "gate change is already closed: rejected"


def test_a_link_to_what_has_expired_says_so(tmp_path):
    with place(tmp_path, more=", within: 1500ms") as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        until(lambda: server.board.run(run).conclusion)
        over = server.replies.look(there.link("ana")).over
        assert over == "There is nothing to answer any more. expired"
        late = server.replies.by_link(there.link("ana"), "approve", "", "")
        assert late == Outcome(False, "The answer does not count: gate change is already closed: expired")


def test_an_answer_that_means_nothing_does_not_use_the_link_up(asked):
    there, server, run = asked
    refused = server.replies.by_link(there.link("ana"), "perhaps", "", "")
    assert refused.words == "'perhaps' is no answer to change"
    assert gate_events(server, run) == []
    assert server.replies.by_link(there.link("ana"), "approve", "", "").counts


def test_rights_that_were_taken_away_hold_no_longer(asked, tmp_path):
    there, server, run = asked
    text = (tmp_path / "steady.yaml").read_text()
    (tmp_path / "steady.yaml").write_text(text.replace("approver: ['*']", "viewer: ['*']"))
    server.services.__dict__.pop("settings")
    refused = server.replies.by_link(there.link("ana"), "approve", "", "192.0.2.9")
    assert refused.words == "ana is no approver for orders"
    assert gate_events(server, run) == []
    ledger = [
        one.event
        for head in server.services.journal.streams("access:")
        for one in server.services.journal.read(head.stream)
    ]
    assert e.ActRefused("ana", f"answer change of {run}", "email", "192.0.2.9", "") in ledger


def test_who_was_disabled_answers_no_more(asked):
    there, server, run = asked
    server.access.change_account("ana", lambda old: replace(old, disabled=True))
    assert server.replies.by_link(there.link("ana"), "approve", "", "").words == "ana is disabled here"
    assert server.replies.by_press(payload(there, "Approve", "U024BE7LH"), "").words == "ana is disabled here"
    assert gate_events(server, run) == []


def test_a_link_outlives_a_store_that_cannot_be_written(asked, monkeypatch):
    there, server, _run = asked

    def full(*_, **__):
        raise JournalError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(server.services.journal, "append", full)
        with pytest.raises(JournalError):
            server.replies.by_link(there.link("ana"), "approve", "", "")
    assert server.replies.by_link(there.link("ana"), "approve", "", "").counts


# --- buttons


def test_a_press_counts_and_the_message_is_replaced(asked):
    there, server, run = asked
    came = server.replies.by_press(payload(there, "Approve", "U024BE7LH"), "192.0.2.9")
    assert came.counts
    (event,) = gate_events(server, run)
    assert (event.by, event.via, event.origin) == ("ana", "slack", "192.0.2.9")
    assert there.slack.replaced[0]["replace_original"] is True
    until(lambda: there.slack.buttons() == {})
    assert until(lambda: server.board.run(run).conclusion) == "resolved"


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("U0NOBODY0", "You are not known here: an admin can add `slack: U0NOBODY0` to you"),
        ("", "You are not known here"),
        ("U0SAM0000", "sam is no approver for orders"),
        ("U0LEE0000", "lee is no approver for orders"),
    ],
)
def test_who_may_not_is_told_so_and_nobody_else(asked, user, said):
    there, server, run = asked
    came = server.replies.by_press(payload(there, "Approve", user), "")
    assert not came.counts
    assert gate_events(server, run) == []
    ((whom, text),) = there.slack.whispers
    assert whom == user
    assert said.replace("`", "") in text.replace("`", "")
    assert there.slack.replaced == []
    assert list(there.slack.buttons()) == ["Approve", "Reject"]


def test_a_second_press_is_told_why_it_does_not_count(asked):
    there, server, run = asked
    press = payload(there, "Approve", "U024BE7LH")
    assert server.replies.by_press(press, "").counts
    again = server.replies.by_press(press, "")
    assert not again.counts
    assert again.words.startswith("The answer does not count: ")
    until(lambda: server.board.run(run).conclusion)
    assert (tmp_marks(there)).read_text() == "changed\n"


def tmp_marks(there):
    return there.folder / "asking.mark"


@pytest.mark.parametrize(
    ("place_", "value", "why"),
    [(2, 7, "has been opened anew since"), (3, "0" * 64, "now asks about"), (1, "other", "there is no gate other")],
)
def test_a_button_is_bound_to_what_was_asked(asked, place_, value, why):
    import json

    there, server, run = asked
    parts = json.loads(there.slack.buttons()["Approve"]["value"])
    parts[place_] = value
    came = server.replies.by_press(payload(there, "Approve", "U024BE7LH", value=json.dumps(parts)), "")
    assert not came.counts
    assert why in came.words
    assert gate_events(server, run)[-1].reason in came.words


@pytest.mark.parametrize(
    "more", [{"value": "{}"}, {"value": "x"}, {"action_id": "theirs"}, {"value": '["r1","g",1,"d"]'}]
)
def test_a_button_that_is_none_of_ours_does_nothing(asked, more):
    there, server, run = asked
    came = server.replies.by_press(payload(there, "Approve", "U024BE7LH", **more), "")
    assert came is None or not came.counts
    assert gate_events(server, run) == []


def test_an_address_that_is_not_of_slack_is_not_called(asked):
    there, server, _run = asked
    press = {**payload(there, "Approve", "U024BE7LH"), "response_url": "http://192.0.2.1/steal"}
    assert server.replies.by_press(press, "").counts
    assert there.slack.replaced == []
    until(lambda: there.slack.buttons() == {})  # it is shown all the same


def test_what_is_no_press_is_none():
    from steadyhand.app.questions import pressed

    assert pressed({}) is None
    assert pressed({"action_id": "steady_answer:", "value": "[]"}) is None
