"""`exec`: a command in a container, over a websocket: its output as it comes, its exit code as the result.

The connection is made by the client's own pool (its certificates, its proxy), and shaken hands on by the websocket
package that the client brings. A connection that ends without the exit code tells nothing about the command: that is
no success, and for a change it is unsure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ..errors import BadInput, BadResponse, HandlerError, Refused, Unreachable
from ._kube_failures import Answered, causes, lost, said, status_of
from ._kube_kinds import Job
from ._kube_logs import DEFAULT, existing_pod
from ._kube_shapes import called
from ._kube_wire import ANSWER, CONNECT, Abandoned
from ._texts import bytes_of

STDIN, STDOUT, STDERR, ENDED, CLOSE = 0, 1, 2, 3, 255
SINKS: Mapping[int, str] = {STDOUT: "stdout", STDERR: "stderr"}
CHANNELS, WITH_CLOSING = "v4.channel.k8s.io", "v5.channel.k8s.io"
"""What is spoken: only the second can say that the standard input has ended."""
PIECE = 32 * 1024


def command(job: Job) -> dict[str, Any]:
    """Run it to its end."""
    pod = existing_pod(job, "exec")
    name, namespace = called(pod), pod["metadata"]["namespace"]
    argv = [str(word) for word in job.given("argv")]
    container = job.given("container") or (pod["metadata"].get("annotations") or {}).get(DEFAULT)
    containers = [c["name"] for c in pod["spec"].get("containers") or ()]
    if container is None and len(containers) > 1:
        hint = f"name one as `container`: {', '.join(containers)}"
        raise BadInput(f"pod {name} has {len(containers)} containers: nothing was started", hint)
    if job.wire.dry:
        message = f"pod {name} is there; what the command would do cannot be told"
        return {"done": True, "found": True, "message": message, "pod": name, "exit_code": 0}
    stdin = job.given("stdin")
    query = [*(("command", word) for word in argv), *([("container", container)] if container else [])]
    query += [("stdout", "true"), ("stderr", "true"), *([("stdin", "true")] if stdin is not None else [])]
    path = f"{job.kind('pods').path(namespace, name, 'exec')}?{urlencode(query, errors='surrogateescape')}"
    code = _run(job, path, None if stdin is None else bytes_of(stdin, "`stdin`"))
    sinks = {sink: job.wire.hands.sink(sink).text() for sink in SINKS.values()}
    message = f"{argv[0]} ended with exit code {code} in pod {name}"
    return {"done": code == 0, "found": True, "message": message, "exit_code": code, "pod": name, **sinks}


def _run(job: Job, path: str, stdin: bytes | None) -> int:
    """The exit code. Raises the named failures of a handler."""
    import websocket  # noqa: PLC0415 comes with the client

    wire, unsure_before = job.wire, job.wire.changed
    address = wire.cluster.address()
    wire.check()
    wire.begin(change=True)
    connection: Any = None
    try:
        connection = _connected(job)
        spoken = [WITH_CLOSING, CHANNELS] if stdin is None else [WITH_CLOSING]
        talk: Any = websocket.WebSocket(skip_utf8_validation=True)
        wire.leaving(connection.sock)
        url = wire.cluster.host.replace("http", "ws", 1) + path
        headers = [f"{name}: {value}" for name, value in wire.cluster.headers().items() if name != "accept"]
        talk.connect(url, socket=connection.sock, header=headers, subprotocols=spoken, suppress_origin=True)
        connection.sock.settimeout(None)
        if stdin is not None:
            _feed(talk, stdin)
        return _ended(job, talk)
    except websocket.WebSocketBadStatusException as problem:
        wire.changed = unsure_before
        raise _refused(problem, stdin) from None
    except (HandlerError, Answered, Abandoned):
        raise
    except Exception as problem:
        wire.check()
        raise lost(problem, address, sent=wire.changed, unsure=wire.changed) from problem
    finally:
        wire.begin(change=False)
        if connection is not None:
            connection.close()


def _connected(job: Job) -> Any:
    """A connection of the pool's own making, to be used for something else than requests."""
    cluster = job.wire.cluster
    pool = cluster.pool.connection_from_url(cluster.host)
    connection = pool._new_conn()  # noqa: SLF001 the pool has no other way to lend one
    connection.timeout = min(CONNECT, max(0.1, job.wire.hands.remaining() + 1))
    if pool.proxy is not None and cluster.host.startswith("https"):
        pool._prepare_proxy(connection)  # noqa: SLF001 as the pool itself does it
    connection.connect()
    connection.sock.settimeout(ANSWER)
    return connection


def _feed(talk: Any, stdin: bytes) -> None:
    """Give the command what it reads, and the end of it."""
    for start in range(0, len(stdin), PIECE):
        talk.send_binary(bytes([STDIN]) + stdin[start : start + PIECE])
    talk.send_binary(bytes([CLOSE, STDIN]))


def _ended(job: Job, talk: Any) -> int:
    """Output to its sinks, until the exit code comes."""
    for channel, data in _messages(talk):
        if channel in SINKS and data:
            job.output(SINKS[channel], data)
        elif channel == ENDED:
            return _code(job, status_of(data))
    hint = "look in the container whether it still runs"
    raise Unreachable("the connection ended without an exit code", hint, unsure=job.wire.changed)


def _messages(talk: Any) -> Iterator[tuple[int, bytes]]:
    """What comes, by channel, until the other side closes."""
    while True:
        opcode, data = talk.recv_data(control_frame=False)
        if opcode not in {1, 2}:
            return
        if data:
            yield data[0], data[1:]


def _code(job: Job, status: Mapping[str, Any]) -> int:
    if status.get("status") == "Success":
        return 0
    for cause in causes(status):
        if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).isdecimal():
            return int(cause["message"])
    if status.get("status") != "Failure":
        raise BadResponse("the command ended, and its exit code cannot be read", "", unsure=job.wire.changed)
    hint = "look at `argv` and `container`: is that program in it?"
    raise Refused(f"the command could not be run: {said(status)}", hint, unsure=job.wire.changed)


def _refused(problem: Any, stdin: bytes | None) -> Exception:
    """An answer to the handshake that is no websocket."""
    body = getattr(problem, "resp_body", b"") or b""
    status = status_of(body if isinstance(body, bytes) else str(body).encode())
    # A kubelet that does not speak what is offered says so without a word; a refusal of the API has a Status.
    if stdin is not None and problem.status_code in {400, 403} and status.get("kind") != "Status":
        hint = "give what it reads with `argv` instead, or as a file in the container"
        return Refused("this cluster cannot end what a command reads: `stdin` needs version 1.30 or later", hint)
    return Answered(int(problem.status_code), status)
