"""can_i, preflight, and what `requires: {access: ...}` asks for: on a real API and on the fake."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import kubectl
from steadyhand.model import Secret, Text

from ..realparts import until


def grant(here, user, rules, name="some"):
    """Allow a user something in the namespace of the test."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
    here.api("POST", here.path("roles", "", "rbac.authorization.k8s.io/v1"), role)
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "Role", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    here.api("POST", here.path("rolebindings", "", "rbac.authorization.k8s.io/v1"), {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
        "subjects": [subject], "roleRef": reference,
    })  # fmt: skip
    verb = rules[0]["verbs"][0]
    resource = rules[0]["resources"][0]
    asked = {
        "can_i": verb,
        "resource": resource if not rules[0]["apiGroups"][0] else f"{resource}.{rules[0]['apiGroups'][0]}",
    }
    if rules[0].get("resourceNames"):
        asked["name"] = rules[0]["resourceNames"][0]
    until(lambda: here.do(target=here.as_stranger(), **asked)["allowed"], "the grant")


def test_may_we(here):
    assert here.do(can_i="patch", resource="deployments")["allowed"]
    found = here.do(target=here.as_stranger(), can_i="patch", resource="deployments", name="orders")
    assert (found["allowed"], found["done"]) == (False, False)
    assert found["message"] == f"not allowed: patch deployments orders in {here.namespace}"
    grant(
        here,
        "stranger",
        [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"], "resourceNames": ["orders"]}],
    )
    ask = {"target": here.as_stranger(), "can_i": "patch", "resource": "deployments"}
    assert here.do(**ask, name="orders")["allowed"]
    assert not here.do(**ask, name="other")["allowed"]
    assert not here.do(**ask)["allowed"]
    assert not here.do(**ask, name="orders", subresource="scale")["allowed"]
    assert not here.do(target=here.as_stranger(), can_i="list", resource="nodes")["allowed"]


def test_what_requires_asks(here):
    asked = {"verb": "patch", "resource": "deployments", "namespace": here.namespace}
    need = kubectl.access(asked, here.target(), here.hands())
    assert (need.what, need.holds) == (f"patch deployments in {here.namespace}", True)
    need = kubectl.access({**asked, "group": "apps", "name": "x"}, here.as_stranger(), here.hands())
    assert (need.what, need.holds) == (f"patch deployments x in {here.namespace}", False)
    assert need.why
    assert need.how == "ask whoever runs the cluster for a role that allows it"
    with pytest.raises(BadInput, match="needs `verb` and `resource`"):
        kubectl.access({"verb": "patch"}, here.target(), here.hands())


def needs(here, target=None, **params):
    return kubectl.preflight(here.plan(target, **params), here.hands())


def test_a_plan_needs_what_it_will_do_and_nothing_else(here):
    rows = needs(here, rollout="undo", resource="deployment/orders", wait="1m")
    assert rows[0].what.startswith("kubernetes cluster 127.0.0.1:")
    where = f"in {here.namespace}"
    assert [row.what for row in rows if row.what.startswith("may")] == [
        f"may get deployments orders {where}", f"may patch deployments orders {where}", f"may list replicasets {where}",
        f"may list deployments {where}", f"may watch deployments {where}",
    ]  # fmt: skip
    assert all(row.holds for row in rows)


@pytest.mark.parametrize(("params", "last"), [
    ({"get": "deploy/x"}, "get deployments x"), ({"scale": "deploy/x", "replicas": 1}, "patch deployments/scale x"),
    ({"exec": "pod/x", "argv": ["true"]}, "get pods/exec x"), ({"logs": "deploy/x"}, "get pods/log"),
    ({"delete": "pod/x"}, "delete pods x"), ({"list": "pods"}, "list pods"), ({"events": ""}, "list events"),
    ({"describe": "pod/x"}, "list events"), ({"label": "pod/x", "values": {"a": "b"}}, "patch pods x"),
    ({"top": "pods"}, "list pods"),
    ({"apply": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}}, "create configmaps"),
])  # fmt: skip
def test_each_verb(here, params, last):
    rows = needs(here, here.as_stranger(), **params)
    refused = [row for row in rows if row.holds is False]
    assert refused[-1].what == f"may {last} in {here.namespace}"
    assert refused[-1].how


def test_a_drain_needs_the_whole_cluster(here):
    rows = [row.what for row in needs(here, drain="n1")]
    assert rows[1:] == ["may get nodes n1", "may patch nodes n1", "may list pods", "may create pods/eviction"]
    assert [row.what for row in needs(here, top="nodes")][1:] == ["may list nodes"]
    assert len(needs(here, can_i="get", resource="pods")) == 1


def test_a_secret_is_not_needed_to_look(here):
    plan = kubectl.plan(
        {"annotate": Text((Secret("what"),)), "values": {"a": Text((Secret("x"),))}, "name": Text((Secret("x"),))},
        here.target(),
    )
    hands = here.hands(secrets={"what": "deployment", "x": "opensesame"})
    assert len(kubectl.preflight(plan, hands)) == 1
    assert hands.revealed == []


def test_who_the_cluster_takes_us_for_where_it_can_say(fake):
    fake.fake.fault("POST", "selfsubjectreviews", 201, body={"status": {"userInfo": {"username": "runbooks"}}})
    assert needs(fake, list="pods")[1].what == "known to the cluster as runbooks"


def test_what_cannot_be_reached_is_a_row(fake, tmp_path):
    rows = needs(fake, fake.target(kubeconfig=None, server="https://127.0.0.1:1", token="x"), list="pods")
    assert [(row.what, row.holds) for row in rows] == [("kubernetes cluster", False)]
    assert "refused the connection" in rows[0].why
    rows = needs(fake, fake.target(kubeconfig=None, server=fake.fake.server, token="wrong"), list="pods")
    assert "401" in rows[0].why
    rows = needs(fake, fake.target(kubeconfig=str(tmp_path / "none")), list="pods")
    assert "there is no kubeconfig" in rows[0].why


def test_a_cluster_whose_certificate_is_not_checked_is_told(fake):
    import json

    path = fake.kubeconfig.with_name("insecure")
    document = json.loads(fake.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    path.write_text(json.dumps(document))
    rows = needs(fake, fake.target(kubeconfig=str(path)), list="pods")
    assert (rows[1].what, rows[1].holds) == ("certificate of the cluster", None)
