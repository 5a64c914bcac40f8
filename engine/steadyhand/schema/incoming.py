"""What comes in from outside and goes out to people, as data: intakes of alerts, and where open questions are told.

tables.py takes the objects in; intakes.py and asks.py read them.
"""

from __future__ import annotations

from .fields import Field

F = Field

SOURCES = ("alertmanager", "grafana", "pagerduty", "opsgenie", "datadog", "cloudevents", "generic")
"""The senders that are understood."""
STATUSES = ("firing", "acknowledged", "resolved")
"""What an alert can be."""

INCOMING = (
    F(
        "intake",
        "intakes",
        "Who may post alerts to `/hooks/<source>/<name>`, by name.",
        {"alertmanager": {"source": "alertmanager", "token": ["am_token"]}},
    ),
    F("asks", "asks", "Where open questions are told.", [{"roles": ["approver"], "email": "mail"}]),
)
"""What of it stands in the settings."""
INTAKE = (
    F("source", "text", "Who sends here.", "alertmanager", required=True, choices=SOURCES),
    F(
        "token",
        "list",
        "Names of secrets: one of them is the token that a sender must show. Several, while one replaces another.",
        ["am_token"],
        of="text",
    ),
    F("header", "text", "The header that holds the token; `Authorization: Bearer ...` unless said.", "X-Api-Key"),
    F(
        "signature",
        "list",
        "Names of secrets: with one of them the sender signs what it sends (pagerduty, grafana, generic).",
        ["pagerduty_signing"],
        of="text",
    ),
    F(
        "signature_header",
        "text",
        "The header that holds the signature (grafana, generic); the sender's default unless said.",
        "X-Grafana-Alerting-Signature",
    ),
    F(
        "timestamp_header",
        "text",
        "The header with the time that is signed as well (grafana); more than five minutes off is refused.",
        "X-Grafana-Alerting-Timestamp",
    ),
    F("basic", "object", "A user and a password.", {"user": "datadog", "password": ["dd_password"]}, of="intake_basic"),
    F(
        "open",
        "text",
        "Why this intake asks for no token, no signature and no password, in words.",
        "only this machine can reach it",
    ),
    F("url", "text", "Where the sender itself can be asked, for what is silenced.", "http://alertmanager:9093"),
    F(
        "mapping",
        "object",
        "Where in the body things stand (generic, cloudevents).",
        {"name": "$.title", "fingerprint": "$.id"},
        of="mapping",
    ),
    F(
        "statuses",
        "map",
        "What the sender's words for a status mean: firing, acknowledged or resolved.",
        {"ALARM": "firing", "OK": "resolved"},
        of="text",
    ),
)
BASIC = (
    F("user", "text", "The user.", "datadog", required=True),
    F("password", "list", "Names of secrets: one of them is the password.", ["dd_password"], required=True, of="text"),
)
MAPPING = (
    F("each", "text", "The alerts in a body that holds several; the whole body unless said.", "$.alerts[*]"),
    F("name", "text", "What the alert is called. What does not begin with `$` is the text itself.", "$.title"),
    F("status", "text", "Its status, a word; firing unless said.", "$.state"),
    F("fingerprint", "text", "What makes it the same alert; its name and labels unless said.", "$.id"),
    F("identity", "text", "What makes it the same message when it comes again.", "$.event_id"),
    F("starts_at", "text", "Since when: a time, or seconds or milliseconds since 1970.", "$.since"),
    F("ends_at", "text", "Until when.", "$.until"),
    F("group", "text", "What the sender groups by.", "$.policy"),
    F("url", "text", "Where it can be looked at.", "$.link"),
    F("labels", "any", "Its labels: a path to a map, or a map of label to path.", {"host": "$.tags.host"}),
    F("annotations", "any", "Words for people, in the same way.", {"summary": "$.text"}),
)
ASK = (
    F("roles", "list", "Gates that ask for one of these roles; all gates when left out.", ["approver"], of="text"),
    F("services", "list", "Runbooks about one of these services; all when left out.", ["orders"], of="text"),
    F(
        "email",
        "text",
        "A channel of kind `email`: each who may answer gets a letter with a link of their own.",
        "mail",
    ),
    F("slack", "text", "A channel of kind `slack` with a `token`: a message with buttons.", "team-chat"),
    F(
        "signature",
        "list",
        "Names of secrets: with one of them Slack signs what people press.",
        ["slack_signing"],
        of="text",
    ),
)
INCOMING_TABLES: dict[str, tuple[Field, ...]] = {
    "intake": INTAKE, "intake_basic": BASIC, "mapping": MAPPING, "ask_people": ASK,
}  # fmt: skip
