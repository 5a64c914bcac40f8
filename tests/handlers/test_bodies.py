"""A body is decoded in constant memory, whatever it claims to be."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.errors import BadResponse
from steadyhand.handlers._bodies import PIECE, decoded, parsed


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.binary(max_size=2000), st.integers(1, 300), st.sampled_from([gzip.compress, zlib.compress]))
def test_any_body_in_any_pieces(body, size, compress):
    assert b"".join(decoded(iter(cut(compress(body), size)), "gzip")) == body


@given(st.binary(max_size=500), st.integers(1, 100))
def test_without_an_encoding_it_is_as_it_came(body, size):
    assert b"".join(decoded(iter(cut(body, size)), "")) == body
    assert b"".join(decoded(iter(cut(body, size)), " Identity ")) == body


def test_no_piece_is_large_however_much_is_in_it():
    bomb = gzip.compress(b"\0" * 20_000_000)
    pieces = list(decoded(iter([bomb]), "gzip"))
    assert sum(map(len, pieces)) == 20_000_000
    assert max(map(len, pieces)) <= PIECE


def test_an_empty_body_may_claim_anything_it_knows():
    assert b"".join(decoded(iter([]), "gzip")) == b""


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (gzip.compress(b"x" * 1000, mtime=0)[:-9], "gzip", "the encoded body was cut short"),
        (b"no gzip", "gzip", "the body is not the gzip that it claims to be: "),
        (b"x", "zstd", "the body is encoded as 'zstd', which was not asked for"),
        (b"x", "gzip, gzip", "the body is encoded as 'gzip, gzip', which was not asked for"),
    ],
)
def test_what_cannot_be_decoded(data, encoding, message):
    with pytest.raises(BadResponse) as caught:
        list(decoded(iter([data]), encoding))
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, null]}', {"json": {"a": [1, None]}}),
        (b"null", {"json": None}),
        (b" 3 ", {"json": 3}),
        (b"", {}),
        (None, {}),
        (b"text", {}),
        (b"[NaN]", {}),
        (b"-Infinity", {}),
        (b"[" * 50_000, {}),
        (b"9" * 10_000, {}),
        (b"\xff", {}),
    ],
)
def test_json(body, value):
    assert parsed(body) == value
