"""apply on the server's side, and delete: on a real API and on the fake."""

from __future__ import annotations

import hashlib

import pytest

from steadyhand.errors import BadInput, Refused

from .kube import workload


def config(name="limits", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_apply(here):
    found = here.do(apply=config(pool="40"))
    assert found["message"] == "configmaps/limits created"
    assert found["changed"]
    assert found["object"]["data"] == {"pool": "40"}
    assert here.do(apply=config(pool="40"))["message"] == "configmaps/limits unchanged"
    found = here.do(apply=config(pool="50"))
    assert found["message"] == "configmaps/limits configured"
    assert '-    "pool": "40"' in found["diff"]
    assert '+    "pool": "50"' in found["diff"]
    here.do(apply=config(other="1"))
    assert here.api("GET", here.path("configmaps", "limits"))["data"] == {"other": "1"}, "what we no longer say is gone"


def test_apply_a_list_in_its_order(here):
    both = {"apiVersion": "v1", "kind": "List", "items": [config("a", x="1"), workload("Deployment")]}
    found = here.do(apply=[both, config("b", x="2")])
    assert found["names"] == ["configmaps/a", "deployments/orders", "configmaps/b"]
    assert found["count"] == 3
    assert [one["kind"] for one in found["objects"]] == ["ConfigMap", "Deployment", "ConfigMap"]


def test_fields_of_others_are_a_conflict(here):
    here.do(apply=config(pool="40"), field_manager="them")
    with pytest.raises(Refused, match="others own some of these fields") as caught:
        here.do(apply=config(pool="50"))
    assert "force: true" in caught.value.hint
    assert not caught.value.unsure
    assert here.api("GET", here.path("configmaps", "limits"))["data"] == {"pool": "40"}
    assert here.do(apply=config(pool="50"), force=True)["changed"]


def test_what_a_dry_run_says(here):
    found = here.rehearse(apply=[config(pool="40"), workload("Deployment")])
    assert found["message"] == "configmaps/limits created, deployments/orders created"
    assert '+    "pool": "40"' in found["diff"]
    assert here.api.find(here.path("configmaps", "limits")) is None


@pytest.mark.parametrize(("manifest", "said"), [
    ({"kind": "ConfigMap", "metadata": {"name": "x"}}, "needs `apiVersion` and `kind`"),
    ({"apiVersion": "v1", "kind": "Widget", "metadata": {"name": "x"}}, "no kind Widget in v1"),
    ({"apiVersion": "example.org/v1", "kind": "Widget", "metadata": {"name": "x"}}, "no kind Widget in example.org/v1"),
    ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}, "has no name"),
    ([], "no manifest to apply"), (["text"], "must be a map"),
])  # fmt: skip
def test_what_is_no_manifest_is_found_before_anything_is_sent(here, manifest, said):
    whole = [config("first", a="b"), manifest] if manifest else manifest
    with pytest.raises(BadInput, match=said):
        here.do(apply=whole)
    assert here.api.find(here.path("configmaps", "first")) is None


def test_a_namespace_is_said_once(here):
    manifest = {**config(a="b"), "metadata": {"name": "x", "namespace": "other"}}
    with pytest.raises(BadInput, match="is for namespace other, and the step for"):
        here.do(apply=manifest, namespace=here.namespace)


def test_a_file(here, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {day: '2026-01-01', at: 2026-01-01}\n---\n---\n"
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n")  # fmt: skip
    with pytest.raises(Refused, match="is not the one that was meant"):
        here.do(apply={"file": str(path), "sha256": "0" * 64})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert here.do(apply={"file": str(path), "sha256": digest})["names"] == ["configmaps/one", "configmaps/two"]
    assert here.api("GET", here.path("configmaps", "one"))["data"] == {"day": "2026-01-01", "at": "2026-01-01"}
    with pytest.raises(Refused, match="cannot be read: No such file"):
        here.do(apply={"file": str(tmp_path / "none.yaml")})
    path.write_text("a: [b")
    with pytest.raises(BadInput, match="is no YAML"):
        here.do(apply={"file": str(path)})


def test_custom_resources_are_found_though_they_came_later(here):
    assert here.do(list="pods")["done"], "what the cluster has is known now"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"]}
    group = f"{here.namespace}.example.org"
    here.do(apply={
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    })  # fmt: skip
    try:
        widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}
        name = f"widgets.{group}"
        if here.fake is None:
            here.do(**{"wait": "crd", "name": name, "for": "condition=Established", "within": 20_000_000})
            here.do(**{"wait": "crd", "name": name, "for": "jsonpath={.status.acceptedNames.kind}=Widget"})
        _until_served(here, group)
        assert here.do(apply=widget)["changed"]
        for spelling in (f"widgets.{group}/w", f"Widget.{group}/w", f"widgets.v1.{group}/w"):
            assert here.do(get=spelling)["object"]["spec"] == {"size": 3}
        assert here.do(patch=f"widgets.{group}/w", type="merge", body={"spec": {"size": 4}})["changed"]
        assert here.do(delete=f"widgets.{group}/w", wait="5s")["done"]
    finally:
        here.do(delete=f"crd/widgets.{group}")


def _until_served(here, group):
    from ..realparts import until

    until(lambda: here.api.find(f"/apis/{group}/v1") is not None, "the new kind")


def test_delete(here):
    here.api("POST", here.path("configmaps"), config(a="b"))
    assert here.rehearse(delete="configmap/limits", wait="1s")["done"]
    assert here.rehearse(delete="configmap/limits", grace=0)["done"]
    assert here.api.find(here.path("configmaps", "limits")) is not None
    found = here.do(delete="configmap/limits", wait="10s")
    assert (found["done"], found["changed"], found["message"]) == (True, True, "configmaps/limits is gone")
    assert here.api.find(here.path("configmaps", "limits")) is None
    again = here.do(delete="configmap/limits")
    assert (again["done"], again["found"], again["changed"]) == (True, False, False)


def test_delete_and_wait_for_the_pods_end(here):
    here.deploy()
    pod = here.pods()[0]["metadata"]["name"]
    here.kubelet.slow.add(pod)
    found = here.do(delete=f"pod/{pod}", grace=1_000_000, wait="1s")
    assert not found["done"]
    assert "is still there" in found["message"]
    here.kubelet.slow.clear()
    assert here.do(delete=f"pod/{pod}", wait="20s")["done"]


def test_only_the_one_that_was_looked_at_is_deleted(here):
    here.api("POST", here.path("configmaps"), config(a="b"))
    path, wrong = here.path("configmaps", "limits"), {"preconditions": {"uid": "another"}}
    assert here.api.attempt("DELETE", path, wrong) == 409
