"""Where secrets come from."""

from __future__ import annotations

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
