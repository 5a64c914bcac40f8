"""`memcached`: what a cache says of itself, what it holds under a key, and emptying it.

A whole handler: the specification, a pure `plan`, a `preflight`, and a `perform` that watches its hands. What a step
saw and what it could not tell are different things: a key that is not there is an answer (`found: false`, which an
expectation can hold against), a server that cannot be reached is not (`Unreachable`, the step's outcome is `error`).
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from steadyhand.errors import BadInput, BadResponse, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.handlers.protocol import Hands, Sink
from steadyhand.model import Capabilities, Effect, HandlerSpec, Need, Param, Plan, Result, Target

GLANCE = 0.1
"""Seconds between two looks at a cancellation."""
PIECE = 64 * 1024
"""Bytes read at once."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """Looking changes nothing. Emptying does, and a placeholder may turn out to be true."""
    return Effect.READ if params.get("flush", False) is False else Effect.CHANGE


spec = HandlerSpec(
    name="memcached",
    summary="Ask a memcached for its statistics or for a value, or empty it.",
    short="address",
    params=(
        Param("address", "text", "Host and port.", "{{ inputs.host }}:11211", required=True, secret=False),
        Param("get", "text", "The key of a value to look at.", "session:{{ inputs.user }}"),
        Param("flush", "boolean", "Empty it.", True),
    ),
    results={
        "stats": "its statistics, numbers as numbers: curr_items, get_hits, evictions, ...",
        "found": "with `get`: whether there is such a key",
        "value": "with `get`: its value, at most 1 MiB of it",
        "flushed": "whether it was emptied",
        "duration": "microseconds from the start to the end",
    },
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, stream=True),
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """Pure: what would be done, for people and for the digest that an approval is bound to. Texts stay `Text`s."""
    if target is not None:
        raise BadInput("a `memcached` step takes no target", "write the host into `address`")
    flush = params.get("flush", False)
    if flush and "get" in params:
        raise BadInput("`get` and `flush` are both given", "make two steps of it")
    address = params["address"].masked()
    _split(address)
    what = "empty" if flush else f"get {params['get'].masked()!r} from" if "get" in params else "ask for statistics of"
    return Plan("memcached", f"{what} the memcached at {address}", {**params, "flush": flush})


def _split(address: str) -> tuple[str, int]:
    """Host and port. Raises BadInput: nothing has been sent."""
    found = re.fullmatch(r"(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>[0-9]{1,5})", address)
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise BadInput(f"{address!r} is no address", "write host:port, and [::1]:port for IPv6")
    return found["v6"] or found["host"], int(found["port"])


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Could it be done right now? Changes nothing, and reveals no secret."""
    del hands
    host, port = _split(plan.request["address"].masked())
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        return [Need(f"an address for {host}", False, str(problem.strerror), "check the name, and the DNS here")]
    return [Need(f"an address for {host}", True)]


def perform(plan: Plan, hands: Hands) -> Result:
    """Do it, once. Plain blocking code is right here, as long as it watches `hands`."""
    start = time.monotonic()
    if hands.cancelled():
        raise Cancelled("it was told to stop before it was started")
    request = plan.request
    values: dict[str, Any] = {"flushed": False}
    with closing(_Line(_split(hands.reveal(request["address"])), hands)) as line:
        if request["flush"]:
            line.ask("flush_all", changes=True)
            line.expect("OK")
            values["flushed"] = True
        elif "get" in request:
            # A secret is revealed where it is used, and kept nowhere.
            sink = hands.sink("value")
            values["found"] = _get(line, hands.reveal(request["get"]), sink)
            values["value"] = sink.text()
        else:
            line.ask("stats")
            values["stats"] = dict(_stats(line))
    return Result({**values, "duration": int((time.monotonic() - start) * 1_000_000)})


def _get(line: _Line, key: str, sink: Sink) -> bool:
    """Whether there is such a value; it goes into the sink piece by piece: never more than one is in memory."""
    if not re.fullmatch(r"[^\s\x00-\x1f\x7f]{1,250}", key):
        raise BadInput("`get` is no key", "a key has 1 to 250 characters, and none of them is blank")
    line.ask(f"get {key}")
    head = line.read()
    if head == "END":
        return False
    if not re.fullmatch(r"VALUE \S+ \d+ \d+", head):
        raise BadResponse(f"this is no answer of a memcached: {head[:80]!r}", "is it the right port?")
    left = int(head.split()[3])
    while left:
        piece = line.piece(min(PIECE, left))
        sink.write(piece)
        left -= len(piece)
    line.expect("")
    line.expect("END")
    return True


def _stats(line: _Line) -> Iterator[tuple[str, int | str]]:
    while (row := line.read()) != "END":
        word, _, rest = row.partition(" ")
        name, _, value = rest.partition(" ")
        if word != "STAT":
            raise BadResponse(f"this is no answer of a memcached: {row[:80]!r}", "is it the right port?")
        yield name, int(value) if value.isascii() and value.isdigit() else value


class _Line:
    """A connection that is watched: no wait is longer than the attempt's time, or than a glance at a cancellation."""

    def __init__(self, address: tuple[str, int], hands: Hands) -> None:
        self._hands = hands
        self._data = b""
        self._unsure = False
        """From the moment a change has gone out, nobody knows what became of it until the answer has come."""
        try:
            self._connection = socket.create_connection(address, timeout=max(0.001, min(5.0, hands.remaining())))
        except OSError as problem:
            host, why = f"{address[0]}:{address[1]}", problem.strerror or "it did not answer in time"
            raise Unreachable(f"{host} cannot be reached: {why}", "is it running, and is that its port?") from None
        self._connection.setblocking(False)

    def ask(self, words: str, *, changes: bool = False) -> None:
        self._ready(select.POLLOUT)
        self._connection.send(words.encode("utf-8", "surrogateescape") + b"\r\n")  # a line fits into an empty buffer
        self._unsure = changes

    def read(self) -> str:
        """The next line."""
        while b"\r\n" not in self._data:
            if len(self._data) > PIECE:
                raise BadResponse("this is no answer of a memcached: a line without an end", "is it the right port?")
            self._data += self._received(PIECE)
        line, _, self._data = self._data.partition(b"\r\n")
        return line.decode("utf-8", "surrogateescape")

    def expect(self, words: str) -> None:
        if (line := self.read()) != words:
            self._unsure = False
            raise Refused(f"the memcached said {line[:80]!r}", "look at its log")

    def piece(self, most: int) -> bytes:
        """The next bytes, at most so many."""
        data = self._data or self._received(most)
        self._data = data[most:]
        return data[:most]

    def close(self) -> None:
        self._connection.close()

    def _received(self, most: int) -> bytes:
        self._ready(select.POLLIN)
        try:
            data = self._connection.recv(most)
        except OSError as problem:
            raise Unreachable(f"the connection was lost: {problem.strerror}", unsure=self._unsure) from None
        if not data:
            raise Unreachable("the connection was closed before the answer was whole", unsure=self._unsure)
        return data

    def _ready(self, what: int) -> None:
        poll = select.poll()
        poll.register(self._connection, what)
        while not self._hands.cancelled():
            left = self._hands.remaining()
            if left <= 0:
                hint = "give the step a longer `timeout:`"
                raise TimedOut("the memcached had not answered in time", hint, unsure=self._unsure)
            if poll.poll(min(GLANCE, left) * 1000):
                return
        raise Cancelled("it was told to stop before the memcached had answered", unsure=self._unsure)
