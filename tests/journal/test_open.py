"""The words that name a store."""

from pathlib import Path

import pytest

from steadyhand.errors import NotFound, UsageError
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.open import location, open_journal
from steadyhand.journal.sqlite import SqliteJournal


@pytest.mark.parametrize(
    ("url", "path"),
    [("memory:", None), ("a/j.db", Path("a/j.db")), ("sqlite:///a/j.db", Path("/a/j.db")), ("sqlite:////a/j.db", Path("/a/j.db")),
     ("sqlite://a/j.db", Path("a/j.db")), ("~/j.db", Path("~/j.db").expanduser())],
)  # fmt: skip
def test_where_it_lies(url, path):
    assert location(url) == path


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:secret@x", "mysql:// names no kind of store"),
        ("mysql://x", "names no kind of store"),
        ("file:a/j.db", "`file:`"),
    ],
)
def test_what_there_is_not(url, said):
    with pytest.raises(UsageError, match=said):
        location(url)


def test_what_is_not_there_is_not_made_where_nobody_asked_for_it(tmp_path):
    with pytest.raises(NotFound, match=r"there is no store .*/j.db"):
        open_journal(str(tmp_path / "j.db"), make=False)
    assert list(tmp_path.iterdir()) == []


def test_what_is_opened(tmp_path):
    assert isinstance(open_journal("memory:"), MemoryJournal)
    assert isinstance(open_journal(str(tmp_path / "j.db")), SqliteJournal)
