"""Named places, each of a family that a handler brings."""

from __future__ import annotations

import pytest

from steadyhand.model import HandlerSpec, Param, Target, TargetSpec
from steadyhand.schema.reader import Reader
from steadyhand.schema.targets import families, read_places
from steadyhand.source import parse

BOX = TargetSpec(
    "box", "A box.", (Param("host", "text", "Its name.", "b1", required=True), Param("port", "integer", "", 1))
)
SPECS = {"open-box": HandlerSpec("open-box", "s", (), targets=(BOX, TargetSpec("any", "", (), open_params=True))),
         "tell": HandlerSpec("tell", "s", (), channels=(TargetSpec("console", "Here.", ()),))}  # fmt: skip


def read(text, what="targets"):
    root, _ = parse(text, "x")
    reader = Reader(text, "x")
    return read_places(reader, SPECS, root, what), [(d.code, d.message, d.hint) for d in reader.found]


def test_families_by_what_they_are_for():
    assert list(families(SPECS, "targets")) == ["box", "any"]
    assert list(families(SPECS, "channels")) == ["console"]


def test_places_are_read_as_their_family_says():
    found, wrong = read("a: {box: {host: b1, port: 3}}\nb: {any: {x: [1]}}\n")
    assert wrong == []
    assert found == {"a": Target("a", "box", {"host": "b1", "port": 3}), "b": Target("b", "any", {"x": [1]})}


def test_a_family_that_needs_nothing_may_be_empty():
    assert read("here: {console: {}}\nthere: {console: }\n", "channels") == (
        {"here": Target("here", "console", {}), "there": Target("there", "console", {})}, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("a: {boxx: {host: b}}", ("SH309", "`a` is of no known kind `boxx`", "did you mean `box`?")),
        ("a: {box: {port: 1}}", ("SH402", "`box` needs the key `host`", "add `host: b1`")),
        ("a: {box: }", ("SH402", "`box` needs the key `host`", "write {box: {host: b1}}")),
        ("a: {box: {host: b, prot: 1}}", ("SH401", "`box` has no key `prot`", "did you mean `port`?")),
        ("a: {box: {host: b, port: x}}", ("SH403", "`port` must be a integer, and is 'x'", "write `port: 1`")),
        ("a: {box: {host: b}, any: {}}", ("SH103", "target `a` needs one kind", "write {ssh: {hosts: [app1]}}")),
        ("a: {}", ("SH103", "target `a` needs one kind", "write {ssh: {hosts: [app1]}}")),
        ("a: 3", ("SH103", "target `a` must be a map, and is 3", "write `key: value` lines below it")),
        ("a: {box: {host: '{{ 1 + }}'}}", ("SH501",)),
    ],
)
def test_what_is_wrong_with_a_place(text, finding):
    _, wrong = read(text + "\n")
    assert [w[: len(finding)] for w in wrong] == [finding]
