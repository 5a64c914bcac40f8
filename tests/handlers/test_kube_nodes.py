"""cordon, uncordon, drain: on a real API and on the fake."""

from __future__ import annotations

import threading

import pytest

from steadyhand.errors import BadInput, Refused

from ..realparts import until
from .kube import workload

MERGE = "application/merge-patch+json"


@pytest.fixture
def node(here):
    """The node, open again afterwards. The other pods on it are ended before, so that only the test's are drained."""

    def alone():
        others = [
            p["metadata"]
            for p in here.api("GET", "/api/v1/pods")["items"]
            if p["metadata"]["namespace"] != here.namespace
        ]
        for one in others:
            here.api.attempt(
                "DELETE", f"/api/v1/namespaces/{one['namespace']}/pods/{one['name']}", {"gracePeriodSeconds": 0}
            )
        return not others

    until(alone, "the end of the pods of other tests")
    yield here
    here.api("PATCH", "/api/v1/nodes/n1", {"spec": {"unschedulable": None}}, MERGE)


def cordoned(here):
    return bool(here.api("GET", "/api/v1/nodes/n1")["spec"].get("unschedulable"))


def pod(here, name, **more):
    spec = {
        "containers": [{"name": "app", "image": "x:1"}],
        "nodeName": "n1",
        "terminationGracePeriodSeconds": 1,
        **more.pop("spec", {}),
    }
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **more}, "spec": spec}
    here.api("POST", here.path("pods"), body)


def test_cordon_and_uncordon(node):
    found = node.do(cordon="node/n1")
    assert (found["done"], found["changed"], found["message"]) == (True, True, "node n1 is cordoned")
    assert cordoned(node)
    assert not node.do(cordon="n1")["changed"]
    assert node.rehearse(uncordon="n1")["changed"]
    assert cordoned(node)
    assert node.do(uncordon="no/n1")["changed"]
    assert not cordoned(node)
    with pytest.raises(Refused, match="there is no node n9"):
        node.do(cordon="n9")
    with pytest.raises(BadInput, match="a Pod cannot be cordoned"):
        node.do(cordon="pod/x")


def test_drain(node):
    node.deploy()
    found = node.do(drain="node/n1", wait="20s")
    assert found["done"], found["message"]
    assert len(found["evicted"]) == 2
    assert all(name.startswith(f"{node.namespace}/orders-") for name in found["evicted"])
    assert found["left"] == []
    assert cordoned(node)


def test_what_a_drain_would_do(node):
    node.deploy()
    found = node.rehearse(drain="node/n1")
    assert "2 pods evicted" in found["message"]
    assert not cordoned(node)
    assert all("deletionTimestamp" not in one["metadata"] for one in node.pods())


def test_a_disruption_budget_is_waited_for(node):
    node.deploy()
    budget = {"minAvailable": 2, "selector": {"matchLabels": {"app": "orders"}}}
    path = node.path("poddisruptionbudgets", "", "policy/v1beta1")
    node.api(
        "POST",
        path,
        {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "two"}, "spec": budget},
    )
    found = node.do(drain="n1", wait="2s")
    assert not found["done"]
    assert len(found["left"]) == 2
    assert "disruption budget" in found["left"][0]["why"]
    assert "is cordoned, and 2 pods are still there" in found["message"]
    assert any("waits: Cannot evict pod" in line for line in node.said)
    threading.Timer(1, node.api, ("DELETE", f"{path}/two")).start()
    assert node.do(drain="n1", wait="20s")["done"]


def test_daemon_sets_and_mirror_pods_stay(node):
    node.api("POST", node.path("daemonsets", "", "apps/v1"), workload("DaemonSet", "agent"))
    assert node.do(rollout="status", resource="ds/agent", wait="20s")["done"]
    pod(node, "static", annotations={"kubernetes.io/config.mirror": "x"}) if node.fake else None
    found = node.do(drain="n1", wait="10s")
    assert (found["done"], found["evicted"]) == (True, [])
    with pytest.raises(Refused, match="it is a daemon set's"):
        node.do(drain="n1", ignore_daemonsets=False)
    node.api("DELETE", node.path("daemonsets", "agent", "apps/v1"))


def test_what_nobody_brings_back_is_left_alone_unless_it_is_said(node):
    pod(node, "alone")
    with pytest.raises(Refused, match=r"nothing was changed: alone: nobody would bring it back"):
        node.do(drain="n1")
    assert not cordoned(node)
    found = node.do(drain="n1", force=True, wait="20s", grace=1_000_000)
    assert found["evicted"] == [f"{node.namespace}/alone"]


def test_data_of_an_empty_folder_is_kept_unless_it_is_said(node):
    node.api("POST", node.path("deployments", "", "apps/v1"), _with_folder())
    assert node.do(rollout="status", resource="deployment/cache", wait="20s")["done"]
    with pytest.raises(Refused, match="it would lose the data of its emptyDir"):
        node.do(drain="n1")
    assert node.do(drain="n1", delete_emptydir=True, wait="20s")["done"]


def _with_folder():
    found = workload("Deployment", "cache", replicas=1)
    found["spec"]["template"]["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}]
    return found


def test_pods_that_take_long_to_end_are_told(node):
    node.deploy(replicas=1)
    node.kubelet.slow.add("orders")
    found = node.do(drain="n1", wait="1s")
    assert not found["done"]
    assert found["left"][0]["why"] == "evicted, and still ending"
    with pytest.raises(BadInput, match="a Pod cannot be drained"):
        node.do(drain="pod/x")
