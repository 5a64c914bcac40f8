"""steady.yaml."""

import pytest

from steadyhand.handlers import registry
from steadyhand.schema import Settings, read_settings

SPECS = registry.specs()


def test_everything_may_be_said():
    text = """\
store: journal.db
library: [runbooks, more]
roles: {responder: [ana-on-call, second], approver: []}
contacts: {team-data: '#team-data'}
targets: {app: {ssh: {hosts: [a, b]}}}
"""
    settings, found = read_settings(text, "steady.yaml", SPECS)
    assert found == ()
    assert settings is not None
    assert (settings.store, settings.library) == ("journal.db", ("runbooks", "more"))
    assert settings.roles == {"responder": ("ana-on-call", "second"), "approver": ()}
    assert settings.contacts == {"team-data": "#team-data"}
    assert settings.targets["app"].params == {"hosts": ["a", "b"]}


def test_nothing_need_be_said():
    assert read_settings("{}\n", "x", SPECS) == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("rolls: {}\n", "the settings has no key `rolls`", "did you mean `roles`?"),
        ("- a\n", "the settings must be a map, and is a list", "write `key: value` lines below it"),
        ("roles: [a]\n", "`roles` must be a map, and is a list", None),
        ("targets: {a: {ssh: {}, x: {}}}\n", "target `a` needs one kind", "write {ssh: {hosts: [app1]}}"),
    ],
)
def test_what_is_wrong_is_said(text, message, hint):
    _, found = read_settings(text, "steady.yaml", SPECS)
    assert found[0].message == message
    assert hint is None or found[0].hint == hint
