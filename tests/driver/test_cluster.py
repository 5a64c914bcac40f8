"""Secrets of Kubernetes, from a fake that answers as the published API does (apis.py)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.errors import BadResponse, Refused, TimedOut, Unreachable
from steadyhand.model import SecretSource

from .apis import Cluster, served


@pytest.fixture
def cluster(tmp_path):
    with served(Cluster()) as fake:
        (tmp_path / "config").write_text(fake.kubeconfig())
        yield fake


def store(folder, patience=5.0, **at):
    given = {"secret": "orders-db", "key": "password", "kubeconfig": "config", **at}
    return SecretStore({"key": SecretSource("key", "kubernetes", given)}, Redactor(), str(folder), {}, patience)


def failed(secrets, kind=Refused):
    with pytest.raises(kind) as found:
        secrets.reveal("key")
    assert found.value.hint
    assert "cluster-password" not in found.value.message + found.value.hint
    return found.value.message


def test_a_key_is_read(cluster, tmp_path):
    assert store(tmp_path).reveal("key") == "cluster-password"
    assert store(tmp_path, context="bare", namespace="shop").reveal("key") == "cluster-password"
    assert store(tmp_path, context="shop").reveal("key") == "cluster-password"


def test_the_kubeconfig_of_the_environment(cluster, tmp_path):
    source = SecretSource("key", "kubernetes", {"secret": "orders-db", "key": "password"})
    by_variable = SecretStore({"key": source}, Redactor(), str(tmp_path), {"KUBECONFIG": "nowhere:config"})
    assert by_variable.reveal("key") == "cluster-password"
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(cluster.kubeconfig())
    at_home = SecretStore({"key": source}, Redactor(), str(tmp_path), {"HOME": str(tmp_path)})
    assert at_home.reveal("key") == "cluster-password"


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ({"key": "nope"}, "secret key: secret orders-db in namespace shop has no key nope"),
        ({"key": "empty"}, "secret key: the key empty of secret orders-db in namespace shop is empty"),
        ({"secret": "other"}, "secret key: there is no secret other in namespace shop"),
        ({"context": "bare"}, "secret key: there is no secret orders-db in namespace default"),
    ],
)
def test_what_is_not_there(cluster, tmp_path, at, message):
    assert failed(store(tmp_path, **at)) == message


def test_what_the_cluster_refuses(cluster, tmp_path):
    (tmp_path / "other").write_text(cluster.kubeconfig(token="expired"))
    assert failed(store(tmp_path, kubeconfig="other")) == "secret key: the cluster does not accept our login"
    cluster.allowed = False
    assert failed(store(tmp_path)) == "secret key: we may not read secret orders-db in namespace shop"


def test_what_is_no_cluster(cluster, tmp_path):
    path = "/api/v1/namespaces/shop/secrets/orders-db"
    cluster.answers[path] = (200, b"<html>")
    assert failed(store(tmp_path), BadResponse) == "secret key: the cluster gave no JSON"
    cluster.answers[path] = (500, {"kind": "Status"})
    assert failed(store(tmp_path), Unreachable) == "secret key: the cluster answered 500"
    del cluster.answers[path]
    assert "cannot be read" in failed(store(tmp_path, key="broken"), BadResponse)
    cluster.slow = 5.0
    assert "did not answer within 0.3 s" in failed(store(tmp_path, patience=0.3), TimedOut)


def test_there_is_no_way_to_the_cluster(tmp_path):
    assert "there is no way to the cluster" in failed(store(tmp_path, kubeconfig="nowhere"))
    (tmp_path / "config").write_text("no: kubeconfig")
    assert "there is no way to the cluster" in failed(store(tmp_path))
    with served(Cluster()) as fake:
        (tmp_path / "config").write_text(fake.kubeconfig())
    assert "cannot be reached" in failed(store(tmp_path), Unreachable)


def test_preflight_reads_no_value(cluster, tmp_path):
    assert store(tmp_path).check("key") == ("secret key", True, "")
    assert cluster.asked == ["POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]
    asked = cluster.bodies[0]["spec"]["resourceAttributes"]
    assert asked == {"namespace": "shop", "verb": "get", "resource": "secrets", "name": "orders-db"}
    cluster.allowed = False
    assert store(tmp_path).check("key")[1:] == (
        False,
        "secret key: we may not read secret orders-db in namespace shop: a role must allow `get` on it",
    )


def test_a_package_that_is_not_installed_is_said():
    code = (
        "import sys; sys.modules['kubernetes'] = None\n"
        "from steadyhand.driver.secrets import SecretStore; from steadyhand.driver.redaction import Redactor\n"
        "from steadyhand.model import SecretSource\n"
        "source = SecretSource('key', 'kubernetes', {'secret': 'a', 'key': 'b'})\n"
        "print(SecretStore({'key': source}, Redactor(), '.', {}).check('key')[2])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == (
        "secret key: a secret of Kubernetes needs the package kubernetes, which is not installed: "
        "pip install 'steadyhand[kubernetes]'"
    ), done.stderr
