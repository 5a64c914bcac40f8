"""The settings read anew: whole or not at all, and journaled."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.app.reloading import Difference, compare, on_hangup
from steadyhand.app.services import InvalidSettings
from steadyhand.errors import NotFound
from steadyhand.schema import Serving, Settings

from .server import ANA, asking, serving, until


def told(server):
    (head,) = server.services.journal.streams("access:")
    return [one.event for one in server.services.journal.read(head.stream) if isinstance(one.event, e.SettingsRead)]


def test_what_differs_is_named_and_no_value_is():
    old = Settings(roles={"dba": ("ana",)}, server=Serving(port=1))
    new = replace(old, roles={"dba": ("bo",)}, server=Serving(port=2, url="https://x"))
    assert compare(old, new) == Difference(("roles", "server.port", "server.url"), ("server.port",))
    assert compare(old, old) == Difference()


def test_new_settings_count_at_once(tmp_path):
    with serving(tmp_path) as server:
        path = tmp_path / "steady.yaml"
        path.write_text(path.read_text() + "roles: {dba: [ana]}\n")
        assert server.settings.roles == {}
        assert server.reload(ANA) == Difference(("roles",))
        assert server.settings.roles == {"dba": ("ana",)}
        assert told(server) == [e.SettingsRead("ana", "web", "192.0.2.7", ("roles",))]


def test_the_parts_that_keep_something_of_them_are_told(tmp_path):
    with serving(tmp_path) as server:
        assert server.receiving.find("generic", "outside") is None
        path = tmp_path / "steady.yaml"
        path.write_text(
            path.read_text() + "intake: {outside: {source: generic, open: 'a test', mapping: {name: $.n}}}\n"
        )
        assert "intakes" in server.reload(ANA).changed
        assert server.receiving.find("generic", "outside") is not None


def test_what_counts_at_the_start_alone_is_said(tmp_path):
    with serving(tmp_path) as server:
        (tmp_path / "steady.yaml").write_text("store: journal.db\nserver: {listen: '127.0.0.1:9'}\n")
        found = server.reload(ANA)
        assert set(found.at_start) == {"server.port"}
        assert "server.grace" in found.changed
        assert server.services.store_url.endswith("journal.db")


@pytest.mark.parametrize(
    ("text", "message"),
    [("roles: [no, map]\n", "steady.yaml:1:8"), ("server: {listen: nowhere}\n", "SH201"), ("a: [\n", "steady.yaml")],
)
def test_wrong_settings_are_refused_and_the_old_ones_stay(tmp_path, text, message):
    with serving(tmp_path) as server:
        before = server.settings
        (tmp_path / "steady.yaml").write_text(text)
        with pytest.raises(InvalidSettings):
            server.reload(ANA)
        assert server.settings is before
        (event,) = told(server)
        assert message in event.refused[0]
        assert "nowhere" not in event.refused[0]
        assert (event.changed, event.at_start) == ((), ())


def test_settings_that_are_gone_are_refused(tmp_path):
    with serving(tmp_path) as server:
        before = server.settings
        (tmp_path / "steady.yaml").unlink()
        with pytest.raises(NotFound):
            server.reload(ANA)
        assert server.settings is before


def test_a_run_on_its_way_keeps_what_it_was_started_with(tmp_path):
    from steadyhand.app import library, runs
    from steadyhand.model import Mode

    asking(tmp_path)
    with serving(tmp_path) as server:
        run = server.run(ANA, library.load(server.services, "asking.yaml"), {}, Mode.GUIDED)
        until(lambda: server.board.run(run) and server.board.run(run).gates)
        path = tmp_path / "steady.yaml"
        path.write_text(path.read_text() + "contacts: {team: '+1'}\n")
        server.reload(ANA)
        assert runs.state_of(server.services, run).run.contacts == {}


def test_a_signal_reads_them_in_a_thread_of_its_own(tmp_path):
    entered = []

    class Around:
        def __enter__(self):
            entered.append("begun")

        def __exit__(self, *_):
            entered.append("over")

    with serving(tmp_path) as server:
        path = tmp_path / "steady.yaml"
        path.write_text(path.read_text() + "roles: {dba: [ana]}\n")
        on_hangup(server, Around)(1, None)
        until(lambda: server.settings.roles == {"dba": ("ana",)})
        until(lambda: entered == ["begun", "over"])
        path.write_text("roles: no")
        on_hangup(server, Around)(1, None)
        until(lambda: entered == ["begun", "over"] * 2)
        assert server.settings.roles == {"dba": ("ana",)}
        assert [event.how for event in told(server)] == ["signal", "signal"]
