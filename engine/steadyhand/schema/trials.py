"""What tests and drills of runbooks may hold, as data. Part of the tables (tables.py)."""

from __future__ import annotations

from .fields import Field

F = Field

TEST = (
    F("runbook", "text", "The runbook, as a path from this file; else the one that is named like it.", "restart.yaml"),
    F("tests", "cases", "Tests by name.", {"healthy": {"steps": {"check": "pass"}}}, required=True),
)
CASE = (
    F("inputs", "map", "The inputs of the run.", {"host": "db1"}, of="any"),
    F("mode", "text", "The mode.", "auto", choices=("guided", "step", "auto", "diagnose")),
    F("by", "text", "Who starts the run.", "tester"),
    F("roles", "map", "Who has which role; a role that is not listed is not checked.", {"oncall": ["anna"]}, of="list"),
    F("contacts", "map", "Contacts, as in the settings.", {"team-data": "#team-data"}, of="text"),
    F("targets", "map", "Targets, as in the settings.", {"hosts": {"ssh": {"hosts": ["app1"]}}}, of="any"),
    F("channels", "map", "Channels, as in the settings.", {"team": {"console": {}}}, of="any"),
    F("secrets", "map", "Secrets, as in the settings; they are never read.", {"slack": {"env": "SLACK"}}, of="any"),
    F("alert", "map", "The alert that starts the run.", {"labels": {"instance": "db1"}}, of="any"),
    F("steps", "came", "What comes of the attempts at a path, in turn; the last one stays.", {"causes.idle": "fail"}),
    F(
        "answers",
        "said",
        "What people answer, by gate; a list in the list is all said to one opening.",
        {"fix": "approve"},
    ),
    F("stop", "object", "A person stops the run.", {"by": "anna", "after": "2m"}, of="stopped"),
    F("crash_after", "counts", "After how many events the engine dies.", [5, 9]),
    F("expect", "object", "What must come of it.", {"conclusion": "resolved"}, of="expected"),
)
EXPECTED = (
    F(
        "conclusion",
        "text",
        "How the run ends.",
        "resolved",
        choices=("healthy", "resolved", "escalated", "stopped", "broken", "none"),
    ),
    F("path", "list", "The steps that are entered, in order.", ["check", "restart"], of="text"),
    F("facts", "map", "Facts, by name.", {"idle": 7}, of="any"),
    F("waits_for", "texts", "The gates at which the run waits in the end.", "restart"),
    F("attempts", "map", "How often something was tried, by path.", {"restart": 1}, of="any"),
    F("asks", "asks", "The questions that were put, in order: a gate, or a gate and what it says.", ["restart"]),
    F("sends", "sends", "The messages of `notify` steps that went out, in order.", [{"text": {"contains": "slow"}}]),
    F("refused", "refused", "Whose answers did not count, by gate.", {"restart": ["bo"]}),
    F("undone", "texts", "The changes that were taken back.", "restart"),
    F("in_doubt", "texts", "The changes of which nobody knows whether they happened.", "restart"),
)
SAID = (
    F("answer", "text", "The option; left out for a typed value.", "approve", short=True),
    F("by", "text", "Who answers.", "somebody"),
    F("after", "duration", "How long it takes.", "2m"),
    F("value", "any", "A typed value, by the name of its fact.", {"workers": 4}),
    F("comment", "text", "A comment.", "it is safe"),
)
STOPPED = (
    F("by", "text", "Who stops it.", "anna"),
    F("after", "duration", "How long after the start.", "2m", short=True),
    F("reason", "text", "Why.", "the wrong host"),
)
CAME = (
    F("after", "duration", "How long the attempt takes.", "20s"),
    F("outcome", "text", "The outcome, whatever the values are.", "fail", choices=("pass", "fail", "error")),
    F(
        "error",
        "text",
        "The failure by name; the outcome is `error`.",
        "Unreachable",
        choices=("Unreachable", "Refused", "TimedOut", "Cancelled", "BadResponse", "BadInput", "Bug"),
    ),
    F("reason", "text", "Why, as the transcript would say it.", "connection refused"),
    F("unsure", "boolean", "Whether it may have had an effect all the same.", True),
    F("crash", "boolean", "Whether the engine dies instead, `after` the attempt has begun.", True),
    F("facts", "map", "The facts, where the values do not tell them.", {"count": 7}, of="any"),
    F("values", "map", "Values whose names are among these words.", {"reason": "OK"}, of="any"),
)
ASKED = (
    F("gate", "text", "The gate.", "restart", required=True, short=True),
    F("prompt", "any", "The question: a text, or matchers.", {"contains": "Restart web"}),
    F("roles", "texts", "Who may answer.", ["oncall"]),
    F("quorum", "integer", "How many must approve.", 2, least=1),
    F("kind", "text", "The kind of question.", "confirm", choices=("confirm", "choose", "ask", "manual", "doubt")),
    F("preview", "any", "What would run, as it is shown: a text, or matchers.", {"contains": "systemctl"}),
    F("effect", "text", "The effect that is asked about.", "change", choices=("read", "change", "destructive")),
)
DRILLS = (
    F(
        "runbook",
        "text",
        "The runbook, as a path from this file; else the one that is named like it.",
        "disk-full.yaml",
    ),
    F(
        "place",
        "text",
        "Where: plain processes, or namespaces of its own.",
        "namespace",
        choices=("process", "namespace"),
    ),
    F("needs", "list", "Programs without which the drill cannot be carried out.", ["nginx"], of="text"),
    F(
        "start",
        "text",
        "A shell text that starts the service in $DRILL; what it leaves running is ended.",
        "nginx -p .",
    ),
    F("ready", "text", "A command that succeeds once the service is ready.", "curl -sf http://127.0.0.1:$PORT/"),
    F("stop", "text", "A shell text that cleans up what is no process.", "umount data"),
    F("settings", "map", "The settings of the runs, as in steady.yaml.", {"roles": {"responder": ["drill"]}}, of="any"),
    F("drills", "drills", "The faults, by name.", {"healthy": {"expect": {"conclusion": "healthy"}}}, required=True),
)
DRILL = (
    F("break", "text", "A shell text that breaks it.", "kill $(cat nginx.pid)"),
    F("broken", "text", "A command that succeeds only while it is broken.", "! curl -sf http://127.0.0.1:$PORT/"),
    F(
        "inputs",
        "map",
        "The inputs of the run; {{ drill.folder }}, {{ drill.port }} are filled in.",
        {"port": 80},
        of="any",
    ),
    F("environment", "map", "Variables of the run, for its secrets.", {"DB_PASSWORD": "drill"}, of="text"),
    F("mode", "text", "The mode.", "auto", choices=("guided", "step", "auto", "diagnose")),
    F("answers", "said", "What people answer, by gate.", {"restart": "approve"}),
    F("within", "duration", "How long the run may take; 2m when left out.", "30s"),
    F(
        "repaired",
        "text",
        "A command, not of the runbook, that succeeds once all is well.",
        "curl -sf http://127.0.0.1:$PORT/",
    ),
    F("expect", "object", "What must come of it.", {"cause": "down", "conclusion": "resolved"}, of="drilled"),
)
DRILLED = (
    F(
        "conclusion",
        "text",
        "How the run ends.",
        "resolved",
        choices=("healthy", "resolved", "escalated", "stopped", "broken"),
    ),
    F("cause", "text", "The cause that is found: the id of a check; empty for none.", "log-files"),
    F("path", "list", "The steps that are entered, in order.", ["check", "restart"], of="text"),
)
