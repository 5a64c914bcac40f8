"""What came of drills is remembered, the latest of each."""

from __future__ import annotations

from steadyhand.app import drilled
from steadyhand.app.drilling import Outcome

from .server import services_in


def test_the_latest_of_each_drill_counts(tmp_path):
    services = services_in(tmp_path)
    assert drilled.last(services, "web", "d1") is None
    wrong = Outcome("web", "gone", "gone", cause="dead", conclusion="resolved", problems=("it found dead",))
    good = Outcome("web", "dead", "dead", cause="dead", conclusion="resolved", repaired=True, took=5)
    assert drilled.record(services, {"web": "d1"}, [wrong, good, Outcome("web", "far", "x", skipped="no nginx")]) == 2
    found = drilled.last(services, "web", "d1")
    assert (found.passed, found.failed, found.of_this_text) == (1, ("gone",), True)
    drilled.record(services, {"web": "d2"}, [Outcome("web", "gone", "gone", cause="gone", conclusion="resolved")])
    found = drilled.last(services, "web", "d2")
    assert (found.passed, found.failed, found.of_this_text) == (2, (), False)
    assert services.journal.verify_store() == ()
    services.close()
