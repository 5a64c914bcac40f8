"""Where settings, store and handlers come from, and which of several wins."""

from __future__ import annotations

import os
import pwd

import pytest

from steadyhand.app.services import InvalidSettings, Services, read_bytes
from steadyhand.errors import NotFound, UsageError

from .desk import desk


def services(folder, store="", config="", **environ):
    return Services(store=store, config=config, environ={"HOME": "/home/me", **environ}, cwd=str(folder))


def test_the_store_is_the_nearest_one_named(tmp_path):
    assert services(tmp_path).store_url == "/home/me/.local/state/steadyhand/journal.db"
    assert services(tmp_path, XDG_STATE_HOME="/state").store_url == "/state/steadyhand/journal.db"
    (tmp_path / "steady.yaml").write_text("store: here.db\n")
    assert services(tmp_path).store_url == str(tmp_path / "here.db"), "from where the settings lie"
    assert services(tmp_path, STEADY_STORE="env.db").store_url == "env.db"
    assert services(tmp_path, store="word.db", STEADY_STORE="env.db").store_url == "word.db"
    assert services(tmp_path, store="word.db").named_store == "word.db"


def test_the_name_of_a_store_for_people_holds_no_password(tmp_path):
    assert services(tmp_path, store="word.db").store_name == "word.db"
    url = "postgresql://ana:secret@db/steady"
    assert services(tmp_path, store=url).store_name == "postgresql://ana@db/steady"
    assert services(tmp_path, store=url).store_url == url


def test_what_was_opened_is_let_go_of_and_can_be_opened_again(tmp_path):
    found = services(tmp_path, store=str(tmp_path / "j.db"))
    found.close()
    first, locks = found.journal, found.leases
    assert found.leases is locks
    found.close()
    assert found.journal is not first
    assert list(found.journal.streams()) == []
    found.close()


def test_settings_are_found_upwards_or_as_named(tmp_path):
    (tmp_path / "steady.yaml").write_text("roles: {oncall: [anna]}\n")
    (tmp_path / "other.yaml").write_text("roles: {dba: [bo]}\n")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert services(deep).settings.roles == {"oncall": ("anna",)}
    assert services(deep, config="../../other.yaml").settings.roles == {"dba": ("bo",)}
    assert services(deep, STEADY_CONFIG=str(tmp_path / "other.yaml")).settings.roles == {"dba": ("bo",)}
    with pytest.raises(UsageError, match="there is no settings file gone"):
        _ = services(deep, config="gone.yaml").settings


def test_wrong_settings_start_nothing(tmp_path):
    (tmp_path / "steady.yaml").write_text("rolles: {}\n")
    with pytest.raises(InvalidSettings) as caught:
        _ = services(tmp_path).settings
    assert (caught.value.exit, caught.value.diagnostics[0].hint) == (2, "did you mean `roles`?")


def test_a_kind_without_a_handler_is_said(tmp_path):
    assert desk(tmp_path).handler("shell").spec.name == "shell"
    with pytest.raises(NotFound, match="there is no handler for carrier-pigeon steps here"):
        desk(tmp_path).handler("carrier-pigeon")


def test_the_ports_of_a_driver(tmp_path):
    ports = desk(tmp_path).ports()
    assert ports.lock.endswith("store/j.db")
    assert ports.cwd == str(tmp_path)
    assert ports.actor.startswith(f"engine@{ports.host}/")


def test_who_acts_is_the_user_whatever_the_environment_claims(tmp_path, monkeypatch):
    me = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setenv("LOGNAME", "anna")
    assert desk(tmp_path, LOGNAME="anna", USER="anna").person == me
    assert desk(tmp_path, SUDO_USER="anna").person == ("anna" if os.getuid() == 0 else me)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert desk(tmp_path, SUDO_USER="anna").person == "uid-54321"


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="is a folder, not a file"):
        read_bytes(tmp_path)
    with pytest.raises(NotFound, match="there is no file"):
        read_bytes(tmp_path / "gone")
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        read_bytes(tmp_path / ("x" * 300))
