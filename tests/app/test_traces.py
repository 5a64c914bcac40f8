"""Traces reach a collector that decodes them; what it cannot take is sent again, and no run waits for it."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from types import SimpleNamespace

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from steadyhand.app.board import Grown
from steadyhand.app.traces import MOST, Collector, Traces, collector
from steadyhand.journal.memory import MemoryJournal
from steadyhand.projections.spans import spans

from ..projections.test_spans import TOLD
from .server import until


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes OTLP over HTTP as JSON, and decodes it by the published protocol buffers: an unknown field is an error."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state = self.server.state
        state.headers.append((self.path, dict(self.headers)))
        status = state.answers.pop(0) if state.answers else 200
        if status == 200:
            state.spans.extend(decoded(body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        """Quiet."""


def decoded(body):
    told = json.loads(body)
    for resource in told["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:  # OTLP writes ids as hex digits, protocol buffers as base64
                for name in {"traceId", "spanId", "parentSpanId"} & set(span):
                    span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    request = json_format.Parse(json.dumps(told), ExportTraceServiceRequest())
    for resource in request.resource_spans:
        about = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            assert scope.scope.name == "steadyhand"
            for span in scope.spans:
                yield about, span


@pytest.fixture
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.state = SimpleNamespace(headers=[], answers=[], spans=[])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.state.url = f"http://127.0.0.1:{server.server_port}"
    yield server.state
    server.shutdown()
    server.server_close()
    thread.join(5)


def journal_of(recorded):
    journal = MemoryJournal()
    for one in recorded:
        journal.append("r1", one.seq - 1, [one.event], actor="t", at=one.at, epoch=1)
    return journal


def test_a_run_arrives_as_it_was(receiver):
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20abc,x-team=sre",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=prod",
    }
    traces = Traces(journal_of(TOLD), collector(environ), "host-1")
    traces.start()
    traces.grown(Grown("r1", tuple(TOLD[:4])))
    traces.grown(Grown("alert:x:y", (TOLD[0],)))
    traces.grown(Grown("r1", tuple(TOLD[4:])))
    traces.stop()
    path, headers = receiver.headers[0]
    assert (path, headers["authorization"], headers["x-team"]) == ("/v1/traces", "Basic abc", "sre")
    assert headers["Content-Type"] == "application/json"
    ours = spans(TOLD)
    assert [span.span_id.hex() for _, span in receiver.spans] == [span.id for span in ours]
    for (about, theirs), span in zip(receiver.spans, ours, strict=True):
        assert about["service.name"] == "steadyhand"
        assert (about["host.name"], about["deployment.environment"]) == ("host-1", "prod")
        assert theirs.trace_id.hex() == span.trace
        assert theirs.parent_span_id.hex() == span.parent
        assert (theirs.start_time_unix_nano, theirs.end_time_unix_nano) == (span.start * 1000, span.end * 1000)
        assert (theirs.status.code, theirs.status.message) == ((2, span.failed) if span.failed else (1, ""))
        values = {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in theirs.attributes}
        assert values == dict(span.attributes)
    assert (traces.sent, traces.dropped, traces.queued) == (len(ours), 0, 0)


def test_what_cannot_be_taken_now_is_sent_again(receiver, monkeypatch):
    monkeypatch.setattr("steadyhand.app.traces.EVERY", 0.01)
    receiver.answers += [503, 429]
    traces = Traces(journal_of(TOLD), Collector(f"{receiver.url}/v1/traces"))
    traces.start()
    traces.grown(Grown("r1", tuple(TOLD)))
    until(lambda: traces.sent == len(spans(TOLD)))
    traces.stop()
    assert len(receiver.spans) == traces.sent
    assert traces.dropped == 0


def test_what_is_refused_is_counted_and_not_sent_again(receiver):
    receiver.answers += [400]
    traces = Traces(journal_of(TOLD), Collector(f"{receiver.url}/v1/traces"))
    traces.start()
    traces.grown(Grown("r1", tuple(TOLD)))
    traces.stop()
    assert (traces.sent, traces.dropped) == (0, len(spans(TOLD)))
    assert len(receiver.headers) == 1


def test_no_run_waits_for_a_collector_that_is_gone():
    traces = Traces(journal_of(TOLD), Collector("http://127.0.0.1:9/v1/traces"))
    traces.start()
    begun = time.monotonic()
    for _ in range(3_000):
        traces.grown(Grown("r1", tuple(TOLD)))
    assert time.monotonic() - begun < 10
    assert traces.queued <= MOST
    assert traces.dropped > 0
    traces.stop()
    assert time.monotonic() - begun < 20


def test_a_server_that_starts_later_goes_on_where_one_before_it_was(receiver):
    traces = Traces(journal_of(TOLD), Collector(f"{receiver.url}/v1/traces"))
    traces.start()
    traces.grown(Grown("r1", tuple(TOLD[12:])))
    traces.stop()
    before = []
    for n in range(13):
        before = [span.id for span in spans(TOLD[:n])]
    assert [span.span_id.hex() for _, span in receiver.spans] == [s.id for s in spans(TOLD) if s.id not in before]


def test_without_a_collector_nothing_is_kept():
    traces = Traces(MemoryJournal(), Collector())
    traces.start()
    traces.grown(Grown("r1", tuple(TOLD)))
    traces.stop()
    assert (traces.queued, traces.sent) == (0, 0)


@pytest.mark.parametrize(
    ("environ", "setting", "url"),
    [
        ({}, "", ""),
        ({}, "http://c:4318", "http://c:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://e:4318/"}, "http://c:4318", "http://e:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://e/t"}, "", "http://e/t"),
        ({"OTEL_SDK_DISABLED": "true"}, "http://c:4318", ""),
        ({"OTEL_TRACES_EXPORTER": "none"}, "http://c:4318", ""),
    ],
)
def test_the_standard_variables_go_before_the_settings(environ, setting, url):
    assert collector(environ, setting).url == url


def test_the_name_of_the_service_and_the_patience():
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://e",
        "OTEL_SERVICE_NAME": "night",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "500",
    }
    assert (collector(told).service, collector(told).patience) == ("night", 0.5)
