"""Open questions are told to those who may answer, once, whatever dies; a message in Slack says what holds."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand.app import asks as module
from steadyhand.app import library, runs
from steadyhand.app.asks import Told, dump, fits, kind_of, load
from steadyhand.app.server import Server
from steadyhand.core.answers import Answer
from steadyhand.events import GateOpened
from steadyhand.model import Mode
from steadyhand.schema.asks import Asking

from .asked import place, questions
from .server import ANA, services_in, serving, until


def start(server: Server, who=ANA) -> str:
    return server.run(replace(who, person="requester"), library.load(server.services, "asking"), {}, Mode.GUIDED)


def cells(server: Server, run: str) -> dict[str, Told]:
    return {told.place: told for _, held in server.services.cells.list(kind_of(run)) for told in (load(held),)}


def told_all(server: Server, run: str) -> bool:
    return len(found := cells(server, run)) == 3 and all(told.done for told in found.values())


def answered(server: Server, run: str, by: str = "ana", answer: str = "approve") -> None:
    gate = server.board.run(run).gates[0]
    runs.answer(server.services, run, Answer(gate.gate, by, answer, gate.digest, "cli"))


def test_those_who_may_answer_get_a_letter_and_the_channel_a_message(tmp_path):
    with place(tmp_path) as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        assert set(there.letters()) == {"ana", "kim"}
        letter = there.letters()["ana"]
        digest = server.board.run(run).gates[0].digest[:12]
        for said in (
            "Change it?",
            "echo changed",
            "change",
            digest,
            "https://steady.example/a/",
            f"https://steady.example/runs/{run}",
        ):
            assert said in letter
        assert there.link("ana") != there.link("kim")
        assert [to for _, to, _ in there.box.taken if len(to) != 1] == []
        assert list(there.slack.buttons()) == ["Approve", "Reject"]
        assert "Change it?" in there.slack.text()
        assert there.slack.messages[there.slack.posted[0]]["channel"] == "#ops"


def test_a_secret_of_a_link_is_nowhere_but_in_its_letter(tmp_path):
    with place(tmp_path) as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        secret = there.link("ana").encode()
        for path in tmp_path.glob("journal.db*"):
            assert path.is_dir() or secret not in path.read_bytes()


def test_what_was_told_is_not_told_again_by_servers_that_come_and_go(tmp_path):
    with place(tmp_path) as there:
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: told_all(server, run))
        for _ in range(4):
            with serving(tmp_path) as server:
                until(lambda: questions(server, run))
                until(lambda: not server.asks._runs)
        assert (len(there.box.taken), len(there.slack.posted)) == (2, 1)


def test_a_question_that_opened_while_no_server_was_there_is_told(tmp_path):
    with place(tmp_path) as there:
        services = services_in(tmp_path, "engine")
        driver = runs.start(services, library.load(services, "asking"), {}, Mode.GUIDED, requester="requester")
        driver.drive()
        services.journal.close()
        assert there.box.taken == []
        with serving(tmp_path) as server:
            until(lambda: told_all(server, driver.stream))
        assert set(there.letters()) == {"ana", "kim"}


def test_a_server_that_died_while_it_told_is_followed_by_one_that_tells_a_few_times_at_most(tmp_path, monkeypatch):
    with place(tmp_path, asks="asks: [{slack: chat, signature: [signing]}]\n") as there:
        monkeypatch.setattr(module, "AGAIN", 50_000)
        there.slack.failures = ["internal_error"] * 20
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: (found := cells(server, run)) and found["slack:chat"].tries == module.TRIES)
        for _ in range(3):
            with serving(tmp_path) as server:
                until(lambda: questions(server, run))
                until(lambda: not server.asks._runs)
                told = cells(server, run)["slack:chat"]
        assert (told.tries, told.done) == (module.TRIES, False)
        assert len(there.slack.failures) == 20 - module.TRIES
        assert there.slack.posted == []


def test_a_try_whose_end_nobody_knows_is_waited_for(tmp_path, monkeypatch):
    with place(tmp_path, asks="asks: [{slack: chat, signature: [signing]}]\n") as there:
        there.slack.failures = ["internal_error"]
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: not there.slack.failures)
        with serving(tmp_path) as server:  # the next server must take it for one that still goes on
            until(lambda: questions(server, run) and server.asks._due)
            assert there.slack.posted == []
            (key, held), *_ = server.services.cells.list(kind_of(run))
            old = replace(load(held), at=load(held).at - module.AGAIN)
            assert server.services.cells.swap(kind_of(run), key, held, dump(old))
            server.asks.look(run)
            until(lambda: there.slack.posted)


def test_a_letter_that_is_refused_stops_no_other(tmp_path):
    with place(tmp_path) as there:
        there.box.unknown = {"kim@shop.example"}
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: len(cells(server, run)) == 3 and there.slack.posted and "ana" in there.letters())
            until(lambda: sum(told.done for told in cells(server, run).values()) == 2)
            assert not cells(server, run)["email:kim"].done


def test_a_message_whose_question_is_settled_elsewhere_has_no_buttons_any_more(tmp_path):
    with place(tmp_path) as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        answered(server, run)
        until(lambda: "Settled" in there.slack.text())
        assert there.slack.buttons() == {}
        assert "approved: approve by ana (cli)" in there.slack.text()
        assert len(there.slack.posted) == 1


def test_what_was_settled_while_no_server_was_there_is_shown_by_the_next(tmp_path):
    with place(tmp_path) as there:
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: told_all(server, run))
        services = services_in(tmp_path, "engine")
        gate = next(one.event for one in services.journal.read(run) if isinstance(one.event, GateOpened))
        runs.answer(services, run, Answer(gate.gate, "kim", "reject", gate.digest, "cli"))
        runs.resume(services, run).drive()
        services.journal.close()
        with serving(tmp_path):
            until(lambda: "Settled" in there.slack.text())
        assert "rejected: reject by kim (cli)" in there.slack.text()


def test_of_several_yeses_the_message_says_how_many_are_wanted(tmp_path):
    with place(tmp_path, more=", quorum: 2") as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: told_all(server, run))
        answered(server, run, "ana")
        until(lambda: "Approved by ana; 1 more wanted" in there.slack.text())
        assert list(there.slack.buttons()) == ["Approve", "Reject"]
        answered(server, run, "kim")
        until(lambda: there.slack.buttons() == {})


def test_who_started_the_run_is_not_asked_where_somebody_else_must_answer(tmp_path):
    with place(tmp_path, more=", other_than_requester: true") as there, serving(tmp_path) as server:
        server.run(ANA, library.load(server.services, "asking"), {}, Mode.GUIDED)
        until(there.letters)
        assert set(there.letters()) == {"kim"}


@pytest.mark.parametrize(
    ("asking", "holds"),
    [
        (Asking(), True),
        (Asking(roles=("approver",)), True),
        (Asking(roles=("dba",)), False),
        (Asking(services=("orders", "x")), True),
        (Asking(services=("payments",)), False),
    ],
)
def test_which_questions_belong_where(asking, holds):
    opened = GateOpened("g", "g", "confirm", 1, "?", {}, "d", roles=("approver",))
    assert fits(asking, opened, ("orders",)) is holds
    assert fits(replace(asking, services=()), replace(opened, roles=()), ())


def test_new_settings_tell_what_stands_open_already(tmp_path):
    asks = "asks: [{roles: [nobody-has-this], services: [none], email: mail}]\n"
    with place(tmp_path, asks=asks) as there, serving(tmp_path) as server:
        run = start(server)
        until(lambda: questions(server, run))
        text = (tmp_path / "steady.yaml").read_text().replace("roles: [nobody-has-this], services: [none], ", "")
        (tmp_path / "steady.yaml").write_text(text)
        server.services.__dict__.pop("settings")
        server.asks.reload()
        until(lambda: set(there.letters()) == {"ana", "kim"})


def test_without_a_word_about_it_in_the_settings_nobody_is_told(tmp_path):
    with place(tmp_path, asks="") as there:
        settings = (tmp_path / "steady.yaml").read_text()
        start_of = settings.index("asks:")
        (tmp_path / "steady.yaml").write_text(settings[:start_of] + settings[settings.index("people:") :])
        with serving(tmp_path) as server:
            run = start(server)
            until(lambda: questions(server, run))
        assert (there.box.taken, there.slack.posted) == ([], [])
