"""Waiting for a rollout: its end, what holds it up, and that it is told early. On a real API and on the fake."""

from __future__ import annotations

from steadyhand.errors import HandlerError

from ..realparts import until


def test_a_restart_that_is_not_over_in_time(here):
    here.deploy()
    here.kubelet.slow.add("orders")
    found = here.do(rollout="restart", resource="deployment/orders", wait="1s")
    assert not found["done"]
    assert "after 1 s" in found["message"]
    assert found["changed"]


def test_an_image_that_cannot_be_had_ends_early_with_the_reason(here):
    here.deploy(progressDeadlineSeconds=1)
    found = here.do(set_image="deployment/orders", images={"app": "orders:bad"}, wait="25s")
    assert not found["done"]
    assert found["reason"].startswith("ProgressDeadlineExceeded")
    assert found["failing"][0]["reason"] == "ImagePullBackOff"
    assert 'ImagePullBackOff: Back-off pulling image "orders:bad"' in found["message"]
    assert found["duration"] < 20_000_000


def test_what_crashes_says_its_last_words(here):
    here.kubelet.logs["orders"] = b"starting\nno route to the database\n"
    here.deploy("orders", "orders:crash", wait=False, progressDeadlineSeconds=1)
    until(lambda: _exceeded(here), "the deadline")
    found = here.do(rollout="status", resource="deployment/orders")
    assert not found["done"]
    assert found["failing"][0]["exit_code"] == 3
    assert found["failing"][0]["log"] == "starting\nno route to the database\n"
    assert "CrashLoopBackOff, exit code 3 Error" in found["message"]
    assert "it said: no route to the database" in found["message"]
    here.kubelet.logs.clear()


def _exceeded(here):
    conditions = here.deployment().get("status", {}).get("conditions", ())
    return any(c.get("reason") == "ProgressDeadlineExceeded" for c in conditions)


def test_what_holds_it_up_is_an_extra(fake):
    """Who may not look at pods still learns that it is held up."""
    fake.deploy("orders", "orders:bad", wait=False, progressDeadlineSeconds=1)
    until(lambda: _exceeded(fake), "the deadline")
    fake.fake.fault("GET", "/pods", 403, times=3)
    found = fake.do(rollout="status", resource="deployment/orders")
    assert (found["done"], found["failing"]) == (False, [])
    assert found["reason"].startswith("ProgressDeadlineExceeded")


def test_what_is_deleted_meanwhile(here):
    here.deploy()
    here.kubelet.slow.add("orders")
    import threading

    threading.Timer(0.5, here.api, ("DELETE", here.path("deployments", "orders", "apps/v1"))).start()
    try:
        found = here.do(rollout="restart", resource="deployment/orders", wait="10s")
    except HandlerError as problem:  # pragma: no cover shown when the test fails
        raise AssertionError(problem.message) from problem
    assert (found["done"], found["found"]) == (False, False)
