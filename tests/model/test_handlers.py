"""What the engine knows of a handler as data."""

from __future__ import annotations

from steadyhand.model.handlers import Effect, HandlerSpec, undeclared_is_a_change


def test_effects_are_in_the_order_of_consequence():
    assert [effect.value for effect in Effect] == ["read", "change", "destructive"]


def test_a_handler_that_cannot_know_is_taken_to_change_something():
    assert undeclared_is_a_change({"text": "ls"}) is Effect.CHANGE
    spec = HandlerSpec("x", "does x", ())
    assert spec.effect_of({}) is Effect.CHANGE
    assert not spec.effect_known
    assert not spec.capabilities.idempotent
