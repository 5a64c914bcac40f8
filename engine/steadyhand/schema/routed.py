"""What `routes:` and `services:` of the settings may hold, as data: tables.py takes it in, routes.py reads it."""

from __future__ import annotations

from .fields import Field

F = Field

MODES = ("diagnose", "guided", "step", "auto", "dry-run")
"""The modes in which an alert may start a run; the first one unless a route says otherwise."""

ROUTING = (
    F(
        "routes",
        "routes",
        "Which alerts start which runbooks. By falling `priority`, then in this order, the first route that fits an "
        "alert gets it. Runbooks that no route names follow, for the alerts that they list under `alerts:` (in mode "
        "`diagnose`), unless this is `[]`.",
        [{"name": "errors", "match": {"alertname": "HighErrors"}, "runbook": "service-errors"}],
    ),
    F(
        "services",
        "objects",
        "What the services need: a storm is taken up in this order, what others need first.",
        {"orders": {"needs": ["orders-db"]}},
        of="service",
    ),
)
SERVICE = (F("needs", "list", "The services without which it cannot work.", ["orders-db"], of="text"),)
ROUTE = (
    F("name", "slug", "The name, unique among the routes.", "errors", required=True),
    F(
        "match",
        "match",
        "What the labels of the alert must be: a text, one of several, or `{matches: REGEX}`, which may match anywhere "
        "in it. `alertname`, `intake`, `severity` and `status` count as labels; a label that is not there is ''. "
        "Everything matches when left out. Alerts start runs while they are `firing`; those that are `acknowledged` "
        "do where `status` says so.",
        {"alertname": "HighErrors", "env": ["prod", "stage"], "service": {"matches": "^orders"}},
    ),
    F("runbook", "text", "The runbook that is run.", "service-errors", required=True),
    F(
        "inputs",
        "inputs_of_alert",
        "Its inputs: an expression over the alert, or `{value: ...}`. Those left out are what the runbook's `from:` "
        "says, or its defaults. A value that does not fit the runbook's schema starts no run: the alert is shown as "
        "unrouted, with the reason.",
        {"host": "alert.labels.instance", "limit": {"value": 5}},
    ),
    F(
        "mode",
        "text",
        "The mode of the run; `diagnose` when left out: it reads by itself, and waits at the first change.",
        "diagnose",
        choices=MODES,
    ),
    F(
        "key",
        "list",
        "What makes two alerts the same trouble, as expressions over the alert; its fingerprint when left out. There "
        "is one run for a key at a time, and further alerts of the key join it.",
        ["alert.labels.service"],
        of="text",
    ),
    F("cool_down", "duration", "How long after a run of the key has ended no other one is started.", "30m"),
    F(
        "once_within",
        "duration",
        "The first alert of a key starts a run; those that come within this time belong to it, also when it is over.",
        "1h",
    ),
    F(
        "once_after",
        "duration",
        "Alerts of a key are gathered for this time after the first, then one run starts.",
        "2m",
    ),
    F(
        "accumulate",
        "object",
        "A run starts only when so many deliveries of the key have come within a time.",
        {"count": 3, "within": "10m"},
        of="accumulate",
    ),
    F(
        "per_hour",
        "integer",
        "The most runs of this route in an hour; the others wait until there is room.",
        10,
        least=1,
    ),
    F(
        "priority",
        "integer",
        "Higher ones are asked first, and start first where not all can; 0 when left out.",
        10,
    ),
    F(
        "storm",
        "object",
        "Gathers many alerts into one run, whose list input holds what they are about.",
        {"within": "30s", "by": ["alert.labels.cluster"], "input": "hosts", "most": 10},
        of="storm",
    ),
    F("continue", "boolean", "Whether routes after this one may take the alert too.", True),
)
ACCUMULATE = (
    F("count", "integer", "How many deliveries.", 3, required=True, least=2),
    F("within", "duration", "Within which time.", "10m", required=True),
)
STORM = (
    F("within", "duration", "For how long after the first alert others are gathered; 30s when left out.", "30s"),
    F(
        "by",
        "list",
        "Alerts that agree in these expressions are one storm; all of the route when left out.",
        ["alert.labels.cluster"],
        of="text",
    ),
    F("input", "name", "The list input that holds the distinct values.", "hosts", required=True),
    F(
        "most",
        "integer",
        "The most items of one run; the rest is the next wave, after it. 10 when left out.",
        10,
        least=1,
    ),
)
ROUTING_TABLES: dict[str, tuple[Field, ...]] = {
    "service": SERVICE,
    "route": ROUTE,
    "accumulate": ACCUMULATE,
    "storm": STORM,
}
