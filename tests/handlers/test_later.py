"""Step kinds of a later version: read, checked, and honest about their effects."""

from __future__ import annotations

import pytest

from steadyhand.handlers.later import SPECS
from steadyhand.model import Effect

READ, CHANGE = Effect.READ, Effect.CHANGE


@pytest.mark.parametrize("name", ["ssh"])
def test_a_run_that_needs_one_says_so(name):
    spec = SPECS[name]
    assert spec.name == name
    assert spec.available == f"`{name}` steps are read and checked, but this version cannot carry them out yet"
    assert spec.open_params
    assert spec.short == spec.params[0].name
    assert spec.summary
    assert spec.params[0].description
    assert spec.params[0].example


def test_the_other_effects():
    assert SPECS["ssh"].effect_of({"text": "uptime"}) is CHANGE
