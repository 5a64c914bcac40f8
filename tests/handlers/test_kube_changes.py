"""scale, set_image, patch, label, annotate: on a real API and on the fake."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused


def image_of(here, name="orders"):
    return here.deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_scale(here):
    here.deploy()
    found = here.do(scale="deployment/orders", replicas=3)
    assert found["done"]
    assert found["changed"]
    assert '+    "replicas": 3' in found["diff"]
    assert found["message"] == "deployments/orders is scaled from 2 to 3"
    assert here.deployment()["spec"]["replicas"] == 3
    again = here.do(scale="deployment/orders", replicas=3)
    assert again["done"]
    assert not again["changed"]


def test_scale_and_wait_until_they_are_ready(here):
    here.deploy(replicas=1)
    found = here.do(scale="deploy/orders", replicas=3, wait="20s")
    assert found["done"]
    assert (found["ready"], found["replicas"]) == (3, 3)
    assert here.said[-1] == "deployments/orders: rolled out: 3 of 3 replicas are ready"


def test_scale_only_from_what_it_should_be(here):
    here.deploy(wait=False)
    found = here.do(scale="deployment/orders", replicas=5, current_replicas=4)
    assert not found["done"]
    assert found["message"] == "deployments/orders should have 4 replicas and has 2: nothing was changed"
    assert here.deployment()["spec"]["replicas"] == 2
    assert here.do(scale="deployment/orders", replicas=1, current_replicas=2)["done"]


def test_scale_what_is_not_there_or_cannot_be(here):
    with pytest.raises(Refused, match=r"there is no deployment none.*nothing was changed"):
        here.do(scale="deployment/none", replicas=1)
    here.api("POST", here.path("configmaps"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}})
    with pytest.raises(BadInput, match="a ConfigMap cannot be scaled"):
        here.do(scale="configmap/c", replicas=1)
    with pytest.raises(BadInput, match="`replicas` must be a number"):
        here.do(scale="deployment/none", replicas="many")


def test_set_image(here):
    here.deploy()
    found = here.do(set_image="deployment/orders", images={"app": "orders:2"}, wait="20s")
    assert found["done"]
    assert found["revision"] == 2
    assert image_of(here) == "orders:2"
    assert '"image": "orders:1"' in found["diff"]


def test_an_image_of_a_container_that_is_not_there(here):
    here.deploy(wait=False)
    with pytest.raises(BadInput, match="has no container db: nothing was changed") as caught:
        here.do(set_image="deployment/orders", images={"db": "x:1"})
    assert caught.value.hint == "its containers: app"
    assert len(here.deployment()["spec"]["template"]["spec"]["containers"]) == 1


@pytest.mark.parametrize(("kind", "body"), [
    ("strategic", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "orders:9"}]}}}}),
    ("merge", {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "orders:9"}]}}}}),
    ("json", [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "orders:9"}]),
])  # fmt: skip
def test_patches(here, kind, body):
    here.deploy(wait=False)
    found = here.do(patch="deployment/orders", type=kind, body=body)
    assert found["done"]
    assert found["changed"]
    assert found["object"]["spec"]["template"]["spec"]["containers"][0]["image"] == "orders:9"
    assert image_of(here) == "orders:9"


def test_a_patch_that_changes_nothing_says_so(here):
    here.deploy(wait=False)
    found = here.do(patch="deploy", name="orders", body={"spec": {"replicas": 2}})
    assert found["done"]
    assert not found["changed"]
    assert found["message"] == "deployments/orders is patched, and is what it was"


def test_a_patch_that_is_invalid(here):
    here.deploy(wait=False)
    with pytest.raises(BadInput, match=r"422.*must be greater than or equal to 0") as caught:
        here.do(patch="deployment/orders", type="merge", body={"spec": {"replicas": -1}})
    assert not caught.value.unsure
    with pytest.raises(BadInput, match="422"):
        here.do(patch="deployment/orders", type="json", body=[{"op": "test", "path": "/spec/replicas", "value": 7}])


def test_a_patch_with_a_stale_version_is_a_conflict(here):
    here.deploy(wait=False)
    stale = here.deployment()["metadata"]["resourceVersion"]
    here.do(annotate="deployment/orders", values={"a": "b"})
    with pytest.raises(Refused, match="nothing was changed by us") as caught:
        here.do(
            patch="deployment/orders",
            type="merge",
            body={"metadata": {"resourceVersion": stale}, "spec": {"replicas": 9}},
        )
    assert not caught.value.unsure
    assert here.deployment()["spec"]["replicas"] == 2


def test_what_a_dry_run_says_and_does_not_do(here):
    here.deploy(wait=False)
    found = here.rehearse(patch="deployment/orders", body={"spec": {"replicas": 7}})
    assert '+    "replicas": 7' in found["diff"]
    assert here.rehearse(scale="deployment/orders", replicas=8)["changed"]
    assert here.rehearse(label="deployment/orders", values={"a": "b"})["changed"]
    assert here.rehearse(set_image="deployment/orders", images={"app": "orders:3"}, wait="1m")["changed"]
    with pytest.raises(BadInput):
        here.rehearse(patch="deployment/orders", type="merge", body={"spec": {"replicas": -1}})
    now = here.deployment()
    assert now["spec"]["replicas"] == 2
    assert "labels" not in now["metadata"]
    assert image_of(here) == "orders:1"


@pytest.mark.parametrize(("verb", "where"), [("label", "labels"), ("annotate", "annotations")])
def test_labels_and_annotations(here, verb, where):
    here.deploy(wait=False)

    def marks():
        return here.deployment()["metadata"].get(where) or {}

    found = here.do(**{verb: "deployment/orders", "values": {"team": "data", "pool": 40, "on": True}})
    assert found["done"]
    assert marks().items() >= {"team": "data", "pool": "40", "on": "true"}.items()
    found = here.do(**{verb: "deployment/orders", "values": {"team": "web", "other": "x"}})
    assert not found["done"]
    assert "team is already 'data': nothing was changed" in found["message"]
    assert "other" not in marks()
    assert here.do(**{verb: "deployment/orders", "values": {"team": "web"}, "overwrite": True})["changed"]
    assert not here.do(**{verb: "deployment/orders", "values": {"team": "web"}})["changed"]
    assert here.do(**{verb: "deployment/orders", "values": {"team": None, "never": None}})["done"]
    assert "team" not in marks()


def test_hostile_values_stay_data(here):
    here.deploy(wait=False)
    evil = "'; kubectl delete ns --all\n{{ secrets.x }} \x1b[31m \"}}"
    here.do(annotate="deployment/orders", values={"note": evil})
    assert here.deployment()["metadata"]["annotations"]["note"] == evil


def test_an_object_that_moves_on_meanwhile(fake):
    """Somebody else's change between reading and writing is found, looked at, and kept."""
    fake.deploy()
    fake.fake.fault("PATCH", "deployments/orders", 409, body={"reason": "Conflict"}, times=2)
    assert fake.do(set_image="deployment/orders", images={"app": "orders:2"})["done"]
    fake.fake.fault("PATCH", "deployments/orders", 409, body={"reason": "Conflict"}, times=10)
    with pytest.raises(Refused, match="nothing was changed by us") as caught:
        fake.do(set_image="deployment/orders", images={"app": "orders:3"})
    assert not caught.value.unsure


def test_a_scale_that_somebody_else_comes_before(fake):
    fake.deploy()
    fake.fake.fault("PATCH", "deployments/orders/scale", 409, body={"reason": "Conflict"}, times=2)
    assert fake.do(scale="deployment/orders", replicas=3, current_replicas=2)["done"]
    fake.fake.fault("PATCH", "deployments/orders/scale", 409, body={"reason": "Conflict"}, times=10)
    with pytest.raises(Refused, match="409"):
        fake.do(scale="deployment/orders", replicas=4, current_replicas=3)


def test_an_answer_that_is_lost_leaves_it_open(fake):
    fake.deploy(wait=False)
    fake.fake.fault("PATCH", "deployments/orders", "lost")
    with pytest.raises(Exception, match="was lost after the request had been sent") as caught:
        fake.do(patch="deployment/orders", body={"spec": {"replicas": 4}})
    assert caught.value.unsure
    assert fake.deployment()["spec"]["replicas"] == 4
    patches = [
        one
        for one in fake.fake.requests
        if one[0] == "PATCH" and "/orders" in one[1] and one[2] == {"spec": {"replicas": 4}}
    ]
    assert len(patches) == 1, "a change is sent once"
