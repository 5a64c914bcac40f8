"""Step kinds of a later version: read, checked, and honest about their effects."""

from __future__ import annotations

import pytest

from steadyhand.handlers.later import SPECS
from steadyhand.model import Effect

READ, CHANGE, DESTRUCTIVE = Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE


@pytest.mark.parametrize("name", ["ssh", "kubectl"])
def test_a_run_that_needs_one_says_so(name):
    spec = SPECS[name]
    assert spec.name == name
    assert spec.available == f"`{name}` steps are read and checked, but this version cannot carry them out yet"
    assert spec.open_params
    assert spec.short == spec.params[0].name
    assert spec.summary
    assert spec.params[0].description
    assert spec.params[0].example


@pytest.mark.parametrize(
    ("params", "effect"),
    [
        ({"get": "deployment", "name": "orders"}, READ),
        ({"logs": "pod/x", "tail": 100, "previous": True}, READ),
        ({"describe": "node", "name": "n1", "namespace": "shop"}, READ),
        ({"top": "pods"}, READ),
        ({"events": "", "selector": "app=x"}, READ),
        ({"list": "pods"}, READ),
        ({"rollout": "status", "resource": "deployment/x"}, READ),
        ({"rollout": "history", "resource": "deployment/x"}, READ),
        ({"rollout": "restart", "resource": "deployment/x", "wait": "2m"}, CHANGE),
        ({"rollout": "undo", "resource": "deployment/x"}, CHANGE),
        ({"rollout": "{{ inputs.x }}"}, CHANGE),
        ({"scale": "deployment/x", "replicas": 3}, CHANGE),
        ({"patch": "deployment/x", "status": True}, CHANGE),
        ({"exec": "pod/x", "get": "something"}, CHANGE),
        ({"get": "pods", "unheard_of": 1}, CHANGE),
        ({"delete": "pod", "name": "x"}, DESTRUCTIVE),
        ({"drain": "node/x"}, DESTRUCTIVE),
        ({"get": "pods", "delete": "pod/x"}, DESTRUCTIVE),
        ({"command": "get pods -A"}, READ),
        ({"command": "rollout status deployment/x"}, READ),
        ({"command": "rollout restart deployment/x"}, CHANGE),
        ({"command": "rollout"}, CHANGE),
        ({"command": "delete pod x"}, DESTRUCTIVE),
        ({"command": "apply -f x.yaml"}, CHANGE),
        ({"command": "{{ inputs.verb }} pods"}, CHANGE),
        ({"command": "get pods", "delete": "x"}, DESTRUCTIVE),
        ({}, CHANGE),
        ({"namespace": "shop"}, CHANGE),
    ],
)
def test_the_effect_of_kubectl(params, effect):
    assert SPECS["kubectl"].effect_of(params) is effect


def test_the_other_effects():
    assert SPECS["ssh"].effect_of({"text": "uptime"}) is CHANGE
