"""The way to a cluster: from what a target says, through the Kubernetes client, to connections that a run shares.

The client reads kubeconfig files, runs their credential plug-ins, refreshes their tokens and knows a pod's own account.
Its requests are not used: it repeats on its own what was lost on the way, and for a change that would be a guess. The
connections here tell the attempt that they serve before anything leaves, so that what was told to stop sends nothing.

What kinds of objects the cluster has is asked once in a run and kept here. (The client's own cache of that is a file
that every user of the machine could write.)
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ..errors import BadInput, Refused
from ..model import Text, digest
from .protocol import Hands

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class Cluster:
    """One cluster, as one user."""

    def __init__(self, configuration: Any, pool: Any, namespace: str, headers: Mapping[str, str], how: str) -> None:
        self.configuration = configuration
        self.pool = pool
        self.namespace = namespace
        self.how = how
        self.host: str = configuration.host.rstrip("/")
        self.kinds: dict[str, Any] = {}
        """Lists of resources by the path that they are read from."""
        self.lock = threading.Lock()
        """Held while `kinds` is filled."""
        self.turns = threading.local()
        """Whose attempt the current thread serves, as `now`."""
        self._headers = headers
        for scheme, found in dict(pool.pool_classes_by_scheme).items():
            watched = type("Watched", (found,), {"ConnectionCls": _watched(found.ConnectionCls, self.turns)})
            pool.pool_classes_by_scheme = {**pool.pool_classes_by_scheme, scheme: watched}

    def headers(self) -> dict[str, str]:
        """Who asks. A token that has expired is renewed by the client."""
        found = {"user-agent": "steadyhand", "accept": "application/json", **self._headers}
        for setting in self.configuration.auth_settings().values():
            if setting["in"] == "header" and setting["value"]:
                found.setdefault(setting["key"], setting["value"])
        return found

    def address(self) -> str:
        """Host and port as a message names them."""
        parts = urlsplit(self.host)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _watched(base: Any, turns: threading.local) -> type:
    """A connection that asks before its first byte leaves."""

    class Watched(base):  # type: ignore[misc]  # the class of the pool that the client has made
        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            turn = getattr(turns, "now", None)
            if turn is not None:
                turn.leaving(self.sock)
            super().send(data)

    return Watched


def cluster(place: Mapping[str, Any], hands: Hands) -> Cluster:
    """The cluster that a target means, one for the whole run."""
    key = digest(["kubernetes", place, hands.cwd, *(os.environ.get(name, "") for name in ("KUBECONFIG", "HOME"))])
    return hands.shared(f"kubernetes:{key}", lambda: _login(place, hands), lambda made: made.pool.clear())


def _login(place: Mapping[str, Any], hands: Hands) -> Cluster:
    given = {name: hands.reveal(value) if isinstance(value, Text) else value for name, value in place.items()}
    try:
        from kubernetes import client, config  # noqa: PLC0415 only when a step runs
    except ImportError:
        raise Refused("`kubectl` steps need the package kubernetes", "pip install 'steadyhand[kubernetes]'") from None
    configuration = client.Configuration()
    headers = {"impersonate-user": _one_line(given["as_user"])} if given.get("as_user") else {}
    if given.get("server"):
        namespace, how = _by_address(given, configuration, headers), "the address in the target"
    elif given.get("in_cluster") or not (given.get("kubeconfig") or _file_is_there()):
        namespace, how = (
            _by_account(config, configuration, wanted=bool(given.get("in_cluster"))),
            "the pod's own account",
        )
    else:
        namespace, how = _by_file(config, configuration, given, hands)
    configuration.retries = False
    pool = client.ApiClient(configuration).rest_client.pool_manager
    return Cluster(configuration, pool, given.get("namespace") or namespace or "default", headers, how)


def _one_line(text: str) -> str:
    if any(c < " " or c == "\x7f" for c in text):
        raise BadInput("a user or token holds a line break or another control character", "it must be one line")
    return text


def _by_address(given: Mapping[str, Any], configuration: Any, headers: dict[str, str]) -> str:
    parts = urlsplit(given["server"])
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
        raise BadInput(f"{given['server'][:80]!r} is no https address", "write server: https://HOST:6443")
    configuration.host = given["server"]
    if given.get("token"):
        headers["authorization"] = f"Bearer {_one_line(given['token'].strip())}"
    if given.get("ca"):
        configuration.ssl_ca_cert = given["ca"]
        if not os.access(given["ca"], os.R_OK):
            raise Refused(f"the file of authorities {given['ca']} cannot be read", "check `ca` of the target")
    return ""


def _files() -> str:
    return os.environ.get("KUBECONFIG") or os.path.join("~", ".kube", "config")


def _file_is_there() -> bool:
    return any(os.path.exists(os.path.expanduser(path)) for path in _files().split(os.pathsep) if path)


def _by_account(config: Any, configuration: Any, *, wanted: bool) -> str:
    """The account of the pod that this process runs in."""
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException as problem:
        if wanted:
            raise Refused(f"this is no pod with an account of its own: {problem}", "name a `kubeconfig`") from None
        hint = "declare a target with `kubeconfig` or `context`, or set KUBECONFIG"
        raise Refused(f"no cluster is known here: there is no {_files()}, and this is no pod", hint) from None
    path = os.path.join(ACCOUNT, "namespace")
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def _by_file(config: Any, configuration: Any, given: Mapping[str, Any], hands: Hands) -> tuple[str, str]:
    """A context of a kubeconfig; its namespace, and how to call it."""
    files = given.get("kubeconfig") or _files()
    paths = [os.path.join(hands.cwd, os.path.expanduser(path)) for path in files.split(os.pathsep) if path]
    if not any(os.path.exists(path) for path in paths):
        raise Refused(f"there is no kubeconfig {files}", "check `kubeconfig` of the target")
    joined, wanted = os.pathsep.join(paths), given.get("context")
    with _heard() as words:
        try:
            contexts, current = config.list_kube_config_contexts(config_file=joined)
            config.load_kube_config(config_file=joined, context=wanted, client_configuration=configuration)
        except Exception as problem:  # noqa: BLE001 the client lets out whatever a broken file makes it meet
            hint = "check `kubeconfig` and `context` of the target, and that the file is whole"
            raise Refused(f"the kubeconfig {files} cannot be used: {_short(problem)}", hint) from None
    if words:
        hint = "run the login that the kubeconfig names by hand"
        raise Refused(f"the credentials that {files} names cannot be had: {_short('; '.join(words))}", hint)
    chosen = next((c for c in contexts if c["name"] == wanted), current) if wanted else current
    return str(chosen["context"].get("namespace") or ""), f"context {chosen['name']} of {files}"


def _short(problem: object) -> str:
    return " ".join(str(problem).split())[:400]


class _Ear(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What the client only logs: that a credential plug-in did not work. It goes on then, as nobody."""
    ear, root = _Ear(), logging.getLogger()
    root.addHandler(ear)
    try:
        yield ear.words
    finally:
        root.removeHandler(ear)
