"""Secrets of Kubernetes, read through its API as `kubectl get secret` would.

Called by secrets.py, when a secret is needed or looked at. The kubeconfig (or, in a pod, the service account) says
where the cluster is and who we are. What the cluster gives is never part of a message.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable
from typing import Any

from ..errors import BadResponse, Refused, TimedOut, Unreachable
from ..model import SecretSource
from .sources import LARGEST, Found, Where

NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"


def from_cluster(source: SecretSource, where: Where) -> Found:
    """The value of one key."""
    cluster = _Cluster(source, where)
    secret, key = str(source.at["secret"]), str(source.at["key"])
    data = cluster.read(secret).get("data") or {}
    if key not in data:
        known = ", ".join(sorted(data)[:10])
        raise cluster.refused(
            f"{cluster.what} has no key {key}", f"keys: {known}" if known else "it has no keys at all"
        )
    try:
        value = base64.b64decode(data[key], validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadResponse(f"secret {source.name}: {cluster.what} cannot be read", "look at it with kubectl") from None
    if not value:
        raise cluster.refused(f"the key {key} of {cluster.what} is empty", "write the value there")
    if len(value) > LARGEST:
        raise cluster.refused("it is larger than 1 MiB", "name a key that holds just the value")
    return Found(value)


def look_at_cluster(source: SecretSource, where: Where) -> str:
    """Raises a failure when we may not read it; the value is not read."""
    _Cluster(source, where).allowed(str(source.at["secret"]))
    return ""


class _Cluster:
    """One secret's way to its cluster."""

    def __init__(self, source: SecretSource, where: Where) -> None:
        self._name = source.name
        self._at = source.at
        self._where = where
        try:
            import kubernetes  # noqa: PLC0415 heavy, and an extra
            from kubernetes import config  # noqa: PLC0415 as above
        except ImportError:
            hint = "pip install 'steadyhand[kubernetes]'"
            raise self.refused(
                "a secret of Kubernetes needs the package kubernetes, which is not installed", hint
            ) from None
        self._kubernetes: Any = kubernetes
        self._config: Any = config
        self._made, self._namespace = self._connected()
        self.what = f"secret {source.at['secret']} in namespace {self._namespace}"

    def read(self, secret: str) -> dict[str, Any]:
        """The secret as the API gives it."""
        api = self._kubernetes.client.CoreV1Api(self._made)
        answer = self._asked(
            lambda: api.read_namespaced_secret(
                secret, self._namespace, _preload_content=False, _request_timeout=self._where.patience
            )
        )
        try:
            found = json.loads(answer.data)
        except (ValueError, TypeError):
            raise BadResponse(
                f"secret {self._name}: the cluster gave no JSON", "is that the address of its API?"
            ) from None
        return found if isinstance(found, dict) else {}

    def allowed(self, secret: str) -> None:
        """Whether we may read it, as the cluster itself says."""
        client = self._kubernetes.client
        asked = {"namespace": self._namespace, "verb": "get", "resource": "secrets", "name": secret}
        body = client.V1SelfSubjectAccessReview(
            spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=client.V1ResourceAttributes(**asked))
        )
        api = client.AuthorizationV1Api(self._made)
        answer = self._asked(
            lambda: api.create_self_subject_access_review(
                body, _preload_content=False, _request_timeout=self._where.patience
            )
        )
        try:
            allowed = json.loads(answer.data)["status"]["allowed"] is True
        except (ValueError, KeyError, TypeError):
            allowed = False
        if not allowed:
            raise self.refused(f"we may not read {self.what}", "a role must allow `get` on it")

    def _connected(self) -> tuple[Any, str]:
        """A client of the cluster, and the namespace that is meant."""
        file = self._at.get("kubeconfig") or self._where.environ.get("KUBECONFIG") or "~/.kube/config"
        path = os.pathsep.join(self._where.path(one) for one in str(file).split(os.pathsep) if one)
        context = self._at.get("context")
        told = {"config_file": path, "context": context}
        settings = self._kubernetes.client.Configuration()
        try:
            if not any(os.path.exists(one) for one in path.split(os.pathsep)) and not context:
                self._config.load_incluster_config(client_configuration=settings)
                namespace = _read(NAMESPACE)
            else:
                self._config.load_kube_config(**told, client_configuration=settings, persist_config=False)
                contexts, active = self._config.list_kube_config_contexts(path)
                chosen = next((one for one in contexts if one["name"] == context), active)
                namespace = chosen["context"].get("namespace", "")
        except Exception as problem:  # noqa: BLE001 the package fails in many ways over a file it cannot use
            hint = "look at the kubeconfig: `kubectl config get-contexts`"
            text = " ".join(str(problem).split())[:200]
            raise self.refused(f"there is no way to the cluster ({path}): {text}", hint) from None
        settings.retries = False
        return self._kubernetes.client.ApiClient(settings), str(self._at.get("namespace") or namespace or "default")

    def _asked(self, call: Callable[[], Any]) -> Any:
        """What the API answers. Raises a named failure."""
        try:
            answer = call()
            status = int(answer.status)
        except self._kubernetes.client.ApiException as problem:
            status, answer = int(problem.status or 0), None
        except Exception as problem:  # noqa: BLE001 the package's transport fails in its own ways
            text = " ".join(str(problem).split())[:200]
            if "imed out" in text:
                message = f"secret {self._name}: the cluster did not answer within {self._where.patience:g} s"
                raise TimedOut(message, "look at the network, the VPN") from None
            raise Unreachable(
                f"secret {self._name}: the cluster cannot be reached: {text}", "look at the kubeconfig"
            ) from None
        if 200 <= status < 300:
            return answer
        if status == 401:
            raise self.refused("the cluster does not accept our login", "log in again; the token may have expired")
        if status == 403:
            raise self.refused(f"we may not read {self.what}", "a role must allow `get` on it")
        if status == 404:
            raise self.refused(f"there is no {self.what}", "look at its name and namespace: `kubectl get secrets`")
        raise Unreachable(f"secret {self._name}: the cluster answered {status or 'nothing'}", "look at its API server")

    def refused(self, message: str, hint: str) -> Refused:
        """A failure that names the secret."""
        return Refused(f"secret {self._name}: {message}", hint)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()
