"""What a person approves, and what is locked."""

from __future__ import annotations

import pytest

from steadyhand.handlers import kubectl
from steadyhand.handlers._kube_preview import is_file
from steadyhand.model import Secret, Target, Text, plain

from .kube import texts

TARGET = Target(
    "cluster", "kubernetes", {"context": plain("prod"), "namespace": plain("shop"), "as_user": plain("ops")}
)


def preview(**params):
    return kubectl.plan(texts(params), TARGET).preview


def test_a_preview_says_what_and_where():
    assert preview(rollout="restart", resource="deployment/orders", wait="2m").split("\n") == [
        "kubectl rollout restart deployment/orders", "# in namespace shop", "# on cluster (context prod, as_user ops)", "# wait: 2m",
    ]  # fmt: skip
    assert preview(scale="deploy/x", replicas=3, namespace="other").startswith(
        "kubectl scale deploy/x --replicas=3\n# in namespace other"
    )
    assert preview(set_image="deploy/x", images={"app": "x:1"}).startswith("kubectl set image deploy/x app=x:1\n")
    assert preview(label="pod/x", values={"a": "b c", "d": None}).startswith("kubectl label pod/x a='b c' d-\n")
    assert preview(exec="pod/x", argv=["rm", "-rf", "a b"], stdin="x").startswith(
        "kubectl exec pod/x -- rm -rf 'a b'\n"
    )
    assert "# reading 'x'" in preview(exec="pod/x", argv=["cat"], stdin="x")
    assert "every pod on it is evicted" in preview(drain="n1", grace=30_000_000)
    assert "# grace: 30 s" in preview(drain="n1", grace=30_000_000)
    assert '# types: ["Warning"]' in preview(events="", types=["Warning"])


def test_a_body_is_shown_as_it_goes_out():
    assert preview(patch="deploy/x", body={"spec": {"replicas": 3}}).endswith(
        '{\n  "spec": {\n    "replicas": 3\n  }\n}'
    )
    assert preview(apply=[{"kind": "ConfigMap"}]).endswith('[\n  {\n    "kind": "ConfigMap"\n  }\n]')
    assert "characters)" in preview(patch="deploy/x", body={"a": "b" * 9000})


def test_a_file_says_how_far_the_yes_goes():
    assert "give its `sha256`" in preview(apply={"file": "x.yaml"})
    assert "# with the SHA-256 abc" in preview(apply={"file": "x.yaml", "sha256": "abc"})
    assert is_file({"file": "x"})
    assert not is_file({"file": "x", "kind": "ConfigMap"})


def test_secrets_are_dots():
    secret = Text((Secret("password"),))
    found = kubectl.plan(
        {"patch": plain("secret/x"), "body": {"data": {"p": secret}}, "name": secret} | {"patch": plain("secret")},
        TARGET,
    ).preview
    assert found.count("•••") == 2
    assert "•••" in kubectl.plan({"exec": plain("x"), "argv": [plain("a"), secret]}, TARGET).preview


@pytest.mark.parametrize(("params", "place"), [
    ({"scale": "deployment/orders", "replicas": 1}, "cluster/shop/deployments/orders"),
    ({"scale": "deploy", "name": "orders", "replicas": 1}, "cluster/shop/deployments/orders"),
    ({"rollout": "restart", "resource": "Deployment.apps/orders"}, "cluster/shop/deployments/orders"),
    ({"cordon": "n1", "namespace": ""} | {}, "cluster/nodes/n1"), ({"exec": "web-1", "argv": ["x"]}, "cluster/shop/pods/web-1"),
    ({"list": "pods"}, "cluster/shop/list"),
])  # fmt: skip
def test_two_ways_to_write_it_are_one_place(params, place):
    given = {k: v for k, v in params.items() if k != "namespace"}
    target = TARGET if "namespace" not in params else Target("cluster", "kubernetes", {})
    assert kubectl.plan(texts(given), target).targets == (place,)
