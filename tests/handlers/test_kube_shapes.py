"""Objects as results show them."""

from __future__ import annotations

from steadyhand.handlers._kube_shapes import (
    compared,
    condensed,
    is_ready,
    numbers,
    owner_of,
    plain_object,
    selector_of,
)


def test_an_object_is_shown_without_bookkeeping():
    found = {"kind": "Pod", "metadata": {"name": "x", "managedFields": [1]}, "spec": {}}
    assert plain_object(found) == {"kind": "Pod", "metadata": {"name": "x"}, "spec": {}}
    assert found["metadata"]["managedFields"] == [1]
    assert plain_object({"kind": "Scale"}) == {"kind": "Scale"}


def test_what_differs_is_what_was_asked_for():
    def one(replicas, version):
        return {
            "metadata": {"name": "x", "resourceVersion": version, "generation": version},
            "spec": {"replicas": replicas},
            "status": version,
        }

    assert compared(one(1, "5"), one(1, "6"))["changed"] is False
    found = compared(one(1, "5"), one(2, "6"))
    assert found["changed"]
    assert '-    "replicas": 1' in found["diff"]
    assert compared(None, one(1, "1"))["diff"].startswith("--- before\n+++ after\n@@ -0,0")


def test_numbers():
    assert numbers({"kind": "Deployment", "spec": {"replicas": 3}, "status": {"readyReplicas": 2}}) == {
        "ready": 2,
        "replicas": 3,
    }
    assert numbers({"kind": "DaemonSet", "status": {"numberReady": 1, "desiredNumberScheduled": 4}}) == {
        "ready": 1,
        "replicas": 4,
    }
    assert numbers({"kind": "ConfigMap"}) == {}


def test_events_of_both_kinds():
    old = {"metadata": {"creationTimestamp": "0"}, "type": "Warning", "reason": "R", "message": "m", "count": 2, "firstTimestamp": "1",
           "lastTimestamp": "2", "involvedObject": {"kind": "Pod", "name": "x", "namespace": "n"}}  # fmt: skip
    assert condensed(old) == {
        "type": "Warning",
        "reason": "R",
        "message": "m",
        "object": "pod/x",
        "namespace": "n",
        "count": 2,
        "first": "1",
        "last": "2",
    }
    new = {
        "metadata": {},
        "eventTime": "3",
        "series": {"count": 7, "lastObservedTime": "4"},
        "firstTimestamp": None,
        "lastTimestamp": None,
    }
    assert (condensed(new)["count"], condensed(new)["first"], condensed(new)["last"]) == (7, "3", "4")
    assert condensed({"metadata": {"creationTimestamp": "0"}})["last"] == "0"


def test_selectors():
    both = {"matchLabels": {"a": "b"}, "matchExpressions": [
        {"key": "c", "operator": "In", "values": ["d", "e"]}, {"key": "f", "operator": "NotIn", "values": ["g"]},
        {"key": "h", "operator": "Exists"}, {"key": "i", "operator": "DoesNotExist"},
    ]}  # fmt: skip
    assert selector_of({"spec": {"selector": both}}) == "a=b,c in (d,e),f notin (g),h,!i"
    assert selector_of({"spec": {"selector": {"app": "x"}}}) == "app=x"
    assert selector_of({}) == ""


def test_owners_and_readiness():
    assert (
        owner_of({"metadata": {"ownerReferences": [{"kind": "A"}, {"kind": "B", "controller": True}]}})["kind"] == "B"
    )
    assert owner_of({"metadata": {}}) == {}
    assert is_ready({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    assert not is_ready({})
