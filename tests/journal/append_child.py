"""Appends to one stream of a store until it has done so often enough, against others who do the same."""

import sys

from steadyhand.errors import HeadMoved
from steadyhand.journal.open import open_journal

from .events import note

if __name__ == "__main__":
    url, stream, name, count = sys.argv[1:]
    journal = open_journal(url)
    won = 0
    while won < int(count):
        try:
            journal.append(stream, journal.head(stream).seq, [note(f"{name}:{won}")], actor=name, at=1, epoch=1)
            won += 1
        except HeadMoved:
            pass
    journal.close()
