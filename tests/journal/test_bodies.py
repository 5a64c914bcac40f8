"""What cannot be written down is refused before it stands in a queue with others."""

from __future__ import annotations

import pytest

from steadyhand.journal.bodies import bodies, is_text, spelt

from .events import note, started


def test_each_event_has_its_name_and_its_text():
    (first, second) = bodies("r1", [started(), note("höher")])
    assert first[0] == "run.started"
    assert second[0] == "note.added"
    assert '"h\\u00f6her"' in second[1]


def test_an_append_of_nothing_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="an append to 'r1' without events"):
        bodies("r1", [])


def test_bytes_of_a_command_line_that_are_no_text_are_no_name():
    strange = b"r\xff1".decode("utf-8", "surrogateescape")
    assert not is_text(strange)
    assert is_text("r1")
    with pytest.raises(ValueError, match="cannot be the name of a stream"):
        bodies(strange, [started()])


def test_a_user_whose_name_is_no_text_is_still_told_apart():
    assert spelt(b"jos\xe9".decode("utf-8", "surrogateescape")) == "jos\\udce9"
    assert spelt("josé") == "josé"


def test_what_is_nested_too_deeply_is_refused():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested too deeply"):
        bodies("r1", [started(inputs={"x": deep})])
