"""A small estate for the pages: runbooks, alerts, leases and real runs in every state that a page can show.

Used by the tests of the pages in a browser, and by the script that makes the pictures in the docs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.alerts.state import stream_of
from steadyhand.app import leases, library
from steadyhand.app.server import Server
from steadyhand.errors import HeadMoved
from steadyhand.model import SECOND, Mode
from steadyhand.model.people import Identity, Role
from steadyhand.schema import inputs_of

from ..app.server import until

HOSTILE = "<script>alert('x')</script> \u202eevil\u202c " + "A" * 400
"""A text of somebody else that must stay a text."""

SETTINGS = """\
store: journal.db
library: [library]
server: {grace: 1s}
routes: []
roles:
  oncall: [ana, kim, admin, approver]
people:
  ana: {roles: {admin: ['*']}}
  kim: {roles: {approver: [orders, checkout]}}
groups:
  sre: {roles: {commander: ['*']}}
changes:
  freezes:
    - {reason: No changes while the books are closed, from: '2020-01-01T00:00:00Z', targets: [ledger-db]}
    - {reason: Weekend, days: [sat, sun], between: '22:00-06:00', zone: UTC, roles: [oncall]}
"""

ORDERS = """\
steadyhand: 1
name: orders-errors
title: Orders answer with errors
description: |
  The orders service answers more than one request in fifty with an error.
severity: SEV1
services: [orders]
owner: team-orders
updated: 2026-11-01
alerts: [OrdersErrors]
symptoms:
  - Customers see "try again later" when they pay
  - The share of answers with status 5xx is above 2 %
impact: {users: Orders cannot be placed, business: About 400 orders an hour are lost}
links:
  - {title: The service's dashboard, url: 'https://grafana.example/d/orders'}
inputs:
  host: {type: string, from: alert.labels.instance, description: The host that answers with errors}
  most: {type: integer, default: 80, minimum: 1, maximum: 100, description: Connections that are too many}
escalation: {to: team-orders, after: 45m}
steps:
  causes:
    title: What is wrong with orders?
    diagnose:
      pool:
        cause: The connection pool of orders is full
        shell: echo 97
        expect: {stdout: {number: {lt: "{{ inputs.most }}"}}}
        fix: restart
      disk:
        cause: The disk of the host is full
        shell: echo 41
        expect: {stdout: {number: {gt: 5}}}
        fix: end.escalated
    next: {pass: end.healthy, error: end.escalated}
  restart:
    title: Restart the workers of orders
    shell: |
      echo stopping 4 workers
      echo starting 4 workers with a fresh pool
      echo ready
    effect: change
    gate:
      prompt: Restart the workers of orders on {{ inputs.host }}? Requests in flight are finished first.
      roles: [oncall]
      within: 2h
    undo: {none: A restart cannot be taken back}
    next: {pass: check, rejected: end.escalated, fail: end.escalated, error: end.escalated}
  check:
    title: Do orders answer again?
    purpose: verification
    shell: echo 0.2
    effect: read
    expect: {stdout: {number: {lt: 2}}}
    next: {pass: end.resolved, fail: end.escalated}
"""

TALKING = """\
steadyhand: 1
name: handover
title: Hand the night over
description: Asks everything that can be asked.
severity: SEV4
services: [desk]
steps:
  count:
    title: How many tickets are open?
    ask: {prompt: How many tickets are open?, fact: tickets, schema: {type: integer, minimum: 0, maximum: 500}}
    next: {pass: where}
  where:
    title: Where do they go?
    choose: {prompt: Who takes them over?, options: {day: The day shift, nobody: Nobody}}
    next: {day: page, nobody: end.escalated}
  page:
    title: Turn the pager
    manual:
      instructions: |
        Turn the pager of the night shift off.
        Put it into the drawer.
      evidence: true
    next: {pass: end.resolved, fail: end.escalated}
"""

SLOW = """\
steadyhand: 1
name: reindex
title: Rebuild the search index
severity: SEV3
services: [search]
owner: team-search
steps:
  rebuild:
    title: Watch the rebuild
    shell: n=0; while [ $n -lt 600 ]; do n=$((n+1)); echo "shard $n of 600 rebuilt"; sleep 0.2; done
    effect: read
    timeout: 10m
    next: {pass: end.healthy}
"""

QUORUM = """\
steadyhand: 1
name: failover
title: Fail the ledger over to its replica
severity: SEV2
services: [ledger]
steps:
  look:
    title: Is the replica close behind?
    shell: echo 1.5
    effect: read
    expect: {stdout: {number: {lt: 10}}}
    next: {pass: promote}
  promote:
    title: Promote the replica
    shell: echo promoted >> {mark}
    effect: destructive
    gate: {prompt: Promote the replica of the ledger? The old primary must not come back., quorum: 2, roles: [oncall]}
    undo: {none: A promotion is not taken back}
    next: {pass: sure, fail: end.escalated, error: end.escalated}
  sure:
    title: Does the new primary take writes?
    purpose: verification
    shell: test -s {mark}
    effect: read
    next: {pass: end.resolved, fail: end.escalated}
"""

BAD = """\
steadyhand: 1
name: hostile
title: "<script>alert('x')</script> \\u202Eevil\\u202C"
services: ["<b>bold</b>"]
steps:
  say:
    title: "<img src=x onerror=alert(1)>"
    shell: printf '<script>alert(2)</script>\\\\n\\\\342\\\\200\\\\256evil %0500d\\\\n' 7
    effect: read
    next: {pass: ask}
  ask:
    title: Ask it
    gate: "<script>alert(3)</script> \\u202Eevil\\u202C AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    next: {approved: end.resolved, rejected: end.escalated}
"""

TEST = """\
runbook: handover.yaml
tests:
  the day shift takes it over:
    answers: {count: {value: {tickets: 3}}, where: day, page: done}
    expect: {conclusion: resolved}
"""

ANA = Identity("ana", "web", "192.0.2.7", {"*": Role.ADMIN})
KIM = Identity("kim", "web", "192.0.2.9", {"orders": Role.APPROVER})


def furnish(folder: Path, *, hostile: bool = True) -> None:
    """Write the settings and the library."""
    shelf = folder / "library"
    shelf.mkdir(parents=True, exist_ok=True)
    (folder / "steady.yaml").write_text(SETTINGS)
    books = {"orders-errors": ORDERS, "handover": TALKING, "reindex": SLOW, "failover": QUORUM}
    for name, text in {**books, **({"hostile": BAD} if hostile else {})}.items():
        (shelf / f"{name}.yaml").write_text(text.replace("{mark}", str(folder / f"{name}.mark")))
    (shelf / "handover.test.yaml").write_text(TEST)


def start(
    server: Server, name: str, inputs: dict[str, Any] | None = None, mode: Mode = Mode.GUIDED, **more: Any
) -> str:
    """Start a run as ana."""
    book = library.load(server.services, name)
    return server.run(ANA, book, inputs_of(book, inputs or {}, texts=False), mode, **more)


def asked(server: Server, run: str) -> e.GateOpened:
    """The question that a run waits with."""
    return until(lambda: (row := server.board.run(run)) and row.gates)[0]


def told(
    server: Server,
    name: str,
    labels: dict[str, str],
    fate: Any = None,
    status: str = "firing",
    mark: str = "0a1b2c3d4e5f",
) -> str:
    """An alert came in, and something came of it."""
    journal, now = server.services.journal, server.services.clock.now()
    stream = stream_of("alertmanager", mark)
    said = e.AlertReceived(
        "alertmanager",
        "alertmanager",
        mark,
        f"{mark}/{status}",
        status,
        name,
        labels=labels,
        annotations={"summary": f"{name} on {labels.get('instance', 'some host')}"},
        starts_at=now - 60 * SECOND,
        url="http://prometheus.example/graph",
        origin="192.0.2.50",
    )
    while True:
        head = journal.head(stream)
        seq = head.seq if head else 0
        fates = [replace(fate, seq=seq + 1)] if fate is not None else []
        try:
            journal.append(stream, seq, [said, *fates], actor="intake", at=now, epoch=1)
        except HeadMoved:
            continue  # whoever routes was faster
        break
    server.hub.poke()
    return stream


def play(server: Server, *, hostile: bool = True) -> dict[str, str]:
    """Real runs in every state; their ids by what they show."""
    labels = {"alertname": "OrdersErrors", "instance": "orders-1.example", "severity": "page"}
    found = {"healthy": start(server, "orders-errors", {"host": "orders-2.example", "most": 100})}
    alert = told(server, "OrdersErrors", labels)
    about = {
        "name": "OrdersErrors",
        "labels": labels,
        "annotations": {},
        "status": "firing",
        "stream": alert,
        "fingerprint": "0a1b2c3d4e5f",
    }
    found["waiting"] = start(server, "orders-errors", {"host": "orders-1.example"}, alert=about)
    told(
        server,
        "OrdersErrors",
        labels,
        e.AlertRouted(3, "orders", "orders-1", "orders-errors", found["waiting"]),
        mark="0a1b2c3d4e5f",
    )
    told(server, "DiskSlow", {"instance": "db-7.example"}, e.AlertUnrouted(1, "no route fits its labels"), mark="aa01")
    told(
        server,
        "QueueLong",
        {"instance": "mq-1.example"},
        e.AlertHeld(1, "queues", "mq-1", "a run of this key ended 4 min ago; it rests for 15 min"),
        mark="aa02",
    )
    told(server, "CertSoon", {"instance": "www.example"}, None, "resolved", mark="aa03")
    found["talking"] = start(server, "handover")
    found["quorum"] = start(server, "failover")
    found["running"] = start(server, "reindex")
    if hostile:
        told(server, HOSTILE, {"instance": HOSTILE, HOSTILE[:40]: "x"}, e.AlertUnrouted(1, HOSTILE), mark="aa04")
        found["hostile"] = start(server, "hostile")
    leases.take(
        server.services, "ledger-db", "kim", "the index is being rebuilt by hand", 3600 * SECOND, "web", "192.0.2.9"
    )
    for name in ("waiting", "talking", "quorum", *(["hostile"] if hostile else [])):
        asked(server, found[name])
    until(lambda: server.hub.tails(found["running"]))
    until(lambda: (row := server.board.run(found["healthy"])) and row.conclusion)
    return found
