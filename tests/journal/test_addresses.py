"""The name of a store for people never holds a password."""

from __future__ import annotations

import pytest

from steadyhand.journal.addresses import is_postgresql, shown


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/var/lib/j.db", "/var/lib/j.db"),
        ("postgresql://ana:secret@db:5432/steady", "postgresql://ana@db:5432/steady"),
        ("postgres://ana@db/steady", "postgresql://ana@db/steady"),
        ("postgresql:///steady?host=/run/pg", "postgresql:///steady?host=/run/pg"),
        (
            "postgresql://db/steady?user=ana&password=secret&sslmode=require",
            "postgresql://db/steady?user=ana&sslmode=require",
        ),
        ("postgresql://db/steady?PassWord=secret", "postgresql://db/steady"),
        ("postgresql://ana:s@cret@db/steady", "postgresql://ana@db/steady"),
        ("postgresql://ana:se/cret@db/steady", "postgresql://ana@db/steady"),
        ("postgresql://ana:se?secret@db/steady", "postgresql://..."),
        ("postgresql://ana:12?secret@db/steady", "postgresql://..."),
        ("postgresql://ana:secret", "postgresql://..."),
        ("postgresql://[::1]:5432/steady", "postgresql://[::1]:5432/steady"),
        ("postgresql://a:1,b:2/steady", "postgresql://a:1,b:2/steady"),
        ("postgresql://ana:secret@a:1,b:2/steady", "postgresql://ana@a:1,b:2/steady"),
    ],
)
def test_what_is_shown_of_an_address(url, said):
    assert shown(url) == said
    assert "secret" not in shown(url)


def test_which_names_are_databases():
    assert is_postgresql("postgresql://x")
    assert is_postgresql("postgres://x")
    assert not is_postgresql("/postgresql://x")
