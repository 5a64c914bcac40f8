"""What every access store promises, held against each of them: on disk, in memory, in a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from steadyhand.access.memory import MemoryCells
from steadyhand.access.postgresql import PostgresqlCells
from steadyhand.access.sqlite import SqliteCells

from ..realparts.postgresql import PASSWORD, SUPERUSER, postgres

KINDS = ("sqlite", "memory", "postgresql")


class Clock:
    def __init__(self) -> None:
        self.at = 1_000

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def database():
    with postgres() as server:
        yield f"postgresql://{SUPERUSER}:{PASSWORD}@127.0.0.1:{server.port}/postgres"


@pytest.fixture(params=KINDS)
def cells(request, tmp_path, clock):
    if request.param == "sqlite":
        opened = SqliteCells(str(tmp_path / "j.db.access.db"), clock)
    elif request.param == "memory":
        opened = MemoryCells(clock)
    else:
        opened = PostgresqlCells(request.getfixturevalue("database"), clock)
        opened._do("DELETE FROM steadyhand_access.cells")
    yield opened
    opened.close()


def test_what_was_put_is_got_and_of_its_kind_alone(cells):
    assert cells.put("token", "a", b"\x00one\xff")
    assert cells.get("token", "a") == b"\x00one\xff"
    assert cells.get("session", "a") is None
    assert cells.get("token", "b") is None
    assert cells.put("token", "a", b"two")
    assert cells.get("token", "a") == b"two"


def test_only_new_leaves_what_is_there(cells):
    assert cells.put("once", "k", b"1", only_new=True)
    assert not cells.put("once", "k", b"2", only_new=True)
    assert cells.get("once", "k") == b"1"


def test_a_swap_needs_the_value_that_was_seen(cells):
    assert not cells.swap("count", "k", b"0", b"1")
    assert cells.swap("count", "k", None, b"0")
    assert not cells.swap("count", "k", None, b"9")
    assert not cells.swap("count", "k", b"7", b"9")
    assert cells.swap("count", "k", b"0", b"1")
    assert cells.get("count", "k") == b"1"


def test_what_is_taken_is_gone(cells):
    cells.put("link", "k", b"v")
    assert cells.take("link", "k") == b"v"
    assert cells.take("link", "k") is None
    assert cells.get("link", "k") is None


def test_deleting_says_whether_there_was_one(cells):
    cells.put("token", "a", b"v")
    assert cells.delete("token", "a")
    assert not cells.delete("token", "a")


def test_a_list_is_by_key_and_of_one_kind(cells):
    for key in ("b", "a", "é"):
        cells.put("token", key, key.encode())
    cells.put("session", "c", b"c")
    assert cells.list("token") == (("a", b"a"), ("b", b"b"), ("é", "é".encode()))
    assert cells.list("nothing") == ()


def test_what_has_expired_is_not_there_for_anybody(cells, clock):
    cells.put("s", "k", b"v", expires=2_000)
    cells.put("s", "for ever", b"w")
    clock.at = 1_999
    assert cells.get("s", "k") == b"v"
    assert not cells.put("s", "k", b"x", only_new=True)
    clock.at = 2_000
    assert cells.get("s", "k") is None
    assert cells.list("s") == (("for ever", b"w"),)
    assert not cells.swap("s", "k", b"v", b"x")
    assert not cells.delete("s", "k")
    assert cells.put("s", "k", b"new", expires=3_000, only_new=True)
    clock.at = 3_000
    assert cells.take("s", "k") is None
    cells.put("s", "k", b"old", expires=3_000)
    assert cells.swap("s", "k", None, b"newer")
    assert cells.get("s", "k") == b"newer"


def test_pruning_removes_what_has_expired_and_no_more(cells):
    cells.put("s", "a", b"1", expires=10)
    cells.put("s", "b", b"2", expires=5_000)
    cells.put("s", "c", b"3")
    assert cells.prune(10) == 1
    assert cells.prune(10) == 0
    assert [key for key, _ in cells.list("s")] == ["b", "c"]


def test_of_many_who_take_one_gets_it(cells):
    cells.put("link", "k", b"v")
    got: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: got.append(cells.take("link", "k"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(x is not None for x in got) == [False] * 7 + [True]


def test_counting_by_swaps_loses_nothing(cells):
    def count() -> None:
        for _ in range(25):
            while True:
                before = cells.get("n", "k")
                if cells.swap("n", "k", before, b"%d" % (int(before or b"0") + 1)):
                    break

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cells.get("n", "k") == b"100"


def test_of_two_processes_one_is_first(tmp_path):
    path = tmp_path / "j.db.access.db"
    word = f"from steadyhand.access.sqlite import SqliteCells; print(SqliteCells({str(path)!r}).put('k', 'x', b'1', only_new=True))"
    running = [subprocess.Popen([sys.executable, "-c", word], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = sorted(one.communicate(timeout=30)[0].strip() for one in running)
    assert said == ["False", "False", "False", "True"]
