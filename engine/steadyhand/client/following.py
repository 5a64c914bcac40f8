"""Follows a run over a stream of server-sent events, and goes on by sequence number where it was cut off."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import msgspec
from msgspec import Struct

from ..model.wire import Event
from .problems import ApiProblem, problem_of
from .wire import LATER, Wire

STREAM = "text/event-stream"
PAUSE = (0.1, 0.5, 2.0, 5.0)
"""Seconds before each further try, while nothing comes; the last one again and again."""


class Said(Struct):
    """One message of a stream."""

    name: str
    id: str
    data: str


def follow(wire: Wire, path: str, after: int = 0) -> Iterator[Event]:
    """Every event after one, as it comes, until the run has concluded. Raises ApiProblem."""
    tries = 0
    while True:
        try:
            for said in _messages(wire, path, after):
                if said.name == "end":
                    return
                if said.name == "message":
                    event = msgspec.json.decode(said.data, type=Event)
                    if event.seq > after:
                        after, tries = event.seq, 0
                        yield event
        except ApiProblem as problem:
            if problem.kind not in LATER:
                raise
        except httpx.HTTPError:
            pass  # cut off: go on after what has come
        time.sleep(PAUSE[min(tries, len(PAUSE) - 1)])
        tries += 1


def _messages(wire: Wire, path: str, after: int) -> Iterator[Said]:
    with wire.stream(path, STREAM, {"Last-Event-ID": str(after)} if after else {}) as response:
        if response.status_code == 204:
            yield Said("end", "", "")
            return
        if response.status_code >= 300:
            response.read()
            raise problem_of(response)
        yield from messages(response.iter_lines())


def messages(lines: Iterator[str]) -> Iterator[Said]:
    """The messages that lines make up, as the HTML standard has it. One that was cut off is no message."""
    name, id_ = "", ""
    data: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "" if not line:
                if data:
                    yield Said(name or "message", id_, "\n".join(data))
                name = ""
                data.clear()
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id":
                id_ = value
            case _:
                pass  # comments, and what later versions say
