"""Shared things: one for a key, made anew when dead, closed at the end."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.errors import Cancelled, TimedOut, Unreachable
from steadyhand.handlers.connections import Connections


class Line:
    def __init__(self):
        self.open = True

    def close(self):
        self.open = False


def get(connections, make=Line, *, key="k", cancelled=lambda: False, remaining=lambda: 5.0):
    return connections.get(key, make, Line.close, lambda line: line.open, cancelled=cancelled, remaining=remaining)


def test_one_for_a_key_and_closed_at_the_end():
    connections = Connections()
    first, again, other = get(connections), get(connections), get(connections, key="other")
    assert first is again
    assert first is not other
    connections.close()
    assert not first.open
    assert not other.open
    assert get(connections).open


def test_a_dead_one_is_made_anew():
    connections = Connections()
    first = get(connections)
    first.open = False
    assert get(connections) is not first


def test_many_threads_make_it_once():
    connections, made, found = Connections(), [], []

    def make():
        time.sleep(0.05)
        made.append(Line())
        return made[-1]

    threads = [threading.Thread(target=lambda: found.append(get(connections, make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert all(line is made[0] for line in found)


def test_what_cannot_be_made_is_tried_again_by_the_next():
    connections = Connections()

    def fail():
        raise Unreachable("no")

    with pytest.raises(Unreachable):
        get(connections, fail)
    assert get(connections).open


@pytest.mark.parametrize(
    ("more", "failure"), [({"cancelled": lambda: True}, Cancelled), ({"remaining": lambda: -1.0}, TimedOut)]
)
def test_whoever_waits_watches_its_own_time(more, failure):
    connections, go = Connections(), threading.Event()

    def slow():
        go.wait(5)
        return Line()

    holder = threading.Thread(target=get, args=(connections, slow))
    holder.start()
    try:
        with pytest.raises(failure):
            get(connections, **more)
    finally:
        go.set()
        holder.join()


def test_what_cannot_be_closed_is_let_go():
    connections = Connections()

    def refuse(_):
        raise OSError("no")

    connections.get("k", Line, refuse, lambda _: True, cancelled=lambda: False, remaining=lambda: 1.0)
    connections.close()
    assert get(connections).open


def test_what_goes_through_another_is_closed_before_it():
    connections, closed = Connections(), []
    for key in ("jump", "inner", "innermost"):
        connections.get(
            key, lambda key=key: key, closed.append, lambda _: True, cancelled=lambda: False, remaining=lambda: 1.0
        )
    connections.close()
    assert closed == ["innermost", "inner", "jump"]
