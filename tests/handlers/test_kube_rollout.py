"""rollout: restart, status, undo, history, pause, resume: on a real API and on the fake."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused

from .kube import workload


def image_of(here, name="orders"):
    return here.deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_restart_and_wait(here):
    here.deploy()
    before = {pod["metadata"]["uid"] for pod in here.pods()}
    found = here.do(rollout="restart", resource="deployment/orders", wait="20s")
    assert found["done"]
    assert (found["ready"], found["replicas"], found["revision"]) == (2, 2, 2)
    assert "is restarted; rolled out: 2 of 2 replicas are ready" in found["message"]
    assert "kubectl.kubernetes.io/restartedAt" in found["diff"]
    assert here.said[-1] == "deployments/orders: rolled out: 2 of 2 replicas are ready"
    assert any("new replicas are" in line or "old replicas" in line for line in here.said)
    after = {pod["metadata"]["uid"] for pod in here.pods() if "deletionTimestamp" not in pod["metadata"]}
    assert not before & after


def test_restart_without_waiting(here):
    here.deploy()
    found = here.do(rollout="restart", resource="deploy/orders")
    assert found["done"]
    assert found["changed"]
    assert found["message"] == "deployments/orders is restarted"


def test_the_status_of_what_is_rolled_out(here):
    here.deploy()
    found = here.do(rollout="status", resource="deployment/orders")
    assert found["done"]
    assert found["message"] == "rolled out: 2 of 2 replicas are ready"
    assert here.do(rollout="status", resource="deployment/orders", wait="5s")["done"]
    assert not here.do(rollout="status", resource="deployment/none", wait="1s")["found"]
    assert not here.do(rollout="status", resource="deployment/none")["found"]


def test_history_and_undo(here):
    here.deploy()
    for number in (2, 3):
        here.do(set_image="deployment/orders", images={"app": f"orders:{number}"}, wait="20s")
    found = here.do(rollout="history", resource="deployment/orders")
    assert [(row["revision"], row["images"]) for row in found["revisions"]] == [
        (1, ["orders:1"]), (2, ["orders:2"]), (3, ["orders:3"]),
    ]  # fmt: skip
    assert found["revision"] == 3
    found = here.do(rollout="undo", resource="deployment/orders", wait="20s")
    assert found["done"]
    assert "is back at revision 2 (orders:2)" in found["message"]
    assert image_of(here) == "orders:2"
    assert "pod-template-hash" not in here.deployment()["spec"]["template"]["metadata"]["labels"]
    assert [row["revision"] for row in here.do(rollout="history", resource="deployment/orders")["revisions"]] == [
        1,
        3,
        4,
    ]
    here.do(rollout="undo", resource="deployment/orders", to_revision=1)
    assert image_of(here) == "orders:1"


def test_undo_without_a_way_back(here):
    here.deploy()
    with pytest.raises(Refused, match="has no previous revision") as caught:
        here.do(rollout="undo", resource="deployment/orders")
    assert not caught.value.unsure
    with pytest.raises(Refused, match="has no revision 7") as caught:
        here.do(rollout="undo", resource="deployment/orders", to_revision=7)
    assert caught.value.hint == "its revisions: 1"


def test_what_an_undo_would_do(here):
    here.deploy()
    here.do(set_image="deployment/orders", images={"app": "orders:2"}, wait="20s")
    found = here.rehearse(rollout="undo", resource="deployment/orders")
    assert '+            "image": "orders:1"' in found["diff"]
    assert here.rehearse(rollout="restart", resource="deployment/orders", wait="1m")["changed"]
    assert image_of(here) == "orders:2"


def test_somebody_elses_change_during_an_undo_is_a_conflict(fake):
    fake.deploy()
    fake.do(set_image="deployment/orders", images={"app": "orders:2"}, wait="20s")

    class Meanwhile:
        """Changes the deployment when its revisions are read."""

        def search(self):
            fake.api(
                "PATCH",
                fake.path("deployments", "orders", "apps/v1"),
                {"spec": {"replicas": 3}},
                "application/merge-patch+json",
            )

    listing = fake.fake.trouble

    def trouble(method, path):
        if method == "GET" and "replicasets" in path:
            fake.fake.trouble = listing
            Meanwhile().search()
        return listing(method, path)

    fake.fake.trouble = trouble
    with pytest.raises(Refused, match="was changed by somebody else at the same time") as caught:
        fake.do(rollout="undo", resource="deployment/orders")
    assert not caught.value.unsure
    assert image_of(fake) == "orders:2"


def test_pause_and_resume(here):
    here.deploy()
    assert here.do(rollout="pause", resource="deployment/orders")["changed"]
    with pytest.raises(Refused, match="is paused: nothing was changed"):
        here.do(rollout="restart", resource="deployment/orders")
    with pytest.raises(Refused, match="is paused: nothing was changed"):
        here.do(rollout="undo", resource="deployment/orders")
    here.do(set_image="deployment/orders", images={"app": "orders:2"})
    assert here.do(rollout="resume", resource="deployment/orders", wait="20s")["done"]
    assert image_of(here) == "orders:2"


@pytest.mark.parametrize(("kind", "plural"), [("StatefulSet", "statefulsets"), ("DaemonSet", "daemonsets")])
def test_sets_have_revisions_too(here, kind, plural):
    here.api("POST", here.path(plural, "", "apps/v1"), workload(kind))
    resource = f"{kind.lower()}/orders"
    assert here.do(rollout="status", resource=resource, wait="20s")["done"]
    found = here.do(set_image=resource, images={"app": "orders:2"}, wait="20s")
    assert found["done"], found["message"]
    assert [row["images"] for row in here.do(rollout="history", resource=resource)["revisions"]] == [
        ["orders:1"],
        ["orders:2"],
    ]
    found = here.do(rollout="undo", resource=resource, wait="20s")
    assert found["done"], found["message"]
    now = here.api("GET", here.path(plural, "orders", "apps/v1"))
    assert now["spec"]["template"]["spec"]["containers"][0]["image"] == "orders:1"
    assert here.do(rollout="restart", resource=resource, wait="20s")["done"]
    with pytest.raises(BadInput, match="cannot be paused"):
        here.do(rollout="pause", resource=resource)


def test_what_cannot_be_rolled_out(here):
    with pytest.raises(BadInput, match="a ConfigMap cannot be rolled out"):
        here.do(rollout="restart", resource="configmap/x")
    with pytest.raises(Refused, match="there is no deployment none"):
        here.do(rollout="restart", resource="deployment/none")
