"""What happens at the door has its events; they belong into no run."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec import structs

from steadyhand import events as e
from steadyhand.core import State
from steadyhand.core.tables import IllegalEvent

KINDS = get_args(e.AccessEvent)
VALUES = {str: "x", int: 5}


def made(kind):
    return kind(**{f.name: VALUES.get(f.type, ("a", "b")) for f in structs.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_is_written_and_read_back(kind):
    event = made(kind)
    assert e.decode(e.name_of(event), e.encode(event)) == event
    assert {"how", "origin"} <= set(kind.__struct_fields__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it_cannot_happen_in_a_run(kind):
    running = State(seq=1, run=e.RunStarted("r", "", "guided", "ana", {}, {}, {}, "d"))
    with pytest.raises(IllegalEvent, match="the door"):
        running.after(e.Recorded("r1", 2, 0, "a", 0, made(kind)))
