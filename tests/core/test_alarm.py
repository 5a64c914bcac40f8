"""What a run knows of its alert."""

import pytest

from steadyhand.core.alarm import Alarm, after
from steadyhand.events import AlertChanged

SECOND = 1_000_000


@pytest.mark.parametrize("status", ["resolved", "silenced", "inhibited"])
def test_an_alert_goes_quiet_and_the_number_of_that_stays_when_it_fires_again(status):
    quiet = after(Alarm(), AlertChanged(status, "am", 7), 5, 9)
    assert (quiet.quiet, quiet.quiet_seq, quiet.at) == (True, 5, 7)
    again = after(quiet, AlertChanged("firing"), 8, 9)
    assert (again.quiet, again.quiet_seq, again.at, again.notices(0)) == (False, 5, 9, ())


def test_the_same_told_again_is_no_news_and_another_silence_is():
    quiet = after(Alarm(), AlertChanged("resolved"), 5, 9)
    assert after(quiet, AlertChanged("resolved", "bo"), 6, 10) is quiet
    assert after(quiet, AlertChanged("silenced"), 6, 10).quiet_seq == 6


def test_an_alert_that_somebody_has_acknowledged_is_not_quiet():
    assert not after(Alarm(), AlertChanged("acknowledged", "kim"), 5, 9).quiet


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (AlertChanged("resolved", "am", 135 * SECOND + 5), "the alert has resolved since (says am), 2m 5s after the run began"),
        (AlertChanged("silenced", "", 10 * SECOND), "the alert is silenced since"),
        (AlertChanged("inhibited", "rule", 11 * SECOND), "the alert is inhibited since (says rule), 1 s after the run began"),
    ],
)  # fmt: skip
def test_what_a_person_is_told(event, said):
    assert after(Alarm(), event, 5, 9).notices(10 * SECOND) == (said,)
