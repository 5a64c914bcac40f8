"""logs: on a real API and on the fake, with a kubelet of ours behind both."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused

from ..realparts import until


@pytest.fixture
def logged(here):
    here.kubelet.logs["orders"] = b"one\ntwo\nthree\n"
    here.deploy()
    yield here
    here.kubelet.logs.clear()


def test_the_log_of_a_pod(logged):
    name = logged.pods()[0]["metadata"]["name"]
    found = logged.do(logs=f"pod/{name}")
    assert found["stdout"] == "one\ntwo\nthree\n"
    assert found["pod"] == name
    assert found["done"]
    assert logged.do(logs=name, tail=1)["stdout"] == "three\n"


def test_the_log_of_a_workload(logged):
    found = logged.do(logs="deployment/orders", tail=2, since=600_000_000, container="app")
    assert found["stdout"] == "two\nthree\n"
    assert logged.said[-1] == f"deployments/orders has 2 pods; this is {found['pod']}"
    stamped = logged.do(logs="deploy/orders", timestamps=True)["stdout"]
    assert stamped.startswith("2026-01-01T00:00:00Z one\n")


def test_what_comes_is_read_for_a_while(logged):
    found = logged.do(logs="deployment/orders", follow=600_000)
    assert found["done"]
    assert found["stdout"].startswith("one\ntwo\nthree\nline 1\nline 2\n")
    assert 500_000 < found["duration"] < 5_000_000


def test_what_has_no_log(here):
    assert not here.do(logs="pod/none")["found"]
    assert not here.do(logs="deployment/none")["found"]
    here.api("POST", here.path("configmaps"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    with pytest.raises(BadInput, match="has no pods of its own"):
        here.do(logs="configmap/c")
    here.deploy(replicas=0, wait=False)
    found = here.do(logs="deployment/orders")
    assert (found["done"], found["message"]) == (False, "deployments/orders has no pods")
    with pytest.raises(Refused, match="has no pods: nothing was changed"):
        here.do(exec="deployment/orders", argv=["true"])


def test_a_pod_with_several_containers(here):
    spec = {"containers": [{"name": "app", "image": "x:1"}, {"name": "side", "image": "x:1"}]}
    marks = {"annotations": {"kubectl.kubernetes.io/default-container": "app"}}
    for name, more in (("two", {}), ("told", marks)):
        here.api(
            "POST",
            here.path("pods"),
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **more}, "spec": spec},
        )
    until(
        lambda: all(p["status"]["phase"] == "Running" for p in here.api("GET", here.path("pods"))["items"]), "the pods"
    )
    with pytest.raises(BadInput, match=r"choose one of: \[app side\]"):
        here.do(logs="two")
    with pytest.raises(BadInput, match="two has 2 containers: nothing was started"):
        here.do(exec="two", argv=["true"])
    assert here.do(logs="two", container="side")["done"]
    assert here.do(logs="told")["done"]
    assert here.do(exec="told", argv=["true"])["exit_code"] == 0


def test_much_output_comes_in_pieces(fake):
    fake.kubelet.logs["orders"] = b"x" * 3_000_000
    fake.deploy(replicas=1)
    hands = fake.hands()
    from steadyhand.handlers import kubectl

    kubectl.perform(fake.plan(logs="deployment/orders"), hands)
    assert hands.sink("stdout").size == 3_000_000
    assert hands.sink("stdout").largest <= 1024 * 1024
    fake.kubelet.logs.clear()


def test_the_preferred_pod_is_one_that_runs():
    from steadyhand.handlers._kube_shapes import ready_first

    def pod(name, phase, ready):
        conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
        return {"metadata": {"name": name}, "status": {"phase": phase, "conditions": conditions}}

    pods = [pod("c", "Pending", False), pod("b", "Running", False), pod("a", "Running", True)]
    assert [one["metadata"]["name"] for one in ready_first(pods)] == ["a", "b", "c"]
