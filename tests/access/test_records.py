"""What the access store holds is written and read back."""

from __future__ import annotations

import pytest

from steadyhand.access import records
from steadyhand.access.records import Account, Session, Signing, Token, Vouched


@pytest.mark.parametrize(
    "record",
    [
        Account("ana", "$argon2id$", True, 1, 2, 3),
        Session("id", "ana", "oidc", 1, 2, "::1", "Agent/1 \x00é", ("sre",), "proof"),
        Token("id", "hash", "ana", "ci", 2, ("*",), 1, 2, "ana", 3, "::1"),
        Vouched(("sre",), 5),
        Signing("n", "v", "b", "/then"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_it_is_written_and_read_back(record):
    assert records.load(records.dump(record), type(record)) == record
