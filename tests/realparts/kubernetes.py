"""A real Kubernetes API: a cluster that is named, or one that is started here.

Looked for in this order: the cluster that STEADY_TEST_KUBECONFIG names (its objects go into a namespace of the test's
own); k3s in a container, where a Docker engine answers and can have the image; the programs in KUBEBUILDER_ASSETS; the
programs that `build_kubernetes.sh` has put into the cache. With STEADY_REQUIRE_KUBERNETES=1 (`make test-kubernetes`)
that there is none is a failure.

What is started here has no nodes: `Kubelet` (kubernetes_kubelet.py) stands in for them, on this side of the API.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from . import answers, free_port, until, used

PROGRAMS = ("kube-apiserver", "kube-controller-manager")
ADMIN, STRANGER = "admin-token", "stranger-token"
"""The tokens of somebody who may do everything, and of somebody who may do nothing."""
K3S = "rancher/k3s:v1.31.5-k3s1"
START = 90.0
"""Seconds that a server may take to start, on a loaded machine."""


class Real(NamedTuple):
    """A real API: its kubeconfig, and whether it was started here."""

    kubeconfig: Path
    server: str
    ca: Path
    own: bool


def cache() -> Path:
    """Where what was built is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadyhand" / "kubernetes"


def swagger() -> Path | None:
    """The published description of the API, when the source was here."""
    path = cache() / "swagger.json"
    return path if path.exists() else None


def programs() -> Path | None:
    """The folder of the API's programs."""
    folders = [Path(os.environ["KUBEBUILDER_ASSETS"])] if os.environ.get("KUBEBUILDER_ASSETS") else []
    for folder in [*folders, cache() / "bin"]:
        etcd = (folder / "etcd").exists() or shutil.which("etcd")
        if all((folder / name).exists() for name in PROGRAMS) and etcd:
            return folder
    return None


def why_not() -> str:
    """Why there is no real API here; '' when there is one."""
    if os.environ.get("STEADY_TEST_KUBECONFIG") or _engine() or programs():
        return ""
    return "no real Kubernetes API here (make test-kubernetes builds one): the fake stands in for it"


def required() -> bool:
    """Whether its absence is a failure."""
    return os.environ.get("STEADY_REQUIRE_KUBERNETES") == "1"


@contextlib.contextmanager
def running() -> Iterator[Real]:
    """A real API. Skips the test, or fails it, when there is none."""
    why = why_not()
    if why:
        (pytest.fail if required() else pytest.skip)(why)
    named = os.environ.get("STEADY_TEST_KUBECONFIG")
    if named:
        used("kubernetes")
        yield Real(Path(named), "", Path(), own=False)
        return
    folder = programs()
    with contextlib.ExitStack() as stack:
        if _engine():
            found = _k3s(stack)
            if found is not None:
                used("kubernetes")
                yield found
                return
        if folder is None:
            message = "a Docker engine is here, but it cannot have k3s: no real Kubernetes API"
            (pytest.fail if required() else pytest.skip)(message)
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steady-kubernetes-")))
        used("kubernetes")
        yield _started(stack, folder, work)


# --- k3s


def _engine() -> bool:
    """Whether a Docker engine answers, and the package that drives it is here."""
    try:
        import testcontainers.core.container  # noqa: F401
    except ImportError:
        return False
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run([docker, "version"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _k3s(stack: contextlib.ExitStack) -> Real | None:
    """k3s in a container; None when it will not start, such as where its image cannot be had."""
    from testcontainers.core.container import DockerContainer

    try:
        container = DockerContainer(K3S).with_command("server --disable=traefik,servicelb,metrics-server")
        container = container.with_exposed_ports(6443).with_kwargs(privileged=True)
        stack.enter_context(container)
        until(lambda: container.exec("cat /etc/rancher/k3s/k3s.yaml").exit_code == 0, "k3s", START)
        text = container.exec("cat /etc/rancher/k3s/k3s.yaml").output.decode()
        server = f"https://127.0.0.1:{container.get_exposed_port(6443)}"
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steady-k3s-")))
        path = folder / "kubeconfig"
        path.write_text(text.replace("https://127.0.0.1:6443", server))
        until(lambda: container.exec("kubectl get sa default").exit_code == 0, "the default account of k3s", START)
    except Exception as problem:  # noqa: BLE001 whatever an engine cannot do, the tests go on without it
        print(f"k3s would not start: {problem}")
        return None
    return Real(path, server, Path(), own=False)


# --- from programs


def _started(stack: contextlib.ExitStack, folder: Path, work: Path) -> Real:
    """etcd, the API server and the controllers, each on a port of its own; stopped in the order that they need."""
    _certificates(work)
    etcd, peer, api = free_port(), free_port(), free_port()
    own = folder / "etcd"
    _run(stack, work, "etcd", [
        str(own) if own.exists() else "etcd", "--data-dir", str(work / "etcd"), "--log-level", "warn", "--name", "default",
        "--listen-client-urls", f"http://127.0.0.1:{etcd}", "--advertise-client-urls", f"http://127.0.0.1:{etcd}",
        "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-cluster", f"default=http://127.0.0.1:{peer}",
    ])  # fmt: skip
    until(lambda: answers(etcd), "etcd", START)
    address = f"https://127.0.0.1:{api}"
    (work / "tokens.csv").write_text(
        f'{ADMIN},admin,1,"system:masters"\n{STRANGER},stranger,2,"strangers"\n', encoding="utf-8"
    )
    _run(stack, work, "apiserver", [
        str(folder / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", f"--secure-port={api}", *_insecure(folder / "kube-apiserver"),
        f"--tls-cert-file={work}/server.crt", f"--tls-private-key-file={work}/server.key",
        f"--client-ca-file={work}/ca.crt", f"--service-account-key-file={work}/account.pub",
        f"--service-account-signing-key-file={work}/account.key", f"--service-account-issuer={address}",
        f"--api-audiences={address}", "--service-cluster-ip-range=10.99.0.0/24", "--authorization-mode=Node,RBAC",
        f"--token-auth-file={work}/tokens.csv", "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP,Hostname", f"--kubelet-client-certificate={work}/server.crt",
        f"--kubelet-client-key={work}/server.key",
    ])  # fmt: skip
    until(lambda: _ready(address, work / "ca.crt"), "the API server", START)
    kubeconfig = work / "kubeconfig"
    kubeconfig.write_text(json.dumps(config(address, work / "ca.crt", ADMIN)), encoding="utf-8")
    _run(stack, work, "controllers", [
        str(folder / "kube-controller-manager"), f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={work}/account.key", f"--root-ca-file={work}/ca.crt",
        "--bind-address=127.0.0.1", f"--secure-port={free_port()}", *_plain_port(folder / "kube-controller-manager"),
        "--leader-elect=false",
    ])  # fmt: skip
    return Real(kubeconfig, address, work / "ca.crt", own=True)


def config(server: str, ca: Path | None, token: str, namespace: str = "default") -> dict:
    """A kubeconfig."""
    cluster = {"server": server, **({"certificate-authority": str(ca)} if ca else {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": "me", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "here", "user": "me", "namespace": namespace}}],
        "current-context": "test",
    }


def _insecure(program: Path) -> list[str]:
    """Old servers have a second port, without TLS, that has to be closed."""
    return ["--insecure-port=0"] if b"insecure-port" in _help(program) else []


def _plain_port(program: Path) -> list[str]:
    return ["--port=0"] if b"\n      --port int" in _help(program) else []


def _help(program: Path) -> bytes:
    return subprocess.run([str(program), "--help"], capture_output=True, check=False).stdout


def _run(stack: contextlib.ExitStack, work: Path, name: str, argv: list[str]) -> None:
    log = stack.enter_context((work / f"{name}.log").open("wb"))
    process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, cwd=work)
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ready(address: str, ca: Path) -> bool:
    request = urllib.request.Request(f"{address}/readyz", headers={"Authorization": f"Bearer {ADMIN}"})
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=str(ca)), timeout=2) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def _certificates(work: Path) -> None:
    """An authority, a certificate for the server (which is also its own towards kubelets), a pair for tokens."""

    def openssl(*argv: str) -> None:
        subprocess.run(["openssl", *argv], cwd=work, check=True, capture_output=True)

    subject = "/O=system:masters/CN=steady-test"
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-days",
        "2",
        "-subj",
        "/CN=test-ca",
    )
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", subject)
    (work / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.crt",
            "-days", "2", "-extfile", "names")  # fmt: skip
    openssl("genrsa", "-out", "account.key", "2048")
    openssl("rsa", "-in", "account.key", "-pubout", "-out", "account.pub")
