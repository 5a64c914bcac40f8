"""Targets as the store knows them: one of two runs gets a lock, and what is known before a change is said."""

from __future__ import annotations

import threading

import pytest

from steadyhand import events as e
from steadyhand.core import fold
from steadyhand.core.estate import fold_target, stream_of
from steadyhand.core.locks import Lock
from steadyhand.driver.holds import HOUR, Holds
from steadyhand.journal.memory import MemoryJournal
from steadyhand.schema import Changes, Freeze

NOW = 1_800_000_000_000_000
LOCK = Lock(("cache", "db"), 1, "same", NOW)


class Store:
    """A journal with runs in it that want, hold or have released the locks of one step."""

    def __init__(self, changes=None):
        self.journal = MemoryJournal()
        self.changes = changes or Changes()

    def run(self, name, *, requester="sam", change="same", at=NOW):
        started = e.RunStarted("x", "d", "guided", requester, {}, {}, {}, name)
        wanted = e.LocksWanted("a", 1, LOCK.targets, change)
        self.journal.append(name, 0, [started, wanted], actor=name, at=at, epoch=1)
        return self.holds(name), self.state(name)

    def holds(self, name):
        return Holds(self.journal, self.changes, name, name)

    def state(self, name):
        return fold(self.journal.read(name))

    def tell(self, name, *happened, at=NOW):
        self.journal.append(name, self.state(name).seq, happened, actor=name, at=at, epoch=1)

    def finished(self, name, outcome="pass", proved="", *, change="same", at=NOW):
        holds, state = self.run(name, change=change, at=at)
        assert holds.take(state, "a", state.locks["a#1"], at) is None
        self.tell(name, e.LocksTaken("a", 1), e.LocksReleased("a", 1, outcome, proved), at=at)

    def lease(self, by="kim", until=NOW + HOUR):
        stream = stream_of("db")
        seq = getattr(self.journal.head(stream), "seq", 0)
        self.journal.append(stream, seq, [e.LeaseTaken("db", by, "index", until)], actor=by, at=NOW, epoch=1)


@pytest.fixture
def store():
    return Store()


def test_one_run_gets_it_and_the_other_is_told_who_has_it(store):
    (one, first), (two, second) = store.run("r1"), store.run("r2")
    assert one.take(first, "a", LOCK, NOW) is None
    assert one.take(first, "a", LOCK, NOW) is None, "asking again takes nothing twice"
    assert two.take(second, "a", LOCK, NOW) == ("cache", "cache is locked by run r1 for a")
    assert len(fold_target(store.journal.read("target:db")).changes) == 1


def test_a_lock_ends_when_its_run_says_so(store):
    store.finished("r1")
    two, state = store.run("r2")
    assert two.take(state, "a", LOCK, NOW) is None


def test_a_lock_ends_with_its_run(store):
    one, state = store.run("r1")
    one.take(state, "a", LOCK, NOW)
    store.tell("r1", e.RunConcluded("stopped"))
    two, state = store.run("r2")
    assert two.take(state, "a", LOCK, NOW) is None


def test_another_step_of_the_same_run_waits_too(store):
    one, state = store.run("r1")
    one.take(state, "a", LOCK, NOW)
    assert one.take(state, "b", LOCK, NOW) == ("cache", "cache is locked by this run for a")


def test_a_lease_keeps_others_off_and_not_its_holder(store):
    store.lease()
    theirs, state = store.run("r1", requester="sam")
    assert theirs.take(state, "a", LOCK, NOW) == ("db", "db is leased by kim until 2027-01-15 09:00 UTC: index")
    mine, state = store.run("r2", requester="kim")
    assert mine.take(state, "a", LOCK, NOW) is None
    later, state = store.run("r3", requester="sam")
    store.tell("r2", e.RunConcluded("stopped"))
    assert later.take(state, "a", LOCK, NOW + HOUR) is None


def test_what_is_wanted_is_tried_and_a_refusal_is_said_once(store):
    store.lease()
    holds, state = store.run("r1")
    (refused,) = holds.wanted(state, NOW, 1.0)
    assert refused == e.LocksRefused("a", 1, "db", "db is leased by kim until 2027-01-15 09:00 UTC: index")
    store.tell("r1", refused)
    assert holds.wanted(store.state("r1"), NOW, 1.0) == []
    assert holds.wanted(store.state("r1"), NOW + HOUR, 1.1) == [], "it was tried a moment ago"
    assert holds.wanted(store.state("r1"), NOW + HOUR, 9.0) == [e.LocksTaken("a", 1)]


def test_of_many_that_want_it_at_once_one_gets_it():
    store = Store()
    runs = [(name, *store.run(name)) for name in (f"r{n}" for n in range(12))]
    got, barrier = [], threading.Barrier(len(runs))

    def compete(name, holds, state):
        barrier.wait()
        if holds.take(state, "a", LOCK, NOW) is None:
            got.append(name)

    threads = [threading.Thread(target=compete, args=one) for one in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    for target in LOCK.targets:
        assert fold_target(store.journal.read(stream_of(target))).last.lock.run == got[0]


# --- what is known before a change


def looked(store, *, change="same", now=NOW, name="r9"):
    holds, state = store.run(name, change=change, at=now)
    return holds.look(state, LOCK.targets, change, now)


def test_nothing_is_known_of_a_target_that_was_never_touched(store):
    seen = looked(store)
    assert (seen.notices, seen.blocked, seen.roles) == ((), "", ())


@pytest.mark.parametrize(("outcome", "proved"), [("pass", "fail"), ("fail", ""), ("error", ""), ("fail", "error")])
def test_the_same_change_that_did_not_help_is_not_offered_without_saying_so(store, outcome, proved):
    store.finished("r1", outcome, proved)
    notices = [
        "the same change to cache did not help at 2027-01-15 08:00 UTC (run r1)",
        "the same change to db did not help at 2027-01-15 08:00 UTC (run r1)",
    ]
    assert list(looked(store, now=NOW + HOUR).notices) == notices
    assert looked(store, change="another", name="r7").notices == ()
    assert looked(store, now=NOW + 25 * HOUR, name="r8").notices == ()


@pytest.mark.parametrize(("outcome", "proved"), [("pass", "pass"), ("pass", ""), ("rejected", "")])
def test_what_helped_is_not_spoken_of(store, outcome, proved):
    store.finished("r1", outcome, proved)
    assert looked(store).notices == ()


def test_who_has_it_is_said(store):
    store.lease()
    one, state = store.run("r1", requester="kim")
    one.take(state, "a", LOCK, NOW)
    assert looked(store).notices == (
        "cache is locked by run r1 for a", "db is leased by kim until 2027-01-15 09:00 UTC: index",
        "db is locked by run r1 for a",
    )  # fmt: skip


def test_the_same_change_is_made_only_so_often_in_an_hour():
    store = Store(Changes(per_hour=2))
    store.finished("r1")
    assert looked(store, name="r5").blocked == ""
    store.finished("r2", at=NOW + HOUR // 2)
    assert looked(store, now=NOW + HOUR // 2).blocked == (
        "the same change was made to cache 2 times within an hour, and the settings allow no more"
    )
    assert looked(store, change="another", name="r6", now=NOW + HOUR // 2).blocked == ""
    assert looked(store, name="r7", now=NOW + HOUR + 1).blocked == ""


def test_a_freeze_blocks_or_names_who_may_approve():
    frozen = Freeze("Holidays", until=NOW + HOUR)
    seen = looked(Store(Changes(freezes=(frozen,))))
    assert seen.blocked == "changes are frozen until 2027-01-15 09:00 UTC: Holidays"
    allowed = Freeze("Holidays", until=NOW + HOUR, roles=("commander",))
    seen = looked(Store(Changes(freezes=(allowed,))))
    assert (seen.blocked, seen.roles) == ("", ("commander",))
    assert seen.notices == ("changes are frozen until 2027-01-15 09:00 UTC: Holidays; only commander may approve",)
    assert looked(Store(Changes(freezes=(Freeze("x", targets=("web",)),)))).blocked == ""


def test_a_run_that_cannot_be_read_is_taken_to_hold_what_it_locked(store):
    one, state = store.run("r1")
    one.take(state, "a", LOCK, NOW)
    store.journal.append("r1", 2, [e.LeaseReturned("db", "x")], actor="r1", at=NOW, epoch=1)
    two, state = store.run("r2")
    assert two.take(state, "a", LOCK, NOW) == ("cache", "cache is locked by run r1 for a")
