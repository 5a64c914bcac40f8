"""The chart, rendered by Helm's own engine, held to the published types of Kubernetes, and installed into a real API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from steadyhand.handlers import registry
from steadyhand.schema import read_settings

from ..realparts import kubernetes, until
from ..realparts.kubernetes_api import Api

helm = pytest.importorskip("helm_python", reason="the package helm-python-sdk has no wheel for this machine")

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "steadyhand"
FULL = {
    "store": {"kind": "postgresql", "urlSecret": {"name": "steady-db", "key": "url"}},
    "replicas": 3,
    "settings": {"library": ["/config/runbooks"], "server": {"proxies": ["10.0.0.1"], "grace": "30s"}, "store": "x"},
    "runbooks": {"disk-full.yaml": "steadyhand: 1\nname: disk-full\ntitle: '{{ not for helm }}'\n"},
    "envFromSecrets": ["steady-secrets"],
    "env": [{"name": "TZ", "value": "UTC"}],
    "extraVolumes": [{"name": "library", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "library", "mountPath": "/library"}],
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccount": {"annotations": {"a": "b"}, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]}]},
    "service": {"type": "LoadBalancer", "port": 8080, "annotations": {"x": "y"}},
    "ingress": {"enabled": True, "className": "nginx", "host": "steady.example", "tlsSecret": "steady-tls", "annotations": {"k": "v"}},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]},
    "metrics": {"from": ["10.1.0.0/16"], "serviceMonitor": {"enabled": True, "interval": "15s", "labels": {"team": "sre"}}, "rules": {"enabled": True}},
    "traces": {"endpoint": "http://collector:4318"},
    "podAnnotations": {"note": "yes"},
    "podLabels": {"tier": "ops"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}}}]}},
    "priorityClassName": "high",
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "everything": FULL,
    "claim": {"store": {"existingClaim": "kept"}, "podDisruptionBudget": {"enabled": False}},
    "storage": {"store": {"storageClass": "fast", "size": "100Gi"}, "networkPolicy": {"enabled": False}},
    "bare": {
        "serviceAccount": {"create": False, "name": ""},
        "fullnameOverride": "s",
        "ingress": {"enabled": True, "host": "a.b"},
    },
    "nothing around": {
        "podDisruptionBudget": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "serviceAccount": {"create": False},
    },
}
OURS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of the Prometheus Operator, which Kubernetes itself does not publish."""


def rendered(values, name="demo"):
    """All objects that Helm makes of these values."""
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(chart.merge_values(values))
        texts = chart.render(values, name=name, namespace="ops")
    return [
        one for path, text in sorted(texts.items()) if path.endswith(".yaml") for one in yaml.safe_load_all(text) if one
    ]


def by_kind(objects):
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


@pytest.fixture(params=CASES, ids=str)
def objects(request):
    return rendered(CASES[request.param])


def test_helm_finds_nothing_wrong():
    told = helm.lint(str(CHART))
    assert told["errors"] == []
    assert [one["error"] for one in told["messages"] if one["severity"] > 1] == []


def test_every_object_is_of_the_published_types(objects):
    """The models of the Kubernetes client are made from the published description; an unknown field is an error."""
    from kubernetes import client

    assert len(objects) > 3
    for one in objects:
        group, _, version = one["apiVersion"].rpartition("/")
        if one["kind"] in OURS:
            assert group == "monitoring.coreos.com"
            continue
        model = getattr(client, f"{version[0].upper()}{version[1:]}{one['kind']}")
        model.model_validate(one)


def test_every_object_fits_the_schemas_of_an_older_cluster(objects):
    path = kubernetes.swagger()
    if path is None:
        pytest.skip("the published schemas are not here (make test-kubernetes brings them)")
    schemas = json.loads(path.read_text("utf-8"))["definitions"]
    known = {
        (g["group"], g["version"], g["kind"]): name
        for name, schema in schemas.items()
        for g in schema.get("x-kubernetes-group-version-kind", ())
    }
    for one in objects:
        if one["kind"] in OURS:
            continue
        group, _, version = one["apiVersion"].rpartition("/")
        if (group, version, one["kind"]) == ("policy", "v1", "PodDisruptionBudget"):
            version = "v1beta1"  # that cluster has no other, and the chart asks the cluster which one it has
        name = known[group, version, one["kind"]]
        held = strict({"definitions": schemas, "$ref": f"#/definitions/{name}"})
        jsonschema.Draft4Validator(held).validate(one)


def strict(schema):
    """The schema, with every object that lists its fields closed to others, and quantities as they are written."""
    closed = json.loads(json.dumps(schema))
    for name, one in closed["definitions"].items():
        if "properties" in one and "additionalProperties" not in one:
            one["additionalProperties"] = False
        if name.endswith(("Quantity", "IntOrString")):
            closed["definitions"][name] = {"type": ["string", "integer"]}
    return closed


def test_no_pod_may_more_than_it_must(objects):
    for one in objects:
        if one["kind"] not in {"StatefulSet", "Deployment"}:
            continue
        pod = one["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        may = container["securityContext"]
        assert (may["allowPrivilegeEscalation"], may["readOnlyRootFilesystem"], may["capabilities"]) == (
            False,
            True,
            {"drop": ["ALL"]},
        )
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        mounted = {m["name"] for m in container["volumeMounts"]}
        there = {v["name"] for v in pod["volumes"]} | {
            c["metadata"]["name"] for c in one["spec"].get("volumeClaimTemplates", ())
        }
        assert mounted <= there
        assert "limits" in container["resources"]
        assert pod["terminationGracePeriodSeconds"] > 30


def test_selectors_find_what_they_are_for(objects):
    found = by_kind(objects)
    (pods,) = (
        one["spec"]["template"]["metadata"]["labels"] for one in objects if one["kind"] in {"StatefulSet", "Deployment"}
    )
    for (kind, _), one in found.items():
        wanted = {
            "Service": lambda spec: spec["selector"],
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
            "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        }.get(kind)
        if wanted:
            assert wanted(one["spec"]).items() <= pods.items(), kind


def test_the_server_understands_its_settings(objects):
    (config,) = (one for one in objects if one["kind"] == "ConfigMap" and "steady.yaml" in (one.get("data") or {}))
    settings, found = read_settings(config["data"]["steady.yaml"], "steady.yaml", registry.specs())
    assert found == ()
    assert (settings.server.host, settings.server.port, settings.store) == ("0.0.0.0", 8420, "")
    assert settings.library == ("/config/runbooks",)


def test_everything_that_was_said_is_there():
    found = by_kind(rendered(FULL))
    pod = found["Deployment", "demo-steadyhand"]["spec"]["template"]["spec"]
    env = {one["name"]: one for one in pod["containers"][0]["env"]}
    assert env["STEADY_STORE"]["valueFrom"] == {"secretKeyRef": {"name": "steady-db", "key": "url"}}
    assert env["OTEL_EXPORTER_OTLP_ENDPOINT"]["value"] == "http://collector:4318"
    assert pod["containers"][0]["envFrom"] == [{"secretRef": {"name": "steady-secrets"}}]
    assert found["ConfigMap", "demo-steadyhand-runbooks"]["data"] == FULL["runbooks"]
    settings = yaml.safe_load(found["ConfigMap", "demo-steadyhand"]["data"]["steady.yaml"])
    assert settings["server"] == {
        "listen": "0.0.0.0:8420", "url": "https://steady.example", "metrics": {"from": ["10.1.0.0/16"]},
        "proxies": ["10.0.0.1"], "grace": "30s",
    }  # fmt: skip
    rules = found["PrometheusRule", "demo-steadyhand"]["spec"]
    assert rules == yaml.safe_load((ROOT / "deploy" / "prometheus-rules.yml").read_text("utf-8"))
    assert found["RoleBinding", "demo-steadyhand"]["subjects"][0]["namespace"] == "ops"
    assert pod["automountServiceAccountToken"] is True


def test_the_rules_in_the_chart_are_those_beside_it():
    assert (CHART / "prometheus-rules.yml").read_text() == (ROOT / "deploy" / "prometheus-rules.yml").read_text()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"replicas": 2}, "several replicas cannot share a store in SQLite"),
        ({"store": {"kind": "postgresql"}}, "name the secret with the address of the database"),
        ({"ingress": {"enabled": True}}, "name the host in ingress.host"),
        ({"store": {"kind": "oracle"}}, "store"),
        ({"repliacs": 2}, "repliacs"),
        ({"service": {"port": 0}}, "port"),
        ({"store": {"size": "much"}}, "size"),
        ({"runbooks": {"../x.yaml": ""}}, "does not match pattern"),
        ({"metrics": {"serviceMonitor": {"interval": "often"}}}, "interval"),
    ],
)
def test_what_cannot_be_is_refused_in_words(values, why):
    with pytest.raises(helm.HelmError, match=why):
        rendered(values)


def test_a_change_of_the_settings_starts_the_pods_anew():
    def told(values):
        (pods,) = (one for one in rendered(values) if one["kind"] == "StatefulSet")
        return pods["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert len({told({}), told({"runbooks": {"a.yaml": "x"}}), told({"settings": {"contacts": {"a": "b"}}})}) == 3


@pytest.fixture(scope="module")
def real():
    """A real API that was started for these tests."""
    with kubernetes.running() as found:
        if not found.own:
            pytest.skip("only a cluster that the test has started is installed into")
        yield found


@pytest.mark.parametrize("case", ["defaults", "everything", "claim"])
def test_a_real_cluster_takes_it(real, case):
    """Installed, changed and removed by Helm in a real Kubernetes API, whose own checks are the judge."""
    values = {**CASES[case]}
    if case == "everything":  # nobody has installed the Prometheus Operator there
        values = {**values, "metrics": {"from": ["10.1.0.0/16"]}, "priorityClassName": ""}
    api = Api(real.server, kubernetes.ADMIN, real.ca)
    namespace = f"steady-{case}"
    api("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    with helm.Config(kubeconfig_path=str(real.kubeconfig), namespace=namespace) as cluster:
        cluster.install(str(CHART), "demo", values)
        kind = "deployments" if case == "everything" else "statefulsets"
        path = f"/apis/apps/v1/namespaces/{namespace}/{kind}/demo-steadyhand"
        assert api("GET", path)["spec"]["replicas"] == (3 if case == "everything" else 1)
        until(lambda: api("GET", f"/api/v1/namespaces/{namespace}/pods")["items"], "the pods")
        cluster.upgrade(str(CHART), "demo", {**values, "podAnnotations": {"again": "yes"}})
        assert api("GET", path)["spec"]["template"]["metadata"]["annotations"]["again"] == "yes"
        cluster.uninstall("demo")
        until(lambda: api.find(path) is None, "the removal")
