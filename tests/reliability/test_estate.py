"""Some simulated hours of a noisy estate, the server being stopped and started in between. The long form, of a day, is
`python benchmarks/estate.py`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import estate


def test_nothing_is_lost_and_nothing_is_done_twice():
    hours = 24 if os.environ.get("STEADY_DEEP") else 0.4
    outcome = estate.simulate(hours, seed=7, restart=600)
    assert outcome.wrong == []
    assert outcome.restarts >= 2
    assert outcome.alerts > 20
    assert outcome.runs > 20
    assert outcome.changes > 3
    assert outcome.memory[-1] < outcome.memory[0] * 1.5
