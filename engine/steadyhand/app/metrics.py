"""Counters, levels and histograms, and their text for Prometheus. Made by the server; any part of it may count.

The text format is small and does not change, so it is written here (the usual client library keeps module-wide state,
and brings little that is needed). A metric has at most `MOST` series; what would be more is counted as `other`, so
that nobody can fill the memory by thinking up names.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

MOST = 200
"""Series of one metric."""
OTHER = "other"
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, for what machines do."""
PATIENT = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 4 * 3600.0, 24 * 3600.0)
"""Seconds, for what people do."""

Values = tuple[str, ...]
Readings = Iterable[tuple[Values, float]]


class Counter:
    """Something that only grows."""

    kind = "counter"

    def __init__(self, labels: Values) -> None:
        self.labels = labels
        self._values: dict[Values, float] = {} if labels else {(): 0.0}
        self._lock = threading.Lock()

    def add(self, *values: str, by: float = 1) -> None:
        """It has happened."""
        with self._lock:
            key = bounded(self._values, values)
            self._values[key] = self._values.get(key, 0) + by

    def expect(self, *values: str) -> None:
        """It may happen: the series is there from now on, so that its first time is seen as a growth."""
        self.add(*values, by=0)

    def total(self, *values: str) -> float:
        """How much it is by now."""
        return self._values.get(values, 0)

    def samples(self) -> Iterator[tuple[str, Values, Values, float]]:
        """Each series: what stands behind the name, the labels and their values, the number."""
        with self._lock:
            found = sorted(self._values.items())
        yield from (("", self.labels, values, number) for values, number in found)


class Level(Counter):
    """Something that grows and shrinks."""

    kind = "gauge"


class Reading:
    """Something that is looked at when it is asked for."""

    def __init__(self, labels: Values, look: Callable[[], Readings], kind: str = "gauge") -> None:
        self.labels = labels
        self.kind = kind
        self._look = look

    def samples(self) -> Iterator[tuple[str, Values, Values, float]]:
        """Each series, as of now."""
        for number, (values, value) in enumerate(self._look()):
            if number < MOST:
                yield "", self.labels, values, value


class Histogram:
    """How long things took, or how large they were."""

    kind = "histogram"

    def __init__(self, labels: Values, bounds: tuple[float, ...]) -> None:
        self.labels = labels
        self._bounds = bounds
        self._values: dict[Values, list[float]] = {} if labels else {(): self._none()}
        self._lock = threading.Lock()

    def _none(self) -> list[float]:
        """A number for each bound, one for what is above them all, and the sum."""
        return [0.0] * (len(self._bounds) + 2)

    def observe(self, value: float, *values: str) -> None:
        """It has taken so long."""
        with self._lock:
            key = bounded(self._values, values)
            row = self._values.setdefault(key, self._none())
            row[bisect_left(self._bounds, value)] += 1
            row[-1] += value

    def samples(self) -> Iterator[tuple[str, Values, Values, float]]:
        """The buckets (each holds those below it too), the sum and the count of each series."""
        with self._lock:
            found = sorted((key, list(row)) for key, row in self._values.items())
        for values, row in found:
            below = 0.0
            for bound, number in zip((*self._bounds, math.inf), row, strict=False):
                below += number
                yield "_bucket", (*self.labels, "le"), (*values, _spelled(bound)), below
            yield "_sum", self.labels, values, row[-1]
            yield "_count", self.labels, values, below


def bounded(known: dict[Values, object] | dict[Values, float] | dict[Values, list[float]], values: Values) -> Values:
    """These values; or `other`, where they would be one series too many."""
    if values in known or len(known) < MOST:
        return values
    return (OTHER,) * len(values)


M = TypeVar("M", Counter, Level, Reading, Histogram)


class Metrics:
    """All metrics of one server, by name."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Counter | Reading | Histogram]] = {}

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A new counter."""
        return self._new(name, text, Counter(labels))

    def level(self, name: str, text: str, *labels: str) -> Level:
        """A new level."""
        return self._new(name, text, Level(labels))

    def histogram(self, name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
        """A new histogram."""
        return self._new(name, text, Histogram(labels, bounds))

    def reading(self, name: str, text: str, look: Callable[[], Readings], *labels: str, kind: str = "gauge") -> Reading:
        """A new metric that is looked at when it is asked for."""
        return self._new(name, text, Reading(labels, look, kind))

    def _new(self, name: str, text: str, metric: M) -> M:
        if name in self._known:
            raise ValueError(f"{name} is there already")
        self._known[name] = (text, metric)
        return metric

    def text(self) -> str:
        """Everything, in the text format of Prometheus (0.0.4)."""
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for name, (text, metric) in sorted(self._known.items()):
            yield f"# HELP {name} {text}\n# TYPE {name} {metric.kind}\n"
            for suffix, labels, values, number in metric.samples():
                pairs = ",".join(f'{k}="{_escaped(v)}"' for k, v in zip(labels, values, strict=True))
                yield (
                    f"{name}{suffix}{{{pairs}}} {_spelled(number)}\n"
                    if pairs
                    else f"{name}{suffix} {_spelled(number)}\n"
                )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _spelled(number: float) -> str:
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    return str(int(number)) if number == int(number) else repr(number)
