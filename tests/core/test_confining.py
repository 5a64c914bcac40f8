"""Whether an attempt must be held to reading, by the step's word and the mode; the machine is asked only when it matters."""

from __future__ import annotations

import pytest

from steadyhand.core.confining import OPTED_OUT, UNHELD, held
from steadyhand.errors import Refused
from steadyhand.model import Ability, Effect, Operation

CAN, CANNOT = Ability("Landlock", "Landlock (version 7)"), Ability("", "the kernel has no Landlock")


def operation(confine=None, effect=Effect.READ):
    return Operation("shell", {}, effect, confine=confine)


def unasked():
    raise AssertionError("nobody needed to know")


@pytest.mark.parametrize("mode", ["guided", "step", "auto", "diagnose", "dry-run"])
def test_a_written_word_holds_in_every_mode(mode):
    assert held(operation(True), True, mode, lambda: CAN) == CAN
    assert held(operation(False), True, mode, unasked) == OPTED_OUT
    with pytest.raises(Refused) as caught:
        held(operation(True), True, mode, lambda: CANNOT)
    assert caught.value.message == "it must be confined, and this machine cannot do that: the kernel has no Landlock"
    assert "bubblewrap" in caught.value.hint


def test_left_out_it_is_confined_in_mode_diagnose_where_that_can_be():
    assert held(operation(), True, "diagnose", lambda: CAN) == CAN
    assert held(operation(), True, "diagnose", lambda: CANNOT) == CANNOT
    assert held(operation(), True, "guided", unasked) == UNHELD


def test_changes_and_other_kinds_are_not_confined():
    for effect in (Effect.CHANGE, Effect.DESTRUCTIVE):
        assert held(operation(True, effect), True, "diagnose", unasked) == UNHELD
    assert held(operation(True), False, "diagnose", unasked) == UNHELD
