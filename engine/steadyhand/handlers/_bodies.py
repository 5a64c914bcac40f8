"""What a body says: decoded piece by piece in constant memory, and read as JSON when it is JSON.

Called by _exchange alone. We ask for no encoding (Accept-Encoding: identity); some servers encode all the same, and a
few hundred bytes can then stand for gigabytes, so nothing is ever decoded further than one piece.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from ..errors import BadResponse

PIECE = 64 * 1024
"""Bytes that one piece has at most once decoded."""
ZLIB_OR_GZIP = 47
"""The window size that has zlib tell both headers by themselves."""


def decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The body without its content encoding. Raises BadResponse for one that is not known, or not kept to."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from pieces
    elif name in {"gzip", "x-gzip", "deflate"}:
        try:
            yield from _inflated(pieces)
        except zlib.error as problem:
            raise BadResponse(f"the body is not the {name} that it claims to be: {problem}") from None
    else:
        raise BadResponse(f"the body is encoded as {name!r}, which was not asked for", "leave Accept-Encoding out")


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(ZLIB_OR_GZIP)
    came = False
    for piece in pieces:
        came, rest = True, piece
        while rest:
            if inflate.eof:  # a gzip file may have several members
                inflate = zlib.decompressobj(ZLIB_OR_GZIP)
            yield inflate.decompress(rest, PIECE)
            rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    if came and not inflate.eof:
        yield inflate.flush(PIECE)
        if not inflate.eof:
            raise BadResponse("the encoded body was cut short")


def parsed(body: bytes | bytearray | None) -> dict[str, Any]:
    """`{"json": value}` when the body is JSON as its specification has it (no NaN), else nothing."""
    if not body:
        return {}
    try:
        return {"json": json.loads(body, parse_constant=_refuse)}
    except (ValueError, RecursionError):
        return {}


def _refuse(word: str) -> Any:
    raise ValueError(word)
