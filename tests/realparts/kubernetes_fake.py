"""A fake of the Kubernetes API, for where there is no real one: an HTTP server of ours.

It answers what the suite (tests/handlers/test_kube_*.py) has seen the real server answer, which runs the same tests,
and 501 to anything else. What it can do and a real server cannot: fail when it is told to (`faults`). Requests are held
against the published description of the API, where its source was built on this machine.
"""

from __future__ import annotations

import copy
import http.client
import http.server
import json
import re
import select
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import Any, NamedTuple

from . import kubernetes
from .kubernetes_patches import Conflicting, Invalid, applied, merge, operations, strategic
from .kubernetes_store import TYPES, Store, Type, stamp

TOKENS = {kubernetes.ADMIN: "admin", kubernetes.STRANGER: "stranger"}
RBAC = "rbac.authorization.k8s.io"
EXTRA = (Type(RBAC, "v1", "roles", "Role"), Type(RBAC, "v1", "rolebindings", "RoleBinding"))
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
METRICS = "/apis/metrics.k8s.io/v1beta1"


class Fault(NamedTuple):
    """Something that goes wrong for requests that match: `what` is a status code, or one of drop (before anything is
    done), lost (after it was done), cut (a watch ends after its first event), hang.
    """

    method: str
    path: str
    what: Any
    headers: dict[str, str] = {}  # noqa: RUF012 never altered
    body: dict[str, Any] = {}  # noqa: RUF012 never altered


class Answer(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, reason: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
            **more,
        }


class Fake:
    """One fake cluster, listening on the loopback interface."""

    def __init__(self) -> None:
        self.store = Store()
        for kind in EXTRA:
            self.store.types[kind.key] = kind
            self.store.objects[kind.key] = {}
        self.metrics: dict[str, list[dict[str, Any]]] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, Any]] = []
        """Method, path with query, and body of every request."""
        self.violations: list[str] = []
        """Requests that the published description does not know."""
        self.over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (_Handler,), {"fake": self}))
        self._server.daemon_threads = True
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._server.serve_forever, self._tick)]
        self.server = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        with self.store.changed:
            for name in ("default", "kube-system"):
                self.store.put(
                    ("", "namespaces"), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        with self.store.changed:
            self.store.changed.notify_all()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def _tick(self) -> None:
        """Deadlines pass though nobody writes anything."""
        while not self.over.wait(0.1):
            with self.store.changed:
                self.store.settle()

    def fault(self, method: str, path: str, what: Any, times: int = 1, **more: Any) -> None:
        """Have requests go wrong: `path` is a pattern."""
        self.faults.extend([Fault(method, path, what, **more)] * times)

    def trouble(self, method: str, path: str) -> Fault | None:
        """The fault that is meant for a request, once."""
        found = next((f for f in self.faults if f.method == method and re.search(f.path, path)), None)
        if found is not None:
            self.faults.remove(found)
        return found


@once
def described(path: Path | None) -> Any:
    """The published paths, as patterns, with what may be asked of each."""
    if path is None:
        return None
    document = json.loads(path.read_text("utf-8"))
    found = []
    for template, operations_ in document["paths"].items():
        shared = [p["name"] for p in operations_.get("parameters", ()) if p["in"] == "query"]
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", template.rstrip("/")))
        for method, one in operations_.items():
            if method != "parameters":
                query = {*shared, *(p["name"] for p in one.get("parameters", ()) if p["in"] == "query")}
                found.append((method.upper(), pattern, query, one.get("consumes", ["*/*"])))
    return found


def violation(method: str, path: str, query: dict[str, Any], kind: str) -> str:
    """What the published description has against a request; '' for nothing, or when it is not here."""
    known = described(kubernetes.swagger())
    if known is None or not re.match(r"/(api|apis)(/v1|/apps|/policy|/authorization|/rbac|$)", path):
        return ""
    rows = [row for row in known if row[0] == method and row[1].fullmatch(path)]
    if not rows:
        return f"{method} {path} is not described"
    if not any(set(query) <= row[2] for row in rows):
        return f"{method} {path} takes no {sorted(set(query) - rows[0][2])}"
    if method == "PATCH" and not any(kind in row[3] for row in rows):
        return f"{method} {path} takes no {kind}"
    return ""


class _Handler(http.server.BaseHTTPRequestHandler):
    fake: Fake
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""

    def _any(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        self.route, self.query = parts.path, urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        self.body = json.loads(data) if data else None
        self.fake.requests.append((self.command, self.path, self.body))
        fault = self.fake.trouble(self.command, self.path)
        wrong = "" if fault else violation(self.command, self.route, self.query, self.headers.get("Content-Type", ""))
        try:
            self._faulty(fault) if fault else self._send(*self._answer())
            if wrong:  # what is answered with a refusal may be asked
                self.fake.violations.append(wrong)
        except Answer as answer:
            self._send(answer.code, answer.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _any  # noqa: N815 the names that the server calls

    def _faulty(self, fault: Fault) -> None:
        self.close_connection = True
        if isinstance(fault.what, int):
            body = {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "message": "told to fail",
                "code": fault.what,
                **fault.body,
            }
            self._send(fault.what, body, fault.headers)
        elif fault.what == "lost":
            self._answer()
        elif fault.what == "hang":
            self.fake.over.wait(60)
        elif fault.what == "cut":
            self._watch(self._typed()[0], most=1)

    def _send(self, code: int, body: Any, headers: dict[str, str] | None = None) -> None:
        if code == 0:
            return  # it was streamed
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    # --- who, and whether

    def _user(self) -> str:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in TOKENS:
            raise Answer(401, "Unauthorized", "Unauthorized")
        return self.headers.get("Impersonate-User") or TOKENS[token]

    def _allowed(self, user: str, verb: str, kind: tuple[str, str], sub: str, namespace: str, name: str) -> bool:
        if user == "admin":
            return True
        resource = f"{kind[1]}/{sub}" if sub else kind[1]
        for (place, _), binding in self.fake.store.of("rolebindings").items():
            if place != namespace or not any(s["name"] == user for s in binding["subjects"]):
                continue
            role = self.fake.store.of("roles").get((place, binding["roleRef"]["name"]))
            for rule in (role or {}).get("rules", ()):
                named = not rule.get("resourceNames") or name in rule["resourceNames"]
                if verb in rule["verbs"] and kind[0] in rule["apiGroups"] and resource in rule["resources"] and named:
                    return True
        return False

    # --- routing

    def _answer(self) -> tuple[int, Any]:
        user = self._user()
        if self.command == "GET" and self.route == "/version":
            return 200, {"major": "1", "minor": "20", "gitVersion": "v1.20.2-fake"}
        if self.command == "GET" and self.route.count("/") <= 3 and "namespaces" not in self.route:
            found = self._discovery()
            if found is not None:
                return 200, found
        if self.command == "POST" and self.route == REVIEWS:
            asked = self.body["spec"]["resourceAttributes"]
            kind = (asked.get("group", ""), asked["resource"])
            holds = self._allowed(
                user,
                asked["verb"],
                kind,
                asked.get("subresource", ""),
                asked.get("namespace", ""),
                asked.get("name", ""),
            )
            return 201, {**self.body, "status": {"allowed": holds}}
        if self.route.startswith(METRICS) and self.fake.metrics:
            return 200, {"kind": "PodMetricsList", "items": self.fake.metrics[self.route.rpartition("/")[2]]}
        kind, namespace, name, sub = self._typed()
        verb = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}.get(
            self.command, "get" if name else "watch" if "watch" in self.query else "list"
        )
        if not self._allowed(user, verb, kind.key, sub, namespace, name):
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            what = f"{kind.plural}{f'/{sub}' if sub else ''}"
            one = f' "{name}"' if name else ""
            group = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            raise Answer(
                403,
                "Forbidden",
                f'{group}{one} is forbidden: User "{user}" cannot {verb} resource "{what}" in API group "{kind.group}"{where}',
            )
        if sub in {"log", "exec"}:
            return self._passed_on(sub, namespace, name)
        if "watch" in self.query:
            return self._watch(kind)
        with self.fake.store.changed:
            code, found = self._handled(kind, namespace, name, sub)
            found = copy.deepcopy(found)
            self.fake.store.settle()
        return code, found

    def _typed(self) -> tuple[Type, str, str, str]:
        """The kind, namespace, name and subresource of the request."""
        parts = [urllib.parse.unquote(p) for p in self.route.strip("/").split("/")]
        group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (*parts[1:3], parts[3:])
        namespace = ""
        if rest[:1] == ["namespaces"] and len(rest) > 2:
            namespace, rest = rest[1], rest[2:]
        plural, name, sub = (*rest, "", "", "")[:3]
        kind = self.fake.store.types.get((group, plural))
        if kind is None or kind.version != version:
            raise Answer(404, "NotFound", "the server could not find the requested resource")
        if sub and sub not in kind.subs:
            raise Answer(404, "NotFound", "the server could not find the requested resource")
        return kind, namespace, name, sub

    def _discovery(self) -> Any:
        types = list(self.fake.store.types.values())
        groups = sorted({(t.group, t.version) for t in types if t.group})
        if self.route == "/apis":
            listed = [{"groupVersion": f"{g}/{v}", "version": v} for g, v in groups]
            return {
                "kind": "APIGroupList",
                "groups": [
                    {"name": g, "versions": [one], "preferredVersion": one}
                    for (g, _), one in zip(groups, listed, strict=True)
                ],
            }
        wanted = [t for t in types if self.route == (f"/apis/{t.group}/{t.version}" if t.group else "/api/v1")]
        if not wanted:
            return None
        rows = []
        for t in wanted:
            base = {"kind": t.kind, "namespaced": t.namespaced, "verbs": ["get"]}
            rows.append({**base, "name": t.plural, "singularName": "", "shortNames": list(t.short)})
            for sub in t.subs:
                extra = {"group": "policy", "version": "v1beta1", "kind": "Eviction"} if sub == "eviction" else {}
                rows.append({**base, **extra, "name": f"{t.plural}/{sub}", "singularName": ""})
        return {"kind": "APIResourceList", "groupVersion": wanted[0].api_version, "resources": rows}

    # --- objects

    def _handled(self, kind: Type, namespace: str, name: str, sub: str) -> tuple[int, Any]:
        if self.command == "GET":
            return (
                (
                    200,
                    self._scale(self._one(kind, namespace, name))
                    if sub == "scale"
                    else self._one(kind, namespace, name),
                )
                if name
                else self._listed(kind, namespace)
            )
        how: Callable[..., tuple[int, Any]] | None = {
            ("POST", ""): self._create, ("POST", "binding"): self._bind, ("POST", "eviction"): self._evict,
            ("PATCH", ""): self._patch, ("PATCH", "status"): self._patch, ("PATCH", "scale"): self._patch_scale,
            ("DELETE", ""): self._delete,
        }.get((self.command, sub))  # fmt: skip
        if how is None or (self.command != "POST" and not name):
            raise Answer(501, "NotImplemented", f"the fake does not know {self.command} {self.route}")
        return how(kind, namespace, name, sub) if self.command == "PATCH" else how(kind, namespace, name)

    def _one(self, kind: Type, namespace: str, name: str) -> dict[str, Any]:
        found = self.fake.store.objects[kind.key].get((namespace, name))
        if found is None:
            group = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            raise Answer(404, "NotFound", f'{group} "{name}" not found', details={"name": name, "kind": kind.plural})
        return found

    def _matching(self, kind: Type, namespace: str) -> list[dict[str, Any]]:
        objects = self.fake.store.objects[kind.key].items()
        found = [o for (place, _), o in sorted(objects) if not namespace or place == namespace]
        labels, fields = self.query.get("labelSelector", [""])[0], self.query.get("fieldSelector", [""])[0]
        _selected({"metadata": {}}, labels)  # that it can be read
        return [o for o in found if _selected(o, labels) and _with_fields(o, fields)]

    def _listed(self, kind: Type, namespace: str) -> tuple[int, Any]:
        found = self._matching(kind, namespace)
        start = int(self.query.get("continue", ["0"])[0])
        limit = int(self.query.get("limit", ["0"])[0]) or len(found)
        metadata: dict[str, Any] = {"resourceVersion": str(self.fake.store.version)}
        if start + limit < len(found):
            metadata["continue"] = str(start + limit)
        items = [{k: v for k, v in o.items() if k not in {"kind", "apiVersion"}} for o in found[start : start + limit]]
        return 200, {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}

    def _dry(self) -> bool:
        return self.query.get("dryRun") == ["All"]

    def _kept(self, kind: Type, found: dict[str, Any]) -> dict[str, Any]:
        self._valid(kind, found)
        return found if self._dry() else self.fake.store.put(kind.key, found)

    def _valid(self, kind: Type, found: dict[str, Any]) -> None:
        replicas = found.get("spec", {}).get("replicas", 0)
        if kind.group == "apps" and (not isinstance(replicas, int) or replicas < 0):
            message = f"Invalid value: {replicas}: must be greater than or equal to 0"
            causes = {"causes": [{"reason": "FieldValueInvalid", "message": message, "field": "spec.replicas"}]}
            raise Answer(
                422,
                "Invalid",
                f'{kind.kind}.apps "{found["metadata"]["name"]}" is invalid: spec.replicas: {message}',
                details=causes,
            )

    def _create(self, kind: Type, namespace: str, _: str) -> tuple[int, Any]:
        found = _defaulted(kind, self.body, namespace)
        place = (found["metadata"].get("namespace", ""), found["metadata"]["name"])
        if place in self.fake.store.objects[kind.key]:
            raise Answer(409, "AlreadyExists", f'{kind.plural} "{place[1]}" already exists')
        return 201, self._kept(kind, found)

    def _bind(self, kind: Type, namespace: str, name: str) -> tuple[int, Any]:
        pod = copy.deepcopy(self._one(kind, namespace, name))
        pod["spec"]["nodeName"] = self.body["target"]["name"]
        self.fake.store.put(kind.key, pod)
        return 201, {"kind": "Status", "status": "Success"}

    def _evict(self, kind: Type, namespace: str, name: str) -> tuple[int, Any]:
        pod = self._one(kind, namespace, name)
        labels = pod["metadata"].get("labels", {}).items()
        for budget in self.fake.store.of("poddisruptionbudgets").values():
            mine = (
                budget["metadata"]["namespace"] == namespace
                and budget["spec"]["selector"]["matchLabels"].items() <= labels
            )
            if mine and budget["status"]["disruptionsAllowed"] < 1:
                raise Answer(
                    429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget."
                )
        self.fake.store.end(kind.key, (namespace, name), self.body.get("deleteOptions", {}).get("gracePeriodSeconds"))
        return 201, {"kind": "Status", "status": "Success"}

    def _delete(self, kind: Type, namespace: str, name: str) -> tuple[int, Any]:
        found = self._one(kind, namespace, name)
        options = self.body or {}
        wanted = options.get("preconditions", {}).get("uid")
        if wanted and wanted != found["metadata"]["uid"]:
            raise Answer(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {kind.plural} "{name}": the UID in the precondition differs',
            )
        # Options in a body are all that the real server looks at.
        if not (options.get("dryRun") == ["All"] if options else self._dry()):
            self.fake.store.end(kind.key, (namespace, name), options.get("gracePeriodSeconds"))
        return 200, found

    def _patch(self, kind: Type, namespace: str, name: str, sub: str) -> tuple[int, Any]:
        how = self.headers["Content-Type"]
        if how == "application/apply-patch+yaml":
            return self._apply(kind, namespace, name)
        before = self._one(kind, namespace, name)
        found = _patched(before, self.body, how)
        version = found["metadata"].get("resourceVersion")
        if version != before["metadata"]["resourceVersion"]:
            group = f"{kind.plural}.{kind.group}" if kind.group else kind.plural
            raise Answer(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {group} "{name}": the object has been modified; please apply your changes to the latest version and try again',
            )
        kept = "status" if not sub else "spec"
        if kept in before and (sub or "status" in kind.subs):
            found[kept] = before[kept]
        owners = self.fake.store.owners.setdefault(before["metadata"]["uid"], {})
        owners.update({path: "somebody" for path in owners if _at(found, path) != _at(before, path)})
        return 200, self._kept(kind, found)

    def _patch_scale(self, kind: Type, namespace: str, name: str, _: str) -> tuple[int, Any]:
        found = copy.deepcopy(self._one(kind, namespace, name))
        version = self.body.get("metadata", {}).get("resourceVersion", found["metadata"]["resourceVersion"])
        if version != found["metadata"]["resourceVersion"]:
            raise Answer(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {kind.plural} "{name}": the object has been modified',
            )
        found["spec"]["replicas"] = self.body["spec"]["replicas"]
        return 200, self._scale(self._kept(kind, found))

    def _apply(self, kind: Type, namespace: str, name: str) -> tuple[int, Any]:
        before = self.fake.store.objects[kind.key].get((namespace, name))
        base = before or _defaulted(kind, {"metadata": {"name": name}}, namespace)
        owners = self.fake.store.owners.get(base["metadata"].get("uid", ""), {})
        mine = dict(owners)
        manager, force = self.query["fieldManager"][0], self.query.get("force") == ["true"]
        try:
            found = applied(base, self.body, mine, manager, force=force)
        except Conflicting as problem:
            (rows,) = problem.args
            causes = [
                {"reason": "FieldManagerConflict", "message": f'conflict with "{owner}"', "field": path}
                for path, owner in rows
            ]
            message = f'Apply failed with {len(rows)} conflict: conflict with "{rows[0][1]}": {rows[0][0]}'
            raise Answer(409, "Conflict", message, details={"causes": causes}) from None
        found = self._kept(kind, _defaulted(kind, found, namespace))
        if not self._dry():
            self.fake.store.owners[found["metadata"]["uid"]] = mine
        return 200 if before else 201, found

    def _scale(self, found: dict[str, Any]) -> dict[str, Any]:
        metadata = {
            k: found["metadata"][k]
            for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
            if k in found["metadata"]
        }
        return {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": metadata,
            "spec": {"replicas": found["spec"].get("replicas", 0)},
            "status": {"replicas": 0},
        }

    # --- streams

    def _chunked(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _watch(self, kind: Type, most: int = 1_000_000) -> tuple[int, Any]:
        store, (_, namespace, _, _) = self.fake.store, self._typed()
        over = time.monotonic() + float(self.query.get("timeoutSeconds", ["300"])[0])
        since, told = int(self.query["resourceVersion"][0]), 0
        self._chunked()
        while True:
            with store.changed:
                if since < store.oldest:
                    status = {
                        "kind": "Status",
                        "code": 410,
                        "reason": "Expired",
                        "message": f"too old resource version: {since} ({store.oldest})",
                    }
                    self._chunk(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
                    break
                rows = [row for row in store.told if row[0] > since and row[1] == kind.key]
                if not rows:
                    store.changed.wait(max(0.0, min(1.0, over - time.monotonic())))
            for version, _, what, found in rows:
                since = version
                mine = not namespace or found["metadata"].get("namespace") == namespace
                if mine and _with_fields(found, self.query.get("fieldSelector", [""])[0]):
                    self._chunk(json.dumps({"type": what, "object": found}).encode() + b"\n")
                    told += 1
                    if told >= most:
                        return 0, None  # the connection ends in the middle
            if time.monotonic() >= over or self.fake.over.is_set():
                break
            if select.select([self.connection], [], [], 0)[0]:
                self.close_connection = True
                return 0, None
        self.wfile.write(b"0\r\n\r\n")
        return 0, None

    def _passed_on(self, sub: str, namespace: str, name: str) -> tuple[int, Any]:
        """Logs and commands: asked of the kubelet, as the real server does."""
        kind = self.fake.store.types["", "pods"]
        with self.fake.store.changed:
            pod = copy.deepcopy(self._one(kind, namespace, name))
            node = self.fake.store.of("nodes").get(("", pod["spec"].get("nodeName", "")))
        names = [c["name"] for c in pod["spec"]["containers"]]
        container = self.query.pop("container", [names[0] if len(names) == 1 else ""])[0]
        if not container:
            raise Answer(
                400,
                "BadRequest",
                f"a container name must be specified for pod {name}, choose one of: [{' '.join(names)}]",
            )
        if container not in names:
            raise Answer(400, "BadRequest", f"container {container} is not valid for pod {name}")
        if node is None:
            return 200, ""
        port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        what = "containerLogs" if sub == "log" else "exec"
        path = f"/{what}/{namespace}/{name}/{container}?{urllib.parse.urlencode(self.query, doseq=True)}"
        return self._copied(port, path) if sub == "log" else self._joined(port, path)

    def _copied(self, port: int, path: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            self._chunked()
            while data := answer.read1(65536):
                self._chunk(data)
            self.wfile.write(b"0\r\n\r\n")
        finally:
            connection.close()
        return 0, None

    def _joined(self, port: int, path: str) -> tuple[int, Any]:
        """Two sockets, joined until one of them ends."""
        self.close_connection = True
        with socket.create_connection(("127.0.0.1", port)) as other:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            other.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
            while not self.fake.over.is_set():
                ready, _, _ = select.select([other, self.connection], [], [], 1)
                for one in ready:
                    data = one.recv(65536)
                    if not data:
                        return 0, None
                    (self.connection if one is other else other).sendall(data)
        return 0, None


def _patched(before: dict[str, Any], patch: Any, how: str) -> dict[str, Any]:
    try:
        if how == "application/json-patch+json":
            return operations(before, patch)
        return (merge if how == "application/merge-patch+json" else strategic)(copy.deepcopy(before), patch)
    except Invalid as problem:
        raise Answer(422, "Invalid", str(problem)) from None


def _defaulted(kind: Type, body: dict[str, Any], namespace: str) -> dict[str, Any]:
    """An object with what the server adds."""
    found = copy.deepcopy(body)
    found.update(apiVersion=kind.api_version, kind=kind.kind)
    if kind.namespaced:
        found["metadata"].setdefault("namespace", namespace)
    spec = found.setdefault("spec", {}) if kind.group == "apps" or kind.plural == "pods" else found.get("spec", {})
    if kind.plural in {"deployments", "statefulsets", "replicasets"}:
        spec.setdefault("replicas", 1)
    if kind.plural == "pods":
        found.setdefault("status", {"phase": "Pending"})
    found["metadata"].setdefault("creationTimestamp", stamp())
    return found


def _at(found: Any, path: str) -> Any:
    for part in path.split(".")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _selected(found: dict[str, Any], selector: str) -> bool:
    labels = found["metadata"].get("labels", {})
    for part in re.split(r",(?![^(]*\))", selector) if selector else ():
        among = re.fullmatch(r"\s*(\S+) (in|notin) \((.*)\)\s*", part)
        if among:
            if (labels.get(among[1]) in among[3].split(",")) is (among[2] == "notin"):
                return False
        elif not re.fullmatch(r"!?[\w./-]+|[\w./-]+!?==?[\w.-]*", part.strip()):
            raise Answer(400, "BadRequest", f"unable to parse requirement: {part}")
        elif "=" not in part:
            if (part.strip("!") in labels) is part.startswith("!"):
                return False
        else:
            key, _, value = part.replace("==", "=").partition("=")
            if (labels.get(key.rstrip("!")) == value) is key.endswith("!"):
                return False
    return True


def _with_fields(found: dict[str, Any], selector: str) -> bool:
    for part in selector.split(",") if selector else ():
        path, _, value = part.partition("=")
        if str(_at(found, f".{path}") or "") != value:
            return False
    return True


__all__ = ["TYPES", "Fake", "Fault"]
