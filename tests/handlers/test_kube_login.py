"""The ways to a cluster: a file, its credential plug-in, an address, and what is wrong with each."""

from __future__ import annotations

import json
import sys

import pytest

from steadyhand.errors import BadInput, Refused, Unreachable

from ..realparts import free_port, kubernetes
from .kube import Here


def document(here: Here, **user):
    found = json.loads(here.kubeconfig.read_text())
    if user:
        found["users"][0]["user"] = user
    return found


def written(path, found):
    path.write_text(json.dumps(found))
    return str(path)


def test_the_namespace_of_the_context_is_the_default(here, tmp_path):
    found = document(here)
    found["contexts"][0]["context"]["namespace"] = here.namespace
    found["contexts"].append({"name": "other", "context": {"cluster": "here", "user": "me"}})
    path = written(tmp_path / "config", found)
    here.deploy(wait=False)
    assert here.do(target=here.target(kubeconfig=path, namespace=None), get="deploy/orders")["found"]
    other = here.target(kubeconfig=path, namespace=None, context="other")
    assert not here.do(target=other, get="deploy/orders")["found"]


def test_where_no_target_says_otherwise(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none:{fake.kubeconfig}")
    assert fake.do(target=fake.target(kubeconfig=None), list="pods")["done"]
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Refused, match=r"no cluster is known here: there is no ~/.kube/config") as caught:
        fake.do(target=fake.target(kubeconfig=None), list="pods")
    assert "KUBECONFIG" in caught.value.hint
    (tmp_path / ".kube").mkdir()
    written(tmp_path / ".kube" / "config", document(fake))
    assert fake.do(target=fake.target(kubeconfig=None, namespace="default"), list="pods")["done"]
    with pytest.raises(Refused, match="this is no pod"):
        fake.do(target=fake.target(kubeconfig=None, in_cluster=True), list="pods")


def test_an_address_with_a_token(fake):
    found = fake.target(kubeconfig=None, server=fake.fake.server, token=f"{kubernetes.ADMIN}\n")
    assert fake.do(target=found, list="pods")["done"]
    with pytest.raises(Refused, match="the cluster does not know us"):
        fake.do(target=fake.target(kubeconfig=None, server=fake.fake.server, token="wrong"), list="pods")


def test_an_address_over_tls(real_server):
    api, kubeconfig, kubelet = real_server
    here = Here(api, kubeconfig, kubelet, None)
    here.namespace = "default"
    ca = str(kubeconfig.with_name("ca.crt"))
    server = {"kubeconfig": None, "server": api.server, "token": kubernetes.ADMIN}
    assert here.do(target=here.target(**server, ca=ca), list="pods")["done"]
    with pytest.raises(Refused, match=r"TLS: the certificate of .* is signed by an authority"):
        here.do(target=here.target(**server), list="pods")
    with pytest.raises(Refused, match="cannot be read"):
        here.do(target=here.target(**server, ca="/none"), list="pods")
    here.connections.close()


def test_who_is_acted_as(here):
    here.deploy(wait=False)
    with pytest.raises(Refused, match='User "stranger" cannot get'):
        here.do(target=here.target(as_user="stranger"), get="deploy/orders")
    with pytest.raises(BadInput, match="line break"):
        here.do(target=here.target(as_user="a\r\nx: y"), get="deploy/orders")


PLUGIN = {
    "exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "interactiveMode": "Never",
    }
}


def test_a_credential_plugin(here, tmp_path):
    status = {"token": kubernetes.ADMIN}
    answer = {"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": status}
    PLUGIN["exec"]["args"] = ["-c", f"print('''{json.dumps(answer)}''')"]
    path = written(tmp_path / "config", document(here, **PLUGIN))
    assert here.do(target=here.target(kubeconfig=path), list="pods")["done"]


def test_a_credential_plugin_that_fails(here, tmp_path):
    PLUGIN["exec"]["args"] = ["-c", "import sys; sys.exit('log in first')"]
    path = written(tmp_path / "config", document(here, **PLUGIN))
    with pytest.raises(Refused, match=r"the credentials that .* names cannot be had") as caught:
        here.do(target=here.target(kubeconfig=path), list="pods")
    assert "by hand" in caught.value.hint


@pytest.mark.parametrize(("text", "said"), [
    ("", "cannot be used"), ("a: [", "cannot be used"), ("[1]", "cannot be used"), ("{}", "cannot be used"),
    ('{"current-context": "x", "contexts": [], "clusters": [], "users": []}', "cannot be used: .*x"),
])  # fmt: skip
def test_a_file_that_is_none(fake, tmp_path, text, said):
    (tmp_path / "config").write_text(text)
    with pytest.raises(Refused, match=said):
        fake.do(target=fake.target(kubeconfig=str(tmp_path / "config")), list="pods")


def test_a_context_that_is_not_there(fake):
    with pytest.raises(Refused, match=r"cannot be used: .*nowhere"):
        fake.do(target=fake.target(context="nowhere"), list="pods")


@pytest.mark.parametrize(("params", "said"), [
    ({"server": "https://x", "kubeconfig": "y"}, "both `kubeconfig` and `server`"), ({"token": "x"}, "`token` needs `server`"),
    ({"in_cluster": True, "context": "x"}, "does not go with"),
])  # fmt: skip
def test_a_target_names_one_way(fake, params, said):
    with pytest.raises(BadInput, match=said):
        fake.plan(target=fake.target(**{"kubeconfig": None, **params}), list="pods")


@pytest.mark.parametrize("server", ["http://example.org", "ftp://x", "x", "http://127.0.0.1.example.org"])
def test_a_token_goes_out_over_tls_only(fake, server):
    with pytest.raises(BadInput, match="is no https address"):
        fake.do(target=fake.target(kubeconfig=None, server=server, token="x"), list="pods")


def test_nobody_listens(fake):
    target = fake.target(kubeconfig=None, server=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match="refused the connection") as caught:
        fake.do(target=target, scale="deploy/x", replicas=1)
    assert not caught.value.unsure


def test_one_connection_serves_the_whole_run(fake):
    fake.deploy(wait=False)
    for _ in range(3):
        fake.do(get="deploy/orders")
    (kept,) = fake.connections._kept.values()
    pool = kept[0].pool.connection_from_url(fake.fake.server)
    assert pool.num_connections == 1
