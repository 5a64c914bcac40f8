"""Sends runs as traces to a collector: OTLP over HTTP, as JSON. A part of the server; where no collector is named, it
sends nothing.

It is configured by the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and its kin) or by `server.traces`. Traces are
for looking; the journal is the evidence. So what cannot be delivered is tried again for a while, then dropped and
counted, and no run ever waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec import Struct

from .. import __version__
from ..errors import JournalError, NotFound
from ..events import Recorded
from ..projections.spans import Loom, Span, weave

if TYPE_CHECKING:
    import httpx

    from ..journal.protocol import Journal
    from .board import Grown

MOST = 10_000
"""Spans that wait at most; the oldest are dropped."""
BATCH = 500
"""Spans in one request."""
EVERY = 1.0
"""Seconds in which spans are gathered."""
LONGEST = 60.0
"""Seconds between two tries at most."""
OPEN = 10_000
"""Runs whose spans are followed at the same time."""
AGAIN = frozenset({429, 502, 503, 504})
"""Answers after which the same request may be sent again (as OTLP says)."""

log = logging.getLogger(__name__)


class Collector(Struct, frozen=True):
    """Where traces go, with what headers, under what name. `url` is '' where they go nowhere."""

    url: str = ""
    headers: Mapping[str, str] = {}
    service: str = "steadyhand"
    resource: Mapping[str, str] = {}
    patience: float = 10.0


def collector(environ: Mapping[str, str], url: str = "") -> Collector:
    """The collector that the standard variables name, else the one of the settings."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none":
        return Collector()
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "") or url
    exact = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
    if not exact and not base:
        return Collector()
    headers = {
        **_pairs(environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        **_pairs(environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "")),
    }
    resource = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    timeout = environ.get("OTEL_EXPORTER_OTLP_TIMEOUT", "")
    return Collector(
        url=exact or f"{base.rstrip('/')}/v1/traces",
        headers=headers,
        service=environ.get("OTEL_SERVICE_NAME", "") or resource.pop("service.name", "") or "steadyhand",
        resource=resource,
        patience=int(timeout) / 1000 if timeout.isdigit() and int(timeout) else 10.0,
    )


def _pairs(text: str) -> dict[str, str]:
    """`a=b,c=d`, percent-encoded."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs}


class Traces:
    """Follows runs, and sends their spans from a thread of its own."""

    def __init__(self, journal: Journal, to: Collector, host: str = "") -> None:
        self._journal = journal
        self._to = to
        self._host = host
        self._looms: dict[str, Loom] = {}
        self._waiting: deque[Span] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.sent = 0
        self.dropped = 0

    @property
    def queued(self) -> int:
        """Spans that have not been sent yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin to send."""
        if self._to.url:
            self._thread = threading.Thread(target=self._work, name="traces", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Send what there is, once, and end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(self._to.patience + 1)

    # --- following

    def grown(self, grown: Grown) -> None:
        """A stream has grown. A listener of the hub."""
        if not self._to.url or ":" in grown.stream or not grown.events:
            return
        loom = self._looms.get(grown.stream) or self._learn(grown.stream, grown.events[0].seq)
        for one in grown.events:
            loom, ended = weave(loom, one)
            self._keep(ended)
        if loom.root is None:
            self._looms.pop(grown.stream, None)
        elif grown.stream in self._looms or len(self._looms) < OPEN:
            self._looms[grown.stream] = loom

    def _learn(self, run: str, before: int) -> Loom:
        """The open spans of a run that began before this server did; what has ended then was sent then."""
        loom = Loom()
        if before > 1:
            for one in self._told(run, before):
                loom, _ = weave(loom, one)
        return loom

    def _told(self, run: str, before: int) -> Iterator[Recorded]:
        try:
            yield from (one for one in self._journal.read(run) if one.seq < before)
        except (JournalError, NotFound) as problem:
            log.warning("the spans of %s are incomplete: %s", run, problem.message)

    def _keep(self, spans: tuple[Span, ...]) -> None:
        with self._lock:
            self._waiting.extend(spans)
            while len(self._waiting) > MOST:
                self._waiting.popleft()
                self.dropped += 1

    # --- sending

    def _work(self) -> None:
        import httpx  # noqa: PLC0415 only where traces are sent

        with httpx.Client(timeout=self._to.patience, headers=dict(self._to.headers)) as client:
            wait = EVERY
            while not self._stopping.wait(wait):
                wait = EVERY if self._send_all(client) else min(wait * 2, LONGEST)
            self._send_all(client)

    def _send_all(self, client: httpx.Client) -> bool:
        """Send everything that waits; False when the collector could not take it now."""
        while self._waiting:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            if not self._send(client, batch):
                with self._lock:
                    self._waiting.extendleft(reversed(batch))
                self._keep(())
                return False
        return True

    def _send(self, client: httpx.Client, batch: list[Span]) -> bool:
        import httpx  # noqa: PLC0415 only where traces are sent

        try:
            answer = client.post(self._to.url, json=request(batch, self._to, self._host))
        except httpx.HTTPError as problem:
            log.warning("traces were not taken by %s: %s", self._to.url, type(problem).__name__)
            return False
        except httpx.InvalidURL as problem:
            log.warning("traces cannot be sent to %s: %s", self._to.url, problem)
            self.dropped += len(batch)
            return True
        if answer.status_code in AGAIN:
            log.warning("traces were not taken by %s: HTTP %d", self._to.url, answer.status_code)
            return False
        if answer.is_success:
            self.sent += len(batch)
        else:
            log.warning("traces were refused by %s: HTTP %d", self._to.url, answer.status_code)
            self.dropped += len(batch)
        return True


def request(spans: list[Span], to: Collector, host: str) -> dict[str, Any]:
    """The body of a request (ExportTraceServiceRequest, in the JSON of OTLP)."""
    about = {"service.name": to.service, "service.version": __version__, "host.name": host, **to.resource}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(about)},
                "scopeSpans": [
                    {"scope": {"name": "steadyhand", "version": __version__}, "spans": [_span(s) for s in spans]}
                ],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    failed = {"code": 2, "message": span.failed} if span.failed else {"code": 1}
    return {
        "traceId": span.trace,
        "spanId": span.id,
        **({"parentSpanId": span.parent} if span.parent else {}),
        "name": span.name,
        "kind": 1,
        "startTimeUnixNano": str(span.start * 1000),
        "endTimeUnixNano": str(span.end * 1000),
        "attributes": _attributes(span.attributes),
        "status": failed,
    }


def _attributes(values: Mapping[str, str | int | bool]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items() if value != ""]


def _value(value: str | int | bool) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case _:
            return {"stringValue": value}
