"""get, list, describe, events, top: on a real API and on the fake."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused


def event(here, name: str, kind: str, reason: str, what: str = "Warning", last: str = "2026-01-01T00:00:00Z") -> None:
    here.api("POST", here.path("events"), {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.{reason.lower()}"}, "type": what, "reason": reason,
        "message": f"{reason} of {name}", "count": 3, "firstTimestamp": last, "lastTimestamp": last,
        "involvedObject": {"kind": kind, "name": name, "namespace": here.namespace},
    })  # fmt: skip


def test_an_object_as_plain_json(here):
    here.deploy()
    found = here.do(get="deployment", name="orders")
    assert found["done"]
    assert found["found"]
    assert found["object"]["spec"]["replicas"] == 2
    assert found["object"]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert "managedFields" not in found["object"]["metadata"]
    assert (found["ready"], found["replicas"]) == (2, 2)
    assert found["status"]["readyReplicas"] == 2
    assert found["duration"] > 0


@pytest.mark.parametrize("spelling", [
    {"get": "deploy/orders"}, {"get": "deployments/orders"}, {"get": "Deployment/orders"}, {"get": "deployment.apps/orders"},
    {"get": "deployments.v1.apps/orders"}, {"get": "deploy", "name": "orders"},
])  # fmt: skip
def test_a_kind_as_people_write_it(here, spelling):
    here.deploy(wait=False)
    assert here.do(**spelling)["object"]["kind"] == "Deployment"


def test_what_is_not_there_is_a_result(here):
    found = here.do(get="deployment/none")
    assert (found["done"], found["found"], found["object"]) == (False, False, None)
    assert found["message"] == f"there is no deployment none in namespace {here.namespace}"
    assert not here.do(describe="pod/none")["found"]


def test_a_kind_that_the_cluster_does_not_have(here):
    with pytest.raises(BadInput, match="the cluster has no kind 'widgets'"):
        here.do(get="widgets/x")
    with pytest.raises(BadInput, match=r"no kind 'deployments\.example\.org'"):
        here.do(list="deployments.example.org")


def test_a_list_by_labels_and_fields(here):
    here.deploy()
    found = here.do(list="pods", selector="app=orders")
    assert found["count"] == len(found["names"]) == 2
    assert found["complete"]
    assert {one["kind"] for one in found["objects"]} == {"Pod"}
    assert {one["apiVersion"] for one in found["objects"]} == {"v1"}
    assert here.do(list="po", selector="app notin (orders)")["count"] == 0
    assert here.do(list="pods", field_selector="status.phase=Running", selector="app in (orders)")["count"] == 2
    assert here.do(list="pods", field_selector="status.phase=Pending")["count"] == 0
    assert here.do(list="pods", selector="app=orders", all_namespaces=True)["count"] >= 2
    assert "n1" in here.do(list="nodes")["names"]


def test_a_list_is_read_page_by_page_up_to_its_limit(here, monkeypatch):
    for number in range(5):
        here.api(
            "POST",
            here.path("configmaps"),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}"}},
        )
    found = here.do(list="configmaps", limit=3)
    assert found["count"] == 3
    assert not found["complete"]
    assert "raise `limit` (3)" in found["message"]
    monkeypatch.setattr("steadyhand.handlers._kube_reads.PAGE", 2)
    found = here.do(list="cm")
    assert found["complete"]
    assert {f"c{number}" for number in range(5)} <= set(found["names"])


def test_a_selector_that_is_none(here):
    with pytest.raises(BadInput, match="unable to parse requirement"):
        here.do(list="pods", selector="app in in (x")


def test_the_rest_of_a_list_that_has_expired(fake, monkeypatch):
    monkeypatch.setattr("steadyhand.handlers._kube_reads.PAGE", 1)
    for number in range(2):
        fake.api(
            "POST",
            fake.path("configmaps"),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}"}},
        )
    fake.fake.fault("GET", "continue=", 410, body={"reason": "Expired"})
    assert fake.do(list="configmaps")["names"] == ["c0", "c1"]


def test_an_object_with_its_events(here):
    here.deploy(wait=False)
    event(here, "orders", "Deployment", "Late", last="2026-01-02T00:00:00Z")
    event(here, "orders", "Deployment", "Early", "Normal")
    event(here, "other", "Pod", "Elsewhere")
    found = here.do(describe="deploy/orders")
    told = [one["reason"] for one in found["events"] if one["last"] < "2026-01-03"]
    assert told == ["Early", "Late"]
    assert found["events"][0]["object"] == "deployment/orders"
    assert found["events"][0]["count"] == 3
    assert "the last warning: Late: Late of orders" in found["message"]
    assert found["object"]["metadata"]["name"] == "orders"


def test_events(here):
    event(here, "orders", "Deployment", "Slow")
    event(here, "orders", "Deployment", "Fine", "Normal")
    event(here, "x", "Pod", "Other")
    assert here.do(events=None)["count"] == 3
    assert [one["reason"] for one in here.do(events="", types=["Normal"])["objects"]] == ["Fine"]
    found = here.do(**{"events": "", "for": "deployment/orders"})
    assert {one["reason"] for one in found["objects"]} == {"Slow", "Fine"}
    assert here.do(events="pod/x")["count"] == 1
    assert found["message"].startswith("2 events, 1 of them warnings")


def test_what_is_used_where_it_is_measured(fake):
    fake.fake.metrics = {
        "pods": [
            {"metadata": {"name": "a", "namespace": "x"}, "containers": [{"usage": {"cpu": "250m", "memory": "1Mi"}}, {"usage": {"cpu": "1", "memory": "1Ki"}}]},
            {"metadata": {"name": "b", "namespace": "x"}, "containers": [{"usage": {"cpu": "1500000000n", "memory": "2G"}}]},
        ],
        "nodes": [{"metadata": {"name": "n1"}, "usage": {"cpu": "2", "memory": "4Gi"}}],
    }  # fmt: skip
    found = fake.do(top="pods", selector="app=x")
    assert [(one["name"], one["cpu"], one["memory"]) for one in found["objects"]] == [
        ("b", 1.5, 2_000_000_000),
        ("a", 1.25, 1_049_600),
    ]
    assert fake.do(top="pods", name="a")["count"] == 1
    assert fake.do(top="nodes")["objects"][0]["memory"] == 4 * 1024**3


def test_what_is_used_where_it_is_not_measured(here):
    with pytest.raises(Refused, match="has no metrics API"):
        here.do(top="nodes")


@pytest.mark.parametrize("name", ["a/b", "..", "a%2fb", "x\ny"])
def test_a_name_cannot_lead_elsewhere(here, name):
    with pytest.raises(BadInput, match="is no name of an object"):
        here.do(get="deployment", name=name)


@pytest.mark.parametrize("name", ["a?b=c", "a#b", "a&b", "ä ö", "'; rm -rf x", "x" * 200])
def test_a_name_is_data(here, name):
    assert not here.do(get="configmap", name=name)["found"]
