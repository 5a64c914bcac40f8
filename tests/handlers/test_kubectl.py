"""`kubectl` as the engine sees it: the suite of all handlers, and what its parameters may be."""

from __future__ import annotations

from typing import ClassVar

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import kubectl
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Secret, Target, Text, plain

from .kube import texts

FILE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
WHOLE = {
    "get": {"get": "deployment/x"}, "list": {"list": "pods"}, "describe": {"describe": "pod/x"}, "logs": {"logs": "pod/x"},
    "top": {"top": "pods"}, "events": {"events": None}, "exec": {"exec": "pod/x", "argv": ["true"]},
    "rollout": {"rollout": "restart", "resource": "deployment/x"}, "scale": {"scale": "deployment/x", "replicas": 2},
    "set_image": {"set_image": "deployment/x", "images": {"app": "x:1"}}, "patch": {"patch": "deployment/x", "body": {}},
    "apply": {"apply": FILE}, "delete": {"delete": "pod/x"}, "cordon": {"cordon": "n1"}, "uncordon": {"uncordon": "n1"},
    "drain": {"drain": "n1"}, "wait": {"wait": "pod/x", "for": "delete"}, "label": {"label": "pod/x", "values": {"a": "b"}},
    "annotate": {"annotate": "pod/x", "values": {"a": "b"}}, "can_i": {"can_i": "get", "resource": "pods"},
}  # fmt: skip
"""A step of each verb."""
OTHERS = {
    "name": ({"get": "pod", "name": "x"}, "y"), "namespace": ({"get": "pod/x"}, "y"), "all_namespaces": ({"list": "pods"}, True),
    "resource": ({"can_i": "get", "resource": "x"}, "y"), "selector": ({"list": "pods"}, "a=b"), "field_selector": ({"list": "pods"}, "a=b"),
    "limit": ({"list": "pods"}, 3), "container": ({"logs": "x"}, "c"), "tail": ({"logs": "x"}, 3), "since": ({"logs": "x"}, 3),
    "previous": ({"logs": "x"}, True), "follow": ({"logs": "x"}, 3), "timestamps": ({"logs": "x"}, True),
    "argv": ({"exec": "x", "argv": ["a"]}, ["b"]), "stdin": ({"exec": "x", "argv": ["a"]}, "b"),
    "to_revision": ({"rollout": "undo", "resource": "deployment/x"}, 3), "replicas": ({"scale": "deployment/x", "replicas": 1}, 2),
    "current_replicas": ({"scale": "deployment/x", "replicas": 1}, 2), "images": ({"set_image": "deployment/x", "images": {}}, {"a": "b"}),
    "type": ({"patch": "deployment/x", "body": {}}, "merge"), "body": ({"patch": "deployment/x", "body": {}}, {"a": "b"}),
    "field_manager": ({"apply": FILE}, "me"), "force": ({"apply": FILE}, True), "grace": ({"delete": "pod/x"}, 3),
    "ignore_daemonsets": ({"drain": "n1"}, False), "delete_emptydir": ({"drain": "n1"}, True), "for": ({"events": ""}, "pod/x"),
    "within": ({"wait": "pod/x", "for": "delete"}, 3), "types": ({"events": ""}, ["Normal"]), "values": ({"label": "pod/x", "values": {}}, {"a": "b"}),
    "overwrite": ({"label": "pod/x", "values": {}}, True), "subresource": ({"can_i": "get", "resource": "x"}, "log"),
}  # fmt: skip
"""For each key beside a verb, a step that takes it, and a value."""


class TestContract(HandlerContract):
    handler = kubectl
    changes: ClassVar = {param.name: None for param in kubectl.spec.params}

    @pytest.fixture(autouse=True)
    def _here(self, fake):
        self.here = fake

    @pytest.fixture
    def ordinary(self):
        self.here.deploy(wait=False)
        return Case(texts({"get": "deployment", "name": "orders"}), self.here.target())

    @pytest.fixture
    def failing(self):
        return Case(texts({"scale": "deployment/none", "replicas": 1}), self.here.target())

    @pytest.fixture
    def slow(self):
        self.here.deploy(replicas=1)
        return Case(
            {**texts({"wait": "deployment/orders", "for": "delete"}), "within": 120_000_000}, self.here.target()
        )

    @pytest.fixture
    def big(self):
        self.here.deploy(replicas=1)
        self.here.kubelet.logs["orders"] = b"x" * 3_000_000
        return Case(texts({"logs": "deployment/orders"}), self.here.target())

    @pytest.fixture
    def secret(self):
        self.here.deploy(wait=False)
        values = {"note": Text((Secret("note"),))}
        return Case(
            {**texts({"annotate": "deployment/orders"}), "values": values}, self.here.target(), {"note": "opensesame"}
        )

    def test_every_parameter_is_covered_by_the_digest(self, ordinary):
        """One verb for each step: no ordinary case could stand beside each of them."""
        assert set(WHOLE) | set(OTHERS) == {param.name for param in kubectl.spec.params}
        digests = {name: kubectl.plan(texts(params), None).digest for name, params in WHOLE.items()}
        assert len(set(digests.values())) == len(WHOLE)
        twins = [name for name, (params, value) in OTHERS.items()
                 if kubectl.plan(texts(params), None).digest == kubectl.plan(texts({**params, name: value}), None).digest]  # fmt: skip
        assert twins == []

    def test_the_target_is_covered_by_the_digest(self):
        plans = [kubectl.plan(texts({"list": "pods"}), Target("t", "kubernetes", params)).digest
                 for params in ({}, {"context": plain("a")}, {"context": plain("b")}, {"as_user": plain("a")})]  # fmt: skip
        assert len(set(plans)) == 4


class TestLogsContract(TestContract):
    """Following a log ends at once, too."""

    @pytest.fixture
    def slow(self):
        self.here.deploy(replicas=1)
        return Case({**texts({"logs": "deployment/orders"}), "follow": 120_000_000}, self.here.target())


class TestExecContract(TestContract):
    """And so does a command."""

    @pytest.fixture
    def slow(self):
        self.here.deploy(replicas=1)
        return Case(texts({"exec": "deployment/orders", "argv": ["sleep", "3"]}), self.here.target())


@pytest.mark.parametrize(("params", "said"), [
    ({"get": "pods"}, "names no object"), ({"get": "pod/x", "name": "y"}, "`name` is given too"),
    ({"rollout": "restart", "resource": "deployment"}, "names no object"),
    ({"patch": "pod/x", "body": []}, "must be a map"), ({"patch": "pod/x", "body": {}, "type": "json"}, "must be a list"),
    ({"patch": "pod/x", "body": {}, "type": "other"}, "`type` cannot be 'other'"), ({"apply": 3}, "must be a manifest"),
    ({"top": "shop"}, "`top` cannot be"), ({"exec": "x", "argv": []}, "names no program"),
    ({"delete": "pod/x", "wait": "soon"}, "`wait` must be a duration"), ({"delete": "pod/x", "wait": 3}, "`wait` must be a duration"),
    ({"scale": "deploy/x", "replicas": -1}, "`replicas` cannot be -1"), ({"list": "pods", "limit": 0}, "`limit` cannot be 0"),
    ({"scale": "deploy/x", "replicas": True}, "`replicas` cannot be True"), ({"scale": "deploy/x", "replicas": [1]}, "must be a number"),
    ({}, "names no verb"), ({"get": "pod/x", "list": "pods"}, "names 2 verbs"),
])  # fmt: skip
def test_what_cannot_be_planned(params, said):
    with pytest.raises(BadInput, match=said) as caught:
        kubectl.plan(texts(params), None)
    assert caught.value.hint


def test_the_forms_of_the_documentation():
    found = kubectl.plan(texts({"rollout": "restart", "resource": "deployment/orders", "wait": "2m"}), None)
    assert found.request["params"]["wait"] == 120_000_000
    assert kubectl.plan(texts({"scale": "deploy/x", "replicas": "3"}), None).request["params"]["replicas"] == 3
