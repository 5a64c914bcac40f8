"""The SQL of the journal, by name."""

from pathlib import Path

import pytest

from steadyhand.journal import queries


@pytest.mark.parametrize(
    ("file", "users"),
    [("queries.sql", ["sqlite", "formats"]), ("postgresql.sql", ["postgresql", "postgresql_artifacts"])],
)
def test_every_query_has_a_name_a_sentence_and_a_user(file, users):
    found = queries.load(file)
    source = "".join(Path(queries.__file__).with_name(f"{user}.py").read_text() for user in users)
    assert [name for name in found if f'"{name}"' not in source and f"['{name}']" not in source] == []
    text = Path(queries.__file__).with_name(file).read_text()
    for name in found:
        after = text.partition(f"-- name: {name}\n")[2].splitlines()[0]
        assert after.startswith("-- "), name
        assert after.endswith("."), name
