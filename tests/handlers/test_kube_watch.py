"""Watching through trouble, and the verb `wait`: on a real API and on the fake."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.errors import BadInput, Refused, Unreachable
from steadyhand.handlers._kube_watch import condition

from .test_kube_access import grant

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"phase": "old"}}
MERGE = "application/merge-patch+json"


def later(call, *args, seconds=0.4):
    threading.Timer(seconds, call, args).start()


def test_wait_for_a_condition(here):
    here.deploy(wait=False)
    found = here.do(**{"wait": "deployment/orders", "for": "condition=Available", "within": 20_000_000})
    assert found["done"]
    assert found["ready"] > 0
    assert "Available is True" in found["message"]
    found = here.do(**{"wait": "deploy", "name": "orders", "for": "condition=Available=False", "within": 300_000})
    assert not found["done"]
    assert "condition=Available=False did not come about within 300 ms: Available is True" in found["message"]


def test_wait_for_a_value(here):
    here.api("POST", here.path("configmaps"), CONFIG)
    later(here.api, "PATCH", here.path("configmaps", "c"), {"data": {"phase": "new"}}, MERGE)
    found = here.do(**{"wait": "configmap/c", "for": "jsonpath='{.data.phase}'=new", "within": 10_000_000})
    assert found["done"]
    assert found["object"]["data"] == {"phase": "new"}
    assert here.said == ["configmaps/c: .data.phase is old"]
    assert here.do(**{"wait": "configmap/c", "for": "jsonpath=.data.phase"})["done"]
    assert not here.do(**{"wait": "configmap/c", "for": "jsonpath=$.data.other", "within": 200_000})["done"]


def test_wait_for_the_end(here):
    here.api("POST", here.path("configmaps"), CONFIG)
    assert not here.do(**{"wait": "configmap/c", "for": "delete", "within": 200_000})["done"]
    later(here.api, "DELETE", here.path("configmaps", "c"))
    assert here.do(**{"wait": "configmap/c", "for": "delete", "within": 10_000_000})["done"]


def test_wait_for_what_is_still_to_come(here):
    found = here.do(**{"wait": "configmap/c", "for": "jsonpath={.data.phase}", "within": 300_000})
    assert (found["done"], found["found"]) == (False, False)
    assert "there is no configmap c" in found["message"]
    later(here.api, "POST", here.path("configmaps"), CONFIG)
    assert here.do(**{"wait": "configmap/c", "for": "jsonpath={.data.phase}", "within": 10_000_000})["done"]


@pytest.mark.parametrize("text", ["condition", "condition=", "jsonpath", "jsonpath={.a[}", "ready", ""])
def test_what_cannot_be_waited_for(text):
    with pytest.raises(BadInput):
        condition(text)


def test_a_condition_of_before_the_change_does_not_count():
    met = condition("condition=Available")
    found = {
        "metadata": {"generation": 2},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Available", "status": "True"}]},
    }
    assert met(found) == (False, "the change is not observed yet")
    found["status"]["observedGeneration"] = 2
    assert met(found) == (True, "Available is True")
    assert met(None) == (False, "it is not there")
    assert condition("condition=Ready")(found) == (False, "it has no condition Ready yet")


def test_who_may_not_watch_looks_again_and_again(here):
    here.api("POST", here.path("configmaps"), CONFIG)
    grant(
        here, "stranger", [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["c"]}]
    )
    later(here.api, "PATCH", here.path("configmaps", "c"), {"data": {"phase": "new"}}, MERGE)
    found = here.do(
        target=here.as_stranger(), **{"wait": "configmap/c", "for": "jsonpath={.data.phase}=new", "within": 10_000_000}
    )
    assert found["done"]
    assert not here.do(target=here.as_stranger(), **{"wait": "configmap/c", "for": "delete", "within": 100_000})["done"]


@pytest.mark.parametrize("what", ["cut", "drop", 410, 500])
def test_a_watch_that_is_dropped_goes_on(fake, what):
    fake.api("POST", fake.path("configmaps"), CONFIG)
    fake.fake.fault("GET", "watch=true", what)
    later(fake.api, "PATCH", fake.path("configmaps", "c"), {"data": {"phase": "new"}}, MERGE)
    found = fake.do(**{"wait": "configmap/c", "for": "jsonpath={.data.phase}=new", "within": 10_000_000})
    assert found["done"], found["message"]


def test_a_version_that_is_too_old_is_listed_anew(fake):
    fake.api("POST", fake.path("configmaps"), CONFIG)
    later(fake.fake.store.compact, seconds=0.2)
    later(fake.api, "PATCH", fake.path("configmaps", "c"), {"data": {"phase": "new"}}, MERGE, seconds=0.5)
    found = fake.do(**{"wait": "configmap/c", "for": "jsonpath={.data.phase}=new", "within": 10_000_000})
    assert found["done"], found["message"]


def test_a_server_that_is_away_for_a_moment_is_asked_again(fake):
    fake.deploy()
    fake.fake.fault("GET", "watch=true", "drop")
    fake.fake.fault("GET", "deployments\\?fieldSelector=metadata.name%3Dorders$", 503, times=1)
    found = fake.do(rollout="restart", resource="deployment/orders", wait="20s")
    assert found["done"], found["message"]


def test_trouble_at_the_beginning_is_told_at_once(fake):
    fake.fake.fault("GET", "configmaps", "drop", times=2)
    start = time.monotonic()
    with pytest.raises(Unreachable):
        fake.do(**{"wait": "configmap/c", "for": "delete", "within": 10_000_000})
    assert time.monotonic() - start < 3
    with pytest.raises(Refused, match="403"):
        fake.do(target=fake.as_stranger(), **{"wait": "configmap/c", "for": "delete", "within": 1_000_000})
