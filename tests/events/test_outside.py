"""What comes to a run from outside survives being written down, and what was written before it knew an origin is read."""

import pytest

from steadyhand import events as e


@pytest.mark.parametrize(
    "event",
    [e.GateAnswered("g", 1, "anna", "approve", "d", "web", None, "why", ("lead",), "10.0.0.9"),
     e.AnswerRefused("g", "anna", "approve", "why", "d", "web", "c", "10.0.0.9"),
     e.StopRequested("anna", "why", "web", "10.0.0.9"), e.NoteAdded("anna", "text", "web", "10.0.0.9"),
     e.AlertChanged("resolved", "alertmanager", 5)],
)  # fmt: skip
def test_it_survives(event):
    assert e.decode(e.name_of(event), e.encode(event)) == event


def test_what_an_earlier_version_wrote_has_no_origin():
    assert e.decode("note.added", '{"by":"anna","text":"seen","via":"cli"}') == e.NoteAdded("anna", "seen", "cli")
