"""exec: a real command, through a real API and the fake, run by a kubelet of ours."""

from __future__ import annotations

import threading
import time

import pytest

from steadyhand.errors import Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers import kubectl


@pytest.fixture
def pod(here):
    here.deploy(replicas=1)
    return here


def test_a_command(pod):
    found = pod.do(exec="deployment/orders", argv=["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (found["exit_code"], found["stdout"], found["stderr"], found["done"]) == (3, "out\n", "err\n", False)
    found = pod.do(exec=f"pod/{found['pod']}", container="app", argv=["printf", "%s|", "a b", "c&d=e", "ü", "$(id)"])
    assert (found["exit_code"], found["stdout"], found["done"]) == (0, "a b|c&d=e|ü|$(id)|", True)


def test_what_it_reads(pod):
    assert pod.do(exec="deployment/orders", argv=["cat"], stdin="one\ntwo")["stdout"] == "one\ntwo"
    many = "x" * 100_000
    assert pod.do(exec="deployment/orders", argv=["wc", "-c"], stdin=many)["stdout"].split() == ["100000"]


def test_an_old_cluster_cannot_end_what_it_reads(pod):
    pod.kubelet.closing = False
    try:
        with pytest.raises(Refused, match=r"needs version 1\.30 or later") as caught:
            pod.do(exec="deployment/orders", argv=["cat"], stdin="x")
        assert not caught.value.unsure
        assert pod.do(exec="deployment/orders", argv=["echo", "x"])["stdout"] == "x\n"
    finally:
        pod.kubelet.closing = True


def test_a_program_that_is_not_there(pod):
    with pytest.raises(Refused, match="cannot exec: No such file"):
        pod.do(exec="deployment/orders", argv=["no-such-program-x"])


def test_a_connection_that_is_lost_leaves_it_open(pod):
    with pytest.raises(Unreachable) as caught:
        pod.do(exec="deployment/orders", argv=["drop"])
    assert caught.value.unsure


def test_much_output(pod):
    hands = pod.hands()
    found = kubectl.perform(pod.plan(exec="deployment/orders", argv=["head", "-c", "3000000", "/dev/zero"]), hands)
    assert found.values["exit_code"] == 0
    assert hands.sink("stdout").size == 3_000_000


def test_its_time_is_kept(pod):
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        pod.do(exec="deployment/orders", argv=["sleep", "3"], timeout=0.7)
    assert caught.value.unsure
    assert time.monotonic() - start < 3


def test_it_can_be_cancelled(pod):
    hands = pod.hands()
    threading.Timer(0.3, hands.cancel).start()
    with pytest.raises(Cancelled) as caught:
        kubectl.perform(pod.plan(exec="deployment/orders", argv=["sleep", "3"]), hands)
    assert caught.value.unsure


def test_a_dry_run_runs_nothing(pod, tmp_path):
    found = pod.rehearse(exec="deployment/orders", argv=["touch", str(tmp_path / "made")])
    assert "cannot be told" in found["message"]
    assert not (tmp_path / "made").exists()
    with pytest.raises(Refused, match="there is no pod none"):
        pod.rehearse(exec="pod/none", argv=["true"])


def test_who_may_not(pod):
    with pytest.raises(Refused, match="403"):
        pod.do(target=pod.as_stranger(), exec="deployment/orders", argv=["true"])
    with pytest.raises(Refused, match='User "stranger" cannot get'):
        pod.do(target=pod.target(as_user="stranger"), exec="deployment/orders", argv=["true"])


def test_the_user_that_is_acted_as_is_the_one_who_runs_it(pod):
    """The client's own websocket forgets whom it acts as; ours must not."""
    from .test_kube_access import grant

    grant(pod, "stranger", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
    name = pod.pods()[0]["metadata"]["name"]
    with pytest.raises(Refused, match='pods/exec" in API group') as caught:
        pod.do(target=pod.target(as_user="stranger"), exec=f"pod/{name}", argv=["true"])
    assert not caught.value.unsure
