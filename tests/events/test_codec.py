"""Events as canonical text, and the chain over them."""

from __future__ import annotations

import hashlib
import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.events.codec import FORMAT, TYPES

KINDS = sorted(get_args(e.Event), key=lambda kind: kind.__struct_config__.tag)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(max_size=6)
    | st.floats(allow_nan=False, allow_infinity=False)
)
JSON = st.recursive(
    PLAIN, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=4), v, max_size=3), max_leaves=5
)


def values(kind):
    """Any value of a type, as msgspec describes it."""
    t = msgspec.inspect
    match kind:
        case t.StrType():
            return st.text(max_size=8)
        case t.IntType():
            return st.integers(0, 2**60)
        case t.BoolType():
            return st.booleans()
        case t.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case t.NoneType():
            return st.none()
        case t.AnyType():
            return JSON
        case t.VarTupleType() | t.ListType():
            return st.lists(values(kind.item_type), max_size=3).map(tuple)
        case t.TupleType():
            return st.tuples(*map(values, kind.item_types))
        case t.DictType():
            return st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=3)
        case t.UnionType():
            return st.one_of(*map(values, kind.types))
        case t.StructType():
            return st.fixed_dictionaries({f.name: values(f.type) for f in kind.fields}).map(
                lambda given: kind.cls(**given)
            )
        case t.EnumType():
            return st.sampled_from(list(kind.cls))
        case t.FrozenSetType() | t.SetType():
            return st.frozensets(values(kind.item_type), max_size=3)
        case _:
            raise TypeError(kind)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__struct_config__.tag)
def test_every_event_comes_back_from_its_text(kind):
    @given(values(msgspec.inspect.type_info(kind)))
    def comes_back(event):
        text = e.encode(event)
        assert text.isascii()
        back = e.decode(e.name_of(event), text)
        assert e.encode(back) == text
        assert type(back) is kind
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))

    comes_back()


def test_the_list_is_closed_and_names_are_dotted():
    assert set(TYPES.values()) == set(KINDS)
    assert all(name.count(".") == 1 and name.islower() for name in TYPES)


def test_one_spelling_for_one_value():
    first = e.NoteAdded("é", "a\n\x00", "cli")
    assert e.encode(first) == '{"by":"\\u00e9","origin":"","text":"a\\n\\u0000","via":"cli"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_has_not_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        e.encode(e.CallStarted("a", "b", {"x": value}))


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("run.exploded", "{}", "unknown event type 'run.exploded'"),
        ("note.added", "{}", "missing required field"),
        ("note.added", "[", "Expecting value"),
    ],
)
def test_what_is_no_event_is_a_value_error(name, body, said):
    with pytest.raises(ValueError, match=said):
        e.decode(name, body)


def test_the_chain_is_what_the_documentation_says():
    body = e.encode(e.NoteAdded("a", "b", "cli"))
    rule = json.dumps([FORMAT, "r1", 1, 5, "me", 1, "note.added", body], separators=(",", ":")).encode()
    assert e.chain(e.GENESIS, "r1", 1, 5, "me", 1, "note.added", body) == hashlib.sha256(bytes(32) + rule).digest()


@given(st.integers(0, 7), st.data())
def test_the_hash_depends_on_everything(index, data):
    given_ = [e.GENESIS, "r1", 1, 5, "me", 1, "note.added", "{}"]
    other = list(given_)
    old = given_[index]
    other[index] = (
        old + 1
        if isinstance(old, int)
        else hashlib.sha256(old).digest()
        if isinstance(old, bytes)
        else old + data.draw(st.text(min_size=1, max_size=3))
    )
    assert e.chain(*given_) != e.chain(*other)


@pytest.mark.parametrize("kind", ["choose", "ask"])
def test_people_are_asked_in_the_order_of_the_runbook(kind):
    written = {"restart": "R", "b-rollback": "B", "a-escalate": "A"}
    held = {"options": {}, "schema": written} if kind == "ask" else {"options": written}
    opened = e.GateOpened("g", "g", kind, 1, "Which?", digest="d", order=tuple(written), **held)
    again = e.decode("gate.opened", e.encode(opened))
    assert list(again.schema if kind == "ask" else again.options) == list(written)
    assert again == opened
    assert e.encode(again) == e.encode(opened)
    before = e.decode("gate.opened", e.encode(msgspec.structs.replace(opened, order=())))
    assert sorted(before.schema if kind == "ask" else before.options) == sorted(written)
