"""Where secrets come from."""

from __future__ import annotations

import pytest

from steadyhand.model import SecretSource
from steadyhand.schema.reader import Reader
from steadyhand.schema.secrets import read_secrets
from steadyhand.source import parse


def read(text):
    root, _ = parse(text, "x")
    reader = Reader(text, "x")
    return read_secrets(reader, root), [(d.code, d.message) for d in reader.found]


def test_a_source_for_each():
    found, wrong = read("a: {env: A}\nb: {vault: {path: kv/x, key: y}}\n")
    assert wrong == []
    assert found == {"a": SecretSource("a", "env", "A"), "b": SecretSource("b", "vault", {"path": "kv/x", "key": "y"})}


def test_what_is_wrong():
    assert read("a: {evn: A}\n") == ({}, [("SH101", "a secret has no source `evn`")])
    assert read("a: {env: A, file: b}\n") == ({}, [("SH104", "secret `a` needs one source")])
    assert read("a: {}\n") == ({}, [("SH104", "secret `a` needs one source")])
    assert read("a: 3\n") == ({}, [("SH103", "`a` must be a map, and is 3")])
    assert read("a-b: {env: A}\n")[1] == [("SH201", "`a name in `secrets`` cannot be 'a-b'")]


def test_every_source_is_read():
    text = """
a: {file: /x}
b: {command: [pass, show]}
c: {command: pass show x}
d: {kubernetes: {secret: s, key: k, namespace: n}}
e: {keyring: {service: s, username: u}}
f: {vault: {path: p, key: k, version: 2, auth: {approle: {role_id: r, secret_id_file: f}}}}
"""
    found, wrong = read(text)
    assert wrong == []
    assert [(source.kind, source.at) for source in found.values()] == [
        ("file", "/x"),
        ("command", ["pass", "show"]),
        ("command", "pass show x"),
        ("kubernetes", {"secret": "s", "key": "k", "namespace": "n"}),
        ("keyring", {"service": "s", "username": "u"}),
        (
            "vault",
            {"path": "p", "key": "k", "version": 2, "auth": {"approle": {"role_id": "r", "secret_id_file": "f"}}},
        ),
    ]


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("{env: [A]}", "SH103", "`env` must be text, and is a list"),
        ("{file: {a: b}}", "SH103", "`file` must be text, and is a map"),
        ("{command: 5}", "SH103", "`command` must be text or a list of texts, and is 5"),
        ("{command: []}", "SH103", "`command` must be text or a list of texts, and is a list"),
        ("{vault: kv/x}", "SH103", "`vault` must be a map, and is 'kv/x'"),
        ("{vault: {path: p}}", "SH102", "`vault` needs the key `key`"),
        ("{vault: {pth: p, key: k, path: x}}", "SH101", "`vault` has no key `pth`"),
        ("{vault: {path: p, key: k, version: zero}}", "SH103", "`version` must be a whole number, and is 'zero'"),
        ("{vault: {path: p, key: k, auth: {}}}", "SH102", "`auth` needs one way to log in"),
        ("{vault: {path: p, key: k, auth: {approle: {}}}}", "SH102", "`approle` needs the key `role_id`"),
        ("{kubernetes: {secret: s}}", "SH102", "`kubernetes` needs the key `key`"),
        ("{keyring: {service: s, user: u}}", "SH101", "`keyring` has no key `user`"),
    ],
)
def test_the_shape_of_a_source(source, code, message):
    _, wrong = read(f"a: {source}\n")
    assert (code, message) in wrong
