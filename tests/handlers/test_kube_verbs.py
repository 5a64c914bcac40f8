"""What each verb does to the world, and what is found before a run: no cluster is needed for it."""

from __future__ import annotations

import pytest

from steadyhand.handlers._kube_verbs import effect_of, may_be_milder, problems
from steadyhand.model import Effect

READ, CHANGE, DESTRUCTIVE = Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE


@pytest.mark.parametrize(
    ("params", "effect"),
    [
        ({"get": "deployment", "name": "orders"}, READ),
        ({"logs": "pod/x", "tail": 100, "previous": True}, READ),
        ({"describe": "node", "name": "n1", "namespace": "shop"}, READ),
        ({"top": "pods"}, READ),
        ({"events": "", "selector": "app=x"}, READ),
        ({"events": None}, READ),
        ({"list": "pods"}, READ),
        ({"wait": "deployment/x", "for": "condition=Available"}, READ),
        ({"can_i": "patch", "resource": "deployments"}, READ),
        ({"rollout": "status", "resource": "deployment/x"}, READ),
        ({"rollout": "history", "resource": "deployment/x"}, READ),
        ({"rollout": "restart", "resource": "deployment/x", "wait": "2m"}, CHANGE),
        ({"rollout": "undo", "resource": "deployment/x"}, CHANGE),
        ({"rollout": "{{ inputs.x }}"}, CHANGE),
        ({"scale": "deployment/x", "replicas": 3}, CHANGE),
        ({"patch": "deployment/x", "status": True}, CHANGE),
        ({"exec": "pod/x", "get": "something"}, CHANGE),
        ({"exec": "pod/x", "argv": ["true"]}, CHANGE),
        ({"get": "pods", "unheard_of": 1}, CHANGE),
        ({"apply": {}}, CHANGE),
        ({"cordon": "n1"}, CHANGE),
        ({"label": "pod/x", "values": {}}, CHANGE),
        ({"delete": "pod", "name": "x"}, DESTRUCTIVE),
        ({"drain": "node/x"}, DESTRUCTIVE),
        ({"get": "pods", "delete": "pod/x"}, DESTRUCTIVE),
        ({"command": "get pods -A"}, CHANGE),
        ({"command": "apply -f x.yaml"}, CHANGE),
        ({"command": "get pods", "delete": "x"}, DESTRUCTIVE),
        ({}, CHANGE),
        ({"namespace": "shop"}, CHANGE),
    ],
)
def test_the_effect(params, effect):
    assert effect_of(params) is effect


def test_only_a_command_in_a_container_may_be_declared_milder():
    assert may_be_milder({"exec": "pod/x", "argv": ["df"]})
    assert not may_be_milder({"exec": "pod/x", "delete": "pod/x"})
    assert not may_be_milder({"exec": "pod/x", "unheard_of": 1})
    assert not may_be_milder({"patch": "pod/x"})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "names no verb"),
        ({"get": "x", "list": "y"}, "names 2 verbs: get, list"),
        ({"exec": "pod/x"}, "`exec` needs `argv`"),
        ({"rollout": "restart"}, "`rollout` needs `resource`"),
        ({"wait": "pod/x"}, "`wait` needs `for`"),
        ({"get": "pod/x", "tail": 3}, "`get` takes no `tail`"),
        ({"get": "pod/x", "wait": "2m"}, "`get` takes no `wait`"),
        ({"cordon": "n1", "grace": 1}, "`cordon` takes no `grace`"),
        ({"rollout": "destroy", "resource": "x/y"}, "`rollout` cannot be 'destroy'"),
        ({"rollout": "restart", "resource": "x/y", "to_revision": 2}, "`rollout: restart` takes no `to_revision`"),
    ],
)
def test_what_is_wrong_with_the_keys(params, said):
    found = list(problems(params))
    assert said in found[0][0]
    assert found[0][1]


@pytest.mark.parametrize("params", [
    {"get": "deployment", "name": "orders"}, {"rollout": "restart", "resource": "deployment/x", "wait": "2m"},
    {"rollout": "{{ inputs.word }}", "resource": "x/y", "to_revision": 1}, {"delete": "pod/x", "wait": "1m", "grace": 1},
    {"events": None, "for": "deployment/x"},
])  # fmt: skip
def test_what_is_right(params):
    assert list(problems(params)) == []
