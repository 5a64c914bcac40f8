"""A Kubernetes cluster for the tests of `kubectl`: the real API where there is one, and always the fake.

Every test that takes `here` runs on both, so that the fake may only do what the real server does. A test that needs a
server which fails on command takes `fake`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from steadyhand.handlers import kubectl
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.connections import Connections
from steadyhand.model import Plan, Target, plain

from ..realparts import kubernetes, until
from ..realparts.kubernetes_api import Api
from ..realparts.kubernetes_fake import Fake
from ..realparts.kubernetes_kubelet import Kubelet

__all__ = ["Here", "cluster", "fake", "fake_server", "here", "real_server", "workload"]


class Here:
    """A cluster, a namespace of the test's own in it, and `kubectl` on it."""

    def __init__(self, api: Api, kubeconfig: Path, kubelet: Kubelet, fake: Fake | None) -> None:
        self.api = api
        self.kubeconfig = kubeconfig
        self.kubelet = kubelet
        self.fake = fake
        self.namespace = f"t-{uuid.uuid4().hex[:8]}"
        self.connections = Connections()
        self.said: list[str] = []

    def target(self, **params: Any) -> Target:
        """The cluster as a target."""
        base = {"kubeconfig": str(self.kubeconfig), "namespace": self.namespace}
        given = {key: value for key, value in {**base, **params}.items() if value is not None}
        return Target("cluster", "kubernetes", {k: plain(v) if isinstance(v, str) else v for k, v in given.items()})

    def as_stranger(self) -> Target:
        """The cluster, as somebody who may do nothing."""
        path = self.kubeconfig.with_name("stranger")
        document = json.loads(self.kubeconfig.read_text())
        document["users"][0]["user"] = {"token": kubernetes.STRANGER}
        path.write_text(json.dumps(document))
        return self.target(kubeconfig=str(path))

    def plan(self, target: Target | None = None, **params: Any) -> Plan:
        """The plan of a step."""
        return kubectl.plan({k: texts(v) for k, v in params.items()}, target or self.target())

    def hands(self, timeout: float = 30.0, **more: Any) -> BenchHands:
        """Hands that share the connections of the test."""

        def tap(name: str, data: bytes) -> None:
            if name == "progress":
                self.said.append(data.decode().rstrip("\n"))

        return BenchHands(timeout=timeout, connections=self.connections, tap=tap, **more)

    def do(self, target: Target | None = None, timeout: float = 30.0, **params: Any) -> Mapping[str, Any]:
        """Carry a step out; durations are seconds here."""
        return kubectl.perform(self.plan(target, **params), self.hands(timeout)).values

    def rehearse(self, **params: Any) -> Mapping[str, Any]:
        """Ask what a step would do."""
        return kubectl.dry_run(self.plan(**params), self.hands()).values

    def path(self, plural: str, name: str = "", group: str = "") -> str:
        """Where the test's own objects are."""
        head = f"/apis/{group}" if group else "/api/v1"
        return f"{head}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def deployment(self, name: str = "orders") -> Any:
        """A deployment as it is."""
        return self.api.find(self.path("deployments", name, "apps/v1"))

    def deploy(self, name: str = "orders", image: str = "orders:1", *, wait: bool = True, **spec: Any) -> None:
        """Have a deployment."""
        self.api("POST", self.path("deployments", "", "apps/v1"), workload("Deployment", name, image, **spec))
        if wait:
            wanted = spec.get("replicas", 2)
            until(
                lambda: self.deployment(name).get("status", {}).get("availableReplicas", 0) == wanted, "the deployment"
            )

    def pods(self, app: str = "orders") -> list[Any]:
        """The pods of an application."""
        return self.api("GET", self.path("pods"), labelSelector=f"app={app}")["items"]


def workload(kind: str, name: str = "orders", image: str = "orders:1", **spec: Any) -> dict[str, Any]:
    """A workload of pods with one container."""
    containers = [{"name": "app", "image": image}]
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": containers, "terminationGracePeriodSeconds": 1},
    }
    whole: dict[str, Any] = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if kind != "DaemonSet":
        whole["replicas"] = 2
    if kind == "StatefulSet":
        whole["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {**whole, **spec}}


def texts(value: Any) -> Any:
    """Parameters as the engine renders them."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {k: texts(v) for k, v in value.items()}
    return [texts(v) for v in value] if isinstance(value, (list, tuple)) else value


@contextlib.contextmanager
def cluster(api: Api, kubeconfig: Path, kubelet: Kubelet, fake: Fake | None) -> Iterator[Here]:
    """A namespace for a test."""
    found = Here(api, kubeconfig, kubelet, fake)
    api("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": found.namespace}})
    if fake is None:
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "x"},
            "spec": {"containers": [{"name": "x", "image": "x"}]},
        }
        until(lambda: api.attempt("POST", found.path("pods"), pod, dryRun="All") == 200, "the account of the namespace")
    try:
        yield found
    finally:
        found.connections.close()
        kubelet.slow.clear()
        if fake is not None:
            fake.store.forget(found.namespace)
        else:
            for plural in ("deployments", "statefulsets", "daemonsets"):
                api.attempt("DELETE", found.path(plural, "", "apps/v1"))
            api.attempt("DELETE", found.path("pods"))
            api.attempt("DELETE", f"/api/v1/namespaces/{found.namespace}")


@pytest.fixture(scope="session")
def real_server() -> Iterator[tuple[Api, Path, Kubelet]]:
    """A real API, with a node that is ours."""
    with kubernetes.running() as real:
        if not real.own:
            pytest.skip("this cluster has nodes of its own, which cannot have the images of these tests")
        api = Api(real.server, kubernetes.ADMIN, real.ca)
        folder = real.kubeconfig.parent
        kubelet = Kubelet(api, "n1", (folder / "server.crt", folder / "server.key"))
        kubelet.start()
        yield api, real.kubeconfig, kubelet
        kubelet.stop()


@pytest.fixture(scope="session")
def fake_server() -> Iterator[tuple[Api, Path, Kubelet, Fake]]:
    """The fake, with a node that is ours."""
    server = Fake()
    server.start()
    folder = Path(tempfile.mkdtemp(prefix="steady-fake-"))
    (folder / "kubeconfig").write_text(json.dumps(kubernetes.config(server.server, None, kubernetes.ADMIN)))
    api = Api(server.server, kubernetes.ADMIN)
    kubelet = Kubelet(api)
    kubelet.start()
    yield api, folder / "kubeconfig", kubelet, server
    kubelet.stop()
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def fake(fake_server: tuple[Api, Path, Kubelet, Fake]) -> Iterator[Here]:
    """The fake."""
    server = fake_server[3]
    with cluster(*fake_server) as found:
        server.faults.clear()
        yield found
    server.faults.clear()
    server.metrics.clear()
    assert server.violations == [], server.violations[:5]


@pytest.fixture(params=["fake", "real"])
def here(request: pytest.FixtureRequest) -> Iterator[Here]:
    """Each of the two."""
    if request.param == "fake":
        yield request.getfixturevalue("fake")
        return
    with cluster(*request.getfixturevalue("real_server"), None) as found:
        yield found
