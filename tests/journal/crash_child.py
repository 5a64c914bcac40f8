"""Appends for ever and says so after each append is acknowledged, until it is killed."""

import sys

from steadyhand.journal.sqlite import SqliteJournal

from .events import note, started

if __name__ == "__main__":
    journal = SqliteJournal(sys.argv[1])
    journal.append(sys.argv[2], 0, [started()], actor="c", at=1, epoch=1)
    seq = 1
    while True:
        journal.append(sys.argv[2], seq, [note("x" * 500)], actor="c", at=1, epoch=1)
        seq += 1
        sys.stdout.write(f"{seq}\n")
        sys.stdout.flush()
