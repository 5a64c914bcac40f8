"""An alert goes over the wire and comes back as it was."""

from __future__ import annotations

import msgspec

from steadyhand.model.wire import Alert, Alerts, Decided

ONE = Alert(
    "am", "f1", "alertmanager", "HighErrors", "firing", {"instance": "a"}, {}, "", "2026-11-24T02:14:07Z",
    "2026-11-24T02:14:07Z", None, Decided("routed", "2026-11-24T02:14:08Z", "errors", "disk-full", "r1"), ["r1"],
)  # fmt: skip


def test_there_and_back():
    page = Alerts([ONE], "next")
    assert msgspec.json.decode(msgspec.json.encode(page), type=Alerts) == page
    assert msgspec.to_builtins(ONE)["decision"]["kind"] == "routed"
