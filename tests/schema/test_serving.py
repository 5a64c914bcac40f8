"""How the server is reached is read from the settings, and what does not fit is said."""

from __future__ import annotations

from steadyhand.handlers.registry import specs
from steadyhand.schema import read_settings
from steadyhand.schema.serving import Serving


def read(text: str):
    return read_settings(text, "steady.yaml", specs())


def test_what_is_not_said_has_a_default():
    settings, found = read("library: [runbooks]\n")
    assert found == ()
    assert settings.server == Serving("127.0.0.1", 8420, "", (), 64, 20_000_000)


def test_what_is_said_counts():
    settings, found = read(
        "server: {listen: '[::1]:9000', url: https://steady.example/ops/, proxies: [10.0.0.1], runs: 3, grace: 5s}\n"
    )
    assert found == ()
    assert settings.server == Serving("::1", 9000, "https://steady.example/ops", ("10.0.0.1",), 3, 5_000_000)


def test_addresses_that_are_none_are_refused_where_they_stand():
    _, found = read("server:\n  listen: everywhere\n  url: steady.example\n")
    assert [(d.code, d.span.line, d.message) for d in found] == [
        ("SH201", 2, "'everywhere' is no address to listen on"),
        ("SH201", 3, "'steady.example' is no address of a server"),
    ]
    _, found = read("server: {listen: '127.0.0.1:99999'}\n")
    assert [d.hint for d in found] == ["write 127.0.0.1:8420, or [::1]:8420"]
