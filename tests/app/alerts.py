"""A server without doors over a folder of a test, and alerts to put into its journal."""

from __future__ import annotations

import contextlib
import time

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert, stream_of
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.errors import HeadMoved, NotFound

LOOK = """\
steadyhand: 1
name: look
title: Look
alerts: [Slow]
inputs:
  host: {type: string, pattern: '^[a-z0-9.:-]+$', from: alert.labels.instance}
steps:
  look: {title: Look, shell: 'echo {{ inputs.host }}', effect: read, next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}
"""
"""Over as soon as it has looked."""
FIX = (
    LOOK.replace("name: look", "name: fix").replace("alerts: [Slow]\n", "").replace("pass: end.healthy", "pass: change")
    + """\
  change:
    title: Change
    shell: 'true'
    effect: change
    gate: {prompt: 'Change {{ inputs.host }}?'}
    undo: {none: nothing}
    next: {pass: sure, fail: end.escalated, error: end.escalated}
  sure: {title: Sure, purpose: verification, shell: 'true', effect: read, next: {pass: end.resolved, fail: end.escalated, error: end.escalated}}
"""
)
"""Waits for a person before its change."""


def desk(folder, settings="", **books):
    """Services over a folder with these settings and runbooks (text by name)."""
    (folder / "steady.yaml").write_text(settings or "{}\n")
    (folder / "runbooks").mkdir(exist_ok=True)
    for name, text in {"look": LOOK, "fix": FIX, **books}.items():
        (folder / "runbooks" / f"{name}.yaml").write_text(text)
    return Services(
        store=str(folder / "store" / "j.db"),
        environ={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        cwd=str(folder),
        engine="server",
    )


def said(fingerprint="f1", identity="1", status="firing", name="Slow", **labels):
    labels = {"alertname": name, "instance": "db1", **labels}
    return e.AlertReceived("am", "alertmanager", fingerprint, identity, status, name, labels)


def deliver(services, delivery):
    """Append a delivery as the intake does; its stream."""
    stream = stream_of(delivery.intake, delivery.fingerprint)
    while True:
        head = services.journal.head(stream)
        with contextlib.suppress(HeadMoved):
            services.journal.append(
                stream, head.seq if head else 0, [delivery], actor="intake", at=services.clock.now(), epoch=1
            )
            return stream


@contextlib.contextmanager
def serving(services):
    server = Server(services)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def until(holds, what="it", seconds=20.0):
    """Wait until something is so, and give what it says."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about within {seconds} s")


def state(services, stream):
    with contextlib.suppress(NotFound):
        return fold_alert(services.journal.read(stream))
    return fold_alert(())


def decided(services, *streams):
    """The alerts, once there is nothing left to decide about them."""
    until(lambda: not any(state(services, stream).undecided for stream in streams), "a decision")
    return [state(services, stream) for stream in streams]


def starts(services, prefix="r"):
    """The first events of all runs."""
    heads = [h for h in services.journal.streams(prefix) if ":" not in h.stream]
    return {h.stream: services.journal.read(h.stream)[0].event for h in heads}
