"""An engine that kills itself with SIGKILL before or after its n-th append. Started by the tests as a real process.

crash_child.py STORE RUNBOOK LIMIT WHEN [RUN]     WHEN is before, after or never; with RUN it resumes
"""

import os
import signal
import sys

from steadyhand.app import library, runs
from steadyhand.app.services import Services
from steadyhand.core.answers import Answer
from steadyhand.driver.drive import Ending
from steadyhand.model import Mode


class Deadly:
    """A journal that forwards everything, and dies at one append."""

    def __init__(self, inner, limit, when):
        self._inner, self._limit, self._when, self.count = inner, limit, when, 0

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def append(self, *args, **named):
        self.count += 1
        if self.count == self._limit and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._inner.append(*args, **named)
        if self.count == self._limit and self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def main():
    store, path, limit, when, *run = sys.argv[1:]
    desk = Services(store=store, config="", cwd=os.path.dirname(path))
    desk.__dict__["journal"] = Deadly(desk.journal, int(limit), when)
    if run:
        driver = runs.resume(desk, run[0])
    else:
        runbook = library.load(desk, path)
        driver = runs.start(desk, runbook, {}, Mode.GUIDED)
    while driver.state.conclusion is None:
        ending = driver.drive()
        if ending is Ending.WAITING:
            for gate in driver.state.open_gates:
                happened = os.path.exists(os.path.join(desk.cwd, "effect"))
                word = "approve" if gate.opened.kind == "confirm" else "happened" if happened else "run_again"
                runs.answer(desk, driver.stream, Answer(gate.opened.gate, "kim", word, gate.opened.digest, "test"))
            driver = runs.resume(desk, driver.stream)
    print(driver.state.conclusion.conclusion, desk.journal.count)


if __name__ == "__main__":
    main()
