"""How far a rollout is: the rules of `kubectl rollout status`, case by case."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._kube_status import stand, told, trouble


def found(kind, status, **spec):
    return {"kind": kind, "metadata": {"generation": 3}, "spec": spec, "status": {"observedGeneration": 3, **status}}


@pytest.mark.parametrize(("one", "done", "text"), [
    (found("Deployment", {"observedGeneration": 2}), False, "waiting for the change to be observed"),
    (found("Deployment", {"updatedReplicas": 1}, replicas=3), False, "1 of 3 new replicas are there"),
    (found("Deployment", {"updatedReplicas": 3, "replicas": 4}, replicas=3), False, "1 old replicas are still there"),
    (found("Deployment", {"updatedReplicas": 3, "replicas": 3, "availableReplicas": 2}, replicas=3), False, "2 of 3 new replicas are ready"),
    (found("Deployment", {"updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}, replicas=3), True, "rolled out: 3 of 3 replicas are ready"),
    (found("Deployment", {}, replicas=0), True, "rolled out: 0 of 0 replicas are ready"),
    (found("DaemonSet", {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1}), False, "1 of 2 new pods are there"),
    (found("DaemonSet", {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}), False, "1 of 2 new pods are ready"),
    (found("DaemonSet", {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}), True, "rolled out: 2 of 2 pods are ready"),
    (found("DaemonSet", {"desiredNumberScheduled": 2, "numberAvailable": 2}, updateStrategy={"type": "OnDelete"}), True, "2 of 2 pods are ready; new ones come when old ones go"),
    (found("StatefulSet", {"readyReplicas": 1}, replicas=2), False, "1 of 2 replicas are ready"),
    (found("StatefulSet", {"readyReplicas": 2, "updatedReplicas": 1, "updateRevision": "b", "currentRevision": "a"}, replicas=2), False, "1 of 2 new replicas are there"),
    (found("StatefulSet", {"readyReplicas": 2, "updateRevision": "b", "currentRevision": "b"}, replicas=2), True, "rolled out: 2 of 2 replicas are ready"),
    (found("StatefulSet", {"readyReplicas": 3}, replicas=3, updateStrategy={"type": "OnDelete"}), True, "3 of 3 replicas are ready; new ones come when old ones are deleted"),
    (found("StatefulSet", {"readyReplicas": 3, "updatedReplicas": 0}, replicas=3, updateStrategy={"rollingUpdate": {"partition": 2}}), False, "0 of 1 new replicas are there"),
    (found("StatefulSet", {"readyReplicas": 3, "updatedReplicas": 1}, replicas=3, updateStrategy={"rollingUpdate": {"partition": 2}}), True, "rolled out to its partition: 1 new replicas are ready"),
])  # fmt: skip
def test_how_far(one, done, text):
    assert stand(one) == (done, text, "")


def test_a_deadline_that_is_over():
    conditions = [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    ]
    now = stand(found("Deployment", {"conditions": conditions}, replicas=1))
    assert (now.done, now.failed) == (False, "ProgressDeadlineExceeded: timed out")


def test_what_has_no_rollout():
    with pytest.raises(BadInput, match="a Job cannot be rolled out"):
        stand(found("Job", {}))


def pod(**status):
    return {"metadata": {"name": "p"}, "status": status}


def container(**state):
    return {"name": "app", "restartCount": 2, **state}


def test_why_a_pod_does_not_come_up():
    assert trouble(pod(conditions=[{"type": "Ready", "status": "True"}])) is None
    assert trouble(pod(containerStatuses=[container(state={"waiting": {"reason": "ContainerCreating"}})])) is None
    assert trouble({"metadata": {"name": "p", "deletionTimestamp": "x"}}) is None
    killed = trouble(pod(containerStatuses=[container(state={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})]))
    assert told(killed) == "p: OOMKilled, exit code 137 OOMKilled"
    nowhere = trouble(
        pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}])
    )
    assert told(nowhere) == "p: Unschedulable: 0/3 nodes"
    first = trouble(
        pod(initContainerStatuses=[container(state={"waiting": {"reason": "ErrImagePull", "message": "no\n such"}})])
    )
    assert told({**first, "log": "a\nlast words\n\n"}) == "p: ErrImagePull: no such; it said: last words"
    assert told(trouble(pod(phase="Failed", reason="Evicted", message="disk"))) == "p: Evicted: disk"
    assert trouble(pod(phase="Pending")) is None
