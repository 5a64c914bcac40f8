"""What a durable append to a store in PostgreSQL costs, against the bare round trip: called by run.py, or alone.

W10a one append after the other, one event each   floor: the same client's INSERT of the same text, committed
W10b eight threads, each on a run of its own      floor: eight threads of such INSERTs, each on a connection of its own

The server flushes every commit (fsync on, synchronous_commit on). Rounds are interleaved; medians.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.realparts.postgresql import PASSWORD, SUPERUSER, postgres

from steadyhand.events import NoteAdded
from steadyhand.journal.open import open_journal
from steadyhand.journal.protocol import Journal

APPENDS, ROUNDS, THREADS = 400, 7, 8
TEXT = "x" * 400
TABLE = "CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)"


def inserts(connection: psycopg.Connection) -> None:
    for _ in range(APPENDS):
        connection.execute("INSERT INTO bare (body) VALUES (%s)", (TEXT,), prepare=True)


def appends(journal: Journal, stream: str) -> None:
    head = journal.head(stream)
    seq = head.seq if head else 0
    for number in range(seq, seq + APPENDS):
        journal.append(stream, number, [NoteAdded("ana", TEXT, "cli")], actor="bench", at=number, epoch=1)


def timed(act: Callable[[], object]) -> float:
    """Seconds for each append."""
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) / APPENDS


def measure(report: Callable[[str, tuple[float, float], float, float], None]) -> None:
    """Measure and report, floors and ours in turns."""
    with postgres("fsync=on", "max_connections=60") as server:
        url = f"postgresql://{SUPERUSER}:{PASSWORD}@127.0.0.1:{server.port}/postgres"
        journal = open_journal(url)
        bare = [psycopg.connect(url, autocommit=True) for _ in range(THREADS)]
        bare[0].execute(TABLE)
        found: dict[str, list[float]] = {"bare": [], "one": [], "bare8": [], "eight": []}
        with ThreadPoolExecutor(THREADS) as pool:
            acts: dict[str, Callable[[], object]] = {
                "bare": lambda: inserts(bare[0]),
                "one": lambda: appends(journal, "r0"),
                "bare8": lambda: list(pool.map(inserts, bare)),
                "eight": lambda: list(pool.map(lambda n: appends(journal, f"r{n}"), range(THREADS))),
            }
            for number in range(ROUNDS + 1):
                for name, act in acts.items():
                    took = timed(act) / (THREADS if name in {"bare8", "eight"} else 1)
                    if number:  # the first round warms up
                        found[name].append(took)
        for connection in bare:
            connection.close()
        journal.close()
    m = {name: statistics.median(times) for name, times in found.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report("W10a append on PostgreSQL", (m["one"], memory), m["bare"], 3.0)
    report(f"W10b {THREADS} threads append there", (m["eight"], memory), m["bare8"], 3.0)
    print(f"   durable appends a second: {1 / m['one']:.0f} one by one, {1 / m['eight']:.0f} from {THREADS} threads")


if __name__ == "__main__":

    def told(what: str, measured: tuple[float, float], floor: float, target: float) -> None:
        print(f"{what:<36} {measured[0] / floor:5.1f} x of {floor * 1e6:.0f} us (target {target:g} x)", flush=True)

    measure(told)
