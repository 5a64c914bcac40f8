"""A machine is named in one way, and what is no name goes nowhere."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._ssh_target import FAMILY, Address, address, connection, shown
from steadyhand.model import Secret, Target, Text

from .machines import as_text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("app1", Address("app1")), ("ops@app1", Address("app1", "ops")), ("app1:22", Address("app1", port=22)),
        ("a.b-c_d:1", Address("a.b-c_d", port=1)), ("[::1]:2200", Address("::1", port=2200)), ("::1", Address("::1")),
        ("ops@[fe80::1%eth0]", Address("fe80::1%eth0", "ops")), ("o@corp@app1", Address("app1", "o@corp")),
    ],
)  # fmt: skip
def test_addresses(text, found):
    assert address(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=x",
        "a b",
        "a;b",
        "$(a)",
        "a\n",
        "a:b",
        "a:99999",
        "-x@a",
        "@a",
        "a@",
        "ä",
        "a\0",
        "../a",
        "-a",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(BadInput, match="is no machine"):
        address(text)


def request(**params):
    return connection(Target("app", "ssh", as_text({"hosts": ["app1"], **params})))


def test_a_request_is_what_the_author_wrote():
    assert request() == {"host": "app1"}
    assert request(jump="a, b@c:1")["jump"] == ["a", "b@c:1"]
    assert request(jump=["a", "b"])["jump"] == ["a", "b"]
    assert request(jump="none")["jump"] == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"hosts": ["a", "b"]}, "has 2 hosts"), ({"hosts": []}, "has 0 hosts"), ({"jump": "a;b"}, "is no machine"),
        ({"jump": {"a": 1}}, "must be a host"), ({"port": 0}, "is no port"), ({"keepalive": 0}, "above 0"),
        ({"passphrase": "x"}, "belongs to a `key`"), ({"certificate": "x"}, "belongs to a `key`"),
        ({"jump": Text((Secret("x"),))}, "cannot hold a secret"), ({"hosts": [Text((Secret("x"),))]}, "cannot hold a secret"),
    ],
)  # fmt: skip
def test_what_is_no_request(params, words):
    with pytest.raises(BadInput, match=words):
        request(**params)


def test_a_step_without_a_target():
    with pytest.raises(BadInput, match="not said which machine"):
        connection(None)


def test_how_it_is_shown():
    assert list(shown(request(user="ops", port=7, jump=["a", "b"]))) == ["on app1 as ops", "port 7", "through a, b"]
    assert list(shown(request(hosts=["me@app1:9"], user="ops", port=7))) == ["on me@app1:9"]


def test_nothing_turns_the_check_of_host_keys_off():
    assert {param.name for param in FAMILY.params} == {
        "hosts", "user", "port", "key", "passphrase", "certificate", "password", "agent", "jump", "known_hosts", "config",
        "connect_timeout", "keepalive",
    }  # fmt: skip
