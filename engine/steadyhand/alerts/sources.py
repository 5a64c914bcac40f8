"""The readers of alerts by the name of their sender. Called by whoever has a body: the intake, and a backtest."""

from __future__ import annotations

from collections.abc import Mapping

from .. import events as e
from ..schema.intakes import IntakeSpec
from . import alertmanager, cloudevents, datadog, generic, grafana, opsgenie, pagerduty
from .reading import Headers, Read, Refusal

READERS: Mapping[str, Read] = {
    "alertmanager": alertmanager.read,
    "grafana": grafana.read,
    "pagerduty": pagerduty.read,
    "opsgenie": opsgenie.read,
    "datadog": datadog.read,
    "cloudevents": cloudevents.read,
    "generic": generic.read,
}
"""One for each of `schema.incoming.SOURCES`."""


def read(body: bytes, headers: Headers, options: IntakeSpec) -> tuple[e.AlertReceived, ...] | Refusal:
    """The alerts of a body, or why it leads to none; never raises. Names of headers are in lower case."""
    return READERS[options.source](body, headers, options)
