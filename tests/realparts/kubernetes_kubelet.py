"""Stands in for the nodes of a cluster that has none: a thread that plays the kubelet, and the server that it has.

Pods are put on its node and get the status that a kubelet would give them. What comes of a pod is told by its image:
`...:bad` cannot be pulled, `...:crash` ends with exit code 3 again and again, anything else runs and is ready. The
server gives logs and runs commands (real ones, on this machine) as a kubelet does, over plain HTTP and websockets; the
API in front of it, the real one or the fake, passes them on.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import ssl
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.parse
from pathlib import Path
from typing import Any

from .kubernetes_api import Api

MERGE = "application/strategic-merge-patch+json"
WORDS = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Kubelet:
    """One node."""

    def __init__(self, api: Api, name: str = "n1", certificate: tuple[Path, Path] | None = None) -> None:
        self.api = api
        self.name = name
        self.logs: dict[str, bytes] = {}
        """What pods have logged, by the beginning of their names."""
        self.slow: set[str] = set()
        """Beginnings of the names of pods that are left alone: they neither start nor end."""
        self.closing = True
        """Whether the end of a standard input can be told (kubelets of 1.30 and later)."""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (_Handler,), {"kubelet": self}))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._over = threading.Event()
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._server.serve_forever, self._work)]

    def start(self) -> None:
        """Make the node known, and begin."""
        self.api("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name}})
        self._beat()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and close the server."""
        self._over.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def _beat(self) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}},
            "conditions": [ready],
            "capacity": {"pods": "100"}, "allocatable": {"pods": "100"},
        }  # fmt: skip
        self.api("PATCH", f"/api/v1/nodes/{self.name}/status", {"status": status}, MERGE)
        spec = self.api("GET", f"/api/v1/nodes/{self.name}").get("spec", {})
        if spec.get("taints"):
            self.api("PATCH", f"/api/v1/nodes/{self.name}", {"spec": {"taints": None}}, "application/merge-patch+json")

    def _work(self) -> None:
        beaten = time.monotonic()
        while not self._over.wait(0.03):
            try:
                if time.monotonic() > beaten + 5:
                    beaten = time.monotonic()
                    self._beat()
                for pod in self.api("GET", "/api/v1/pods")["items"]:
                    self._pod(pod)
            except urllib.error.HTTPError as problem:
                problem.close()  # it has changed, or is gone: the next round sees it as it is
            except OSError:
                if not self._over.is_set():
                    time.sleep(0.2)

    def _pod(self, pod: dict[str, Any]) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        if any(name.startswith(head) for head in self.slow):
            return
        if not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
            self.api(
                "POST",
                f"{path}/binding",
                {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target},
            )
        elif pod["spec"]["nodeName"] != self.name:
            return
        elif pod["metadata"].get("deletionTimestamp"):
            self.api("DELETE", path, {"gracePeriodSeconds": 0})
        elif pod.get("status", {}).get("phase") in {None, "Pending"} and not pod["status"].get("containerStatuses"):
            self.api("PATCH", f"{path}/status", {"status": self._status(pod)}, MERGE)

    def _status(self, pod: dict[str, Any]) -> dict[str, Any]:
        states = [self._container(c) for c in pod["spec"]["containers"]]
        well = all(s["ready"] for s in states)
        ready = {"type": "Ready", "status": "True" if well else "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        phase = "Pending" if any(":bad" in s["image"] for s in states) else "Running"
        return {"phase": phase, "conditions": [ready, scheduled], "containerStatuses": states, "podIP": "10.0.0.9"}

    def _container(self, container: dict[str, Any]) -> dict[str, Any]:
        image = container["image"]
        base = {"name": container["name"], "image": image, "imageID": "", "restartCount": 0, "ready": False}
        if image.endswith(":bad"):
            waiting = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}
            return {**base, "state": {"waiting": waiting}}
        if image.endswith(":crash"):
            waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
            ended = {"exitCode": 3, "reason": "Error"}
            return {**base, "restartCount": 4, "state": {"waiting": waiting}, "lastState": {"terminated": ended}}
        return {**base, "ready": True, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}

    def log_of(self, pod: str) -> bytes:
        """What a pod has logged."""
        return next((text for head, text in self.logs.items() if pod.startswith(head)), b"")


class _Handler(http.server.BaseHTTPRequestHandler):
    """`/containerLogs/NAMESPACE/POD/CONTAINER` and `/exec/NAMESPACE/POD/CONTAINER`, as the API asks for them."""

    kubelet: Kubelet
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        what, _, pod, *_ = parts.path.strip("/").split("/")
        query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        {"containerLogs": self._logs, "exec": self._exec}[what](pod, query)

    do_POST = do_GET  # noqa: N815 the name that the server calls

    # --- logs

    def _logs(self, pod: str, query: dict[str, list[str]]) -> None:
        data = self.kubelet.log_of(pod)
        if "tailLines" in query:
            lines = data.splitlines(keepends=True)
            data = b"".join(lines[len(lines) - int(query["tailLines"][0]) :])
        if query.get("timestamps") == ["true"]:
            data = b"".join(b"2026-01-01T00:00:00Z " + line for line in data.splitlines(keepends=True))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for start in range(0, len(data), 100_000):
            self._chunk(data[start : start + 100_000])
        number = 0
        while query.get("follow") == ["true"] and not self.kubelet._over.wait(0.05):
            number += 1
            try:
                self._chunk(f"line {number}\n".encode())
            except OSError:
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    # --- exec

    def _exec(self, pod: str, query: dict[str, list[str]]) -> None:
        offered = [p.strip() for p in self.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        spoken = ["v5.channel.k8s.io"] if self.kubelet.closing else []
        chosen = next((p for p in [*spoken, "v4.channel.k8s.io"] if p in offered), None)
        if chosen is None:  # as the websocket server of a kubelet answers: no body
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            self.close_connection = True
            return
        accept = base64.b64encode(hashlib.sha1(self.headers["Sec-WebSocket-Key"].encode() + WORDS).digest()).decode()
        self.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)):
            self.send_header(name, value)
        self.send_header("Sec-WebSocket-Protocol", chosen)
        self.end_headers()
        self.close_connection = True
        stdin = self._read_stdin() if query.get("input") or query.get("stdin") else b""
        argv = query["command"]
        if argv[0] == "drop":  # the connection is lost, and nobody knows what became of the command
            self.connection.close()
            return
        try:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as problem:
            self._end(
                {
                    "status": "Failure",
                    "reason": "InternalError",
                    "message": f"cannot exec: {problem.strerror}",
                    "code": 500,
                }
            )
            return
        try:
            out, err = process.communicate(stdin, timeout=self._patience())
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return
        for channel, data in ((1, out), (2, err)):
            for start in range(0, len(data), 30_000):
                self._send(bytes([channel]) + data[start : start + 30_000])
        code = process.returncode
        causes = {"causes": [{"reason": "ExitCode", "message": str(code)}]}
        self._end(
            {"status": "Success"} if not code else {"status": "Failure", "reason": "NonZeroExitCode", "details": causes}
        )

    def _patience(self) -> float:
        return 70.0

    def _read_stdin(self) -> bytes:
        data = b""
        while True:
            frame = self._frame()
            if frame[:1] == b"\xff":
                return data
            data += frame[1:]

    def _frame(self) -> bytes:
        head = self.rfile.read(2)
        length = head[1] & 127
        if length == 126:
            length = struct.unpack(">H", self.rfile.read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.rfile.read(8))[0]
        mask = self.rfile.read(4) if head[1] & 128 else b"\0\0\0\0"
        data = self.rfile.read(length)
        return bytes(b ^ mask[i % 4] for i, b in enumerate(data))

    def _send(self, data: bytes) -> None:
        length = len(data)
        size = bytes([length]) if length < 126 else b"\x7e" + struct.pack(">H", length)
        self.wfile.write(b"\x82" + size + data)
        self.wfile.flush()

    def _end(self, status: dict[str, Any]) -> None:
        self._send(b"\x03" + json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, **status}).encode())
        self.wfile.write(b"\x88\x02\x03\xe8")
        self.wfile.flush()
