"""The SQL of the journal, by name."""

from pathlib import Path

from steadyhand.journal import queries


def test_every_query_has_a_name_a_sentence_and_a_user():
    found = queries.load()
    source = (Path(queries.__file__).parent / "sqlite.py").read_text()
    assert [name for name in found if f'"{name}"' not in source and f"['{name}']" not in source] == []
    text = Path(queries.__file__).with_name("queries.sql").read_text()
    for name in found:
        after = text.partition(f"-- name: {name}\n")[2].splitlines()[0]
        assert after.startswith("-- "), name
        assert after.endswith("."), name
