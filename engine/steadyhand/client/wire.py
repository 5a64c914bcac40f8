"""Requests and answers of the client: one connection pool, retries where nothing can be done twice by them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import msgspec

from ..errors import UsageError
from .problems import ApiProblem, Lost, problem_of

T = TypeVar("T")

PREFIX = "/api/v1"
JSON = {"Content-Type": "application/json"}
AGAIN = (0.2, 1.0, 3.0)
"""Seconds before each further try."""
SILENCE = 60.0
"""Seconds of silence after which a stream is taken for dead: the server says something more often."""
LATER = frozenset({"in-progress", "unavailable", "too-many"})
"""Problems that pass: nothing was done, or the same request is being carried out."""


class Wire:
    """How the client reaches the server. `patience` is for one answer, in seconds."""

    def __init__(
        self, url: str, token: str = "", *, patience: float = 30.0, verify: Any = True, again: tuple[float, ...] = AGAIN
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no address of a server", "write https://steady.example")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._again = again
        self._patience = patience
        self._http = httpx.Client(base_url=url.rstrip("/") + PREFIX, headers=headers, timeout=patience, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, kind: type[T], params: Mapping[str, Any] | None = None) -> T:
        """An answer of that kind. Raises ApiProblem, Lost."""
        return _decoded(self._tried("GET", path, params=_given(params)), kind)

    def raw(self, path: str, accept: str) -> httpx.Response:
        """An answer that is no JSON. Raises ApiProblem, Lost."""
        return self._tried("GET", path, headers={"Accept": accept})

    def post(self, path: str, body: Any, kind: type[T], key: str = "") -> T:
        """What comes of an act. Without a key it gets one of its own, so that it can be tried again safely."""
        headers = {**JSON, "Idempotency-Key": key or uuid.uuid4().hex}
        return _decoded(self._tried("POST", path, content=msgspec.json.encode(body), headers=headers), kind)

    def pages(self, path: str, kind: type[T], params: Mapping[str, Any]) -> Iterator[T]:
        """All pages of a list, one after the other."""
        cursor: str | None = None
        while True:
            found = self.get(path, kind, {**params, "cursor": cursor})
            yield found
            cursor = getattr(found, "next", None)
            if cursor is None:
                return

    def stream(self, path: str, accept: str, headers: Mapping[str, str]) -> Any:
        """An answer that is read as it comes (a context manager)."""
        patience = httpx.Timeout(self._patience, read=SILENCE)
        return self._http.stream("GET", path, headers={"Accept": accept, **headers}, timeout=patience)

    def _tried(self, method: str, path: str, **more: Any) -> httpx.Response:
        waits = [*self._again]
        while True:
            try:
                return self._once(method, path, **more)
            except ApiProblem as problem:
                if problem.kind not in LATER or not waits:
                    raise
                time.sleep(max(waits.pop(0), min(problem.after or 0, 5.0)))
            except Lost:
                if not waits:
                    raise
                time.sleep(waits.pop(0))

    def _once(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as problem:
            why = str(problem) or type(problem).__name__
            raise Lost(
                f"{method} {path}: there was no answer: {why}", "is the server there, and its address right?"
            ) from None
        if response.status_code >= 300:
            raise problem_of(response)
        return response


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None and value != ""}


def _decoded(response: httpx.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.MsgspecError as problem:
        raise Lost(f"the answer cannot be understood: {problem}", "is that address a Steadyhand server?") from None
