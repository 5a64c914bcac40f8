"""What a document may hold, as data. The checker and the published JSON Schema both come from here.

A `Field` has a type: text, slug, name, integer, number, boolean, duration, size, any, `list` or `map` (of `of`),
`object` (of the table `of`), or one of the special ones that have a reader of their own (steps, step, next, expect,
schema, secret, targets, operation, undo, each, batch). `short` is the field that a bare value stands for.
"""

from __future__ import annotations

from .fields import NAME, SLUG, Field
from .incoming import INCOMING, INCOMING_TABLES
from .rights import RIGHTS, RIGHTS_TABLES
from .routed import ROUTING, ROUTING_TABLES
from .sources import SOURCE_TABLES
from .trials import ASKED, CAME, CASE, DRILL, DRILLED, DRILLS, EXPECTED, SAID, STOPPED, TEST

__all__ = ["FLOW", "NAME", "ROOTS", "SLUG", "TABLES", "Field"]

F = Field

LINK = (
    F("title", "text", "What the page is called.", "Orders architecture", required=True),
    F("url", "text", "Its address.", "https://wiki.example/orders", required=True),
)
IMPACT = (
    F("users", "text", "What users notice.", "New checkouts fail"),
    F("business", "text", "What it costs.", "Orders are lost"),
)
GATE = (
    F(
        "prompt",
        "text",
        "The question. Placeholders are filled in.",
        "Restart {{ inputs.app }}?",
        template=True,
        short=True,
    ),
    F("roles", "list", "Who may answer; anybody when left out.", ["responder"], of="text"),
    F("quorum", "integer", "How many different people must approve.", 2, least=1),
    F("within", "duration", "How long the question stands; then the outcome is `expired`.", "10m"),
    F("other_than_requester", "boolean", "Whether whoever started the run may not approve.", True),
    F("auto", "boolean", "Whether mode `auto` may pass without asking.", True),
    F(
        "back",
        "list",
        "Steps beside this one that a person may send the run back to; one of the loop needs `max_visits`.",
        ["causes"],
        of="text",
    ),
)
CHOOSE = (
    F("prompt", "text", "The question.", "Which mitigation?", required=True, template=True),
    F(
        "options",
        "map",
        "The answers: an id, and what it means. Placeholders in the words are filled in.",
        {"restart": "Quick fix (restart)"},
        required=True,
        of="text",
    ),
    F("roles", "list", "Who may answer; anybody when left out.", ["responder"], of="text"),
    F("within", "duration", "How long the question stands; then the outcome is `expired`.", "10m"),
)
ASK = (
    F("prompt", "text", "The question.", "Which release was good?", required=True, template=True, short=True),
    F("fact", "name", "The fact that the answer becomes; the step's id when left out.", "release"),
    F("schema", "schema", "The JSON Schema that an answer must satisfy.", {"type": "string", "pattern": "^v[0-9.]+$"}),
    F("roles", "list", "Who may answer; anybody when left out.", ["responder"], of="text"),
    F("within", "duration", "How long the question stands; then the outcome is `expired`.", "10m"),
)
MANUAL = (
    F(
        "instructions",
        "text",
        "What a person does by hand.",
        "Call the provider.",
        required=True,
        template=True,
        short=True,
    ),
    F("evidence", "boolean", "Whether the answer must carry a comment as evidence.", True),
    F("effect", "text", "What it does.", "change", choices=("read", "change", "destructive")),
    F("roles", "list", "Who may do it; anybody when left out.", ["responder"], of="text"),
    F("within", "duration", "How long it may take; then the outcome is `expired`.", "30m"),
)
WAIT = (F("for", "duration", "How long.", "30s", required=True, short=True),)
CALL = (
    F("runbook", "text", "The name of the runbook.", "restart-service", required=True, short=True),
    F("inputs", "map", "Its inputs.", {"unit": "{{ inputs.unit }}"}, of="any", template=True),
)
RETRY = (
    F("times", "integer", "Further attempts after one that did not pass.", 3, required=True, least=1),
    F("every", "duration", "The time between two attempts.", "6s"),
    F("backoff", "number", "By what the time grows after each attempt.", 2),
)
EACH = (
    F("in", "any", "The items: a list, or a placeholder for one.", "{{ facts.hosts }}", template=True),
    F("target", "text", "The target whose hosts are the items.", "app-hosts"),
    F("as", "name", "What an item is called in templates; `item` when left out.", "host"),
    F("batch", "batch", "How many at once: a count, a share, or a list of them (a canary first).", [1, "10%", "50%"]),
    F("canary", "integer", "How many go first, alone.", 1, least=1),
    F("max_failures", "integer", "How many items may not pass before the wave stops.", 1, least=0),
    F("between", "operation", "A check between two batches.", {"http": "https://shop.example/health"}),
)
OPERATION = (
    F("effect", "text", "What it does to the world.", "read", choices=("read", "change", "destructive")),
    F("target", "text", "The target it acts on.", "app-hosts"),
    F("expect", "expect", "What must hold for the outcome `pass`.", {"exit_code": 0}),
    F("facts", "map", "Facts taken from the result.", {"count": "{{ stdout | int }}"}, of="any", template=True),
    F(
        "retry",
        "object",
        "Further attempts of a read, or of what is idempotent.",
        {"times": 3, "every": "6s"},
        of="retry",
    ),
    F("timeout", "duration", "How long one attempt may take.", "30s"),
    F("idempotent", "boolean", "Whether doing it twice does no harm, so that it may be repeated unasked.", True),
    F(
        "confine",
        "boolean",
        "Whether the kernel must hold a `shell` read to reading; when left out, in mode `diagnose` where it can.",
        True,
    ),
)
VERIFY = (
    F("settle", "duration", "How long the change is left alone before the first check.", "30s"),
    F("within", "duration", "How long the check may take to pass.", "5m"),
    F("every", "duration", "The time between two checks; 5s when left out.", "10s"),
)
CHECK = (
    F("cause", "text", "What is wrong when this check fails.", "Sessions idle in transaction", required=True),
    F("fix", "text", "The step that repairs it.", "terminate-idle"),
)
STEP = (
    F("title", "text", "What the step does, in a few words.", "Restart the application"),
    F("description", "text", "What a reader should know about it.", "Takes about ten seconds."),
    F("purpose", "text", "Says that this check proves a change.", "verification", choices=("verification",)),
    F(
        "gate",
        "object",
        "The question that must be answered before the step acts; alone, a step of its own.",
        {"prompt": "Restart?", "roles": ["responder"], "within": "10m"},
        of="gate",
    ),
    F(
        "each",
        "each",
        "Run the step for every item of a list, or every host of a target.",
        {"target": "app-hosts", "batch": 1},
    ),
    F(
        "verify",
        "verify",
        "The check that proves the change.",
        {"http": "https://shop.example/health", "settle": "30s"},
    ),
    F(
        "undo",
        "undo",
        "What takes the change back, or why there is nothing to take back.",
        {"none": "A restart has nothing to take back"},
    ),
    F("capture", "captures", "Reads taken just before the change, and again after it.", {"pods": {"shell": "ps aux"}}),
    F("lock", "list", "What else must not be changed meanwhile.", ["orders-db"], of="text"),
    F("max_visits", "integer", "How often control may come here; a loop needs one.", 3, least=1),
    F(
        "next",
        "next",
        "The next step, or a map from outcome to step or `end.<conclusion>`.",
        {"pass": "confirm", "fail": "end.escalated"},
    ),
    F("otherwise", "text", "The step after a diagnosis that found no cause.", "pick"),
    F(
        "choose",
        "object",
        "A person picks one of several options.",
        {"prompt": "Which?", "options": {"a": "A"}},
        of="choose",
    ),
    F("ask", "object", "A person types an answer.", {"prompt": "Which release was good?"}, of="ask"),
    F("manual", "object", "A person does something by hand.", "Call the provider.", of="manual"),
    F("wait", "object", "Time passes.", "30s", of="wait"),
    F("set", "map", "Facts are computed.", {"url": "https://{{ inputs.host }}/health"}, of="any", template=True),
    F("call", "object", "Another runbook runs as one step.", {"runbook": "restart-service"}, of="call"),
    F(
        "diagnose",
        "checks",
        "Checks that run at once; the first cause found, in this order, decides.",
        {"full": {"cause": "The disk is full", "shell": "df -P /", "fix": "clean"}},
    ),
    F("parallel", "branches", "Branches that run side by side and join.", {"logs": {"shell": "journalctl -n 100"}}),
)
FLOW = ("gate", "choose", "ask", "manual", "wait", "set", "call", "diagnose", "parallel")
"""The step kinds that are no handlers."""

ROOTS = ("inputs", "facts", "secrets", "steps", "run", "alert", "contacts", "targets")
"""The names that templates and expressions may begin with, everywhere."""

ESCALATION = (
    F("after", "duration", "After how long the run is handed over.", "15m"),
    F("to", "text", "To whom.", "team-data"),
    F("contact", "text", "How they are reached.", "{{ contacts['team-data'] }}", template=True),
)
REQUIRES = (
    F("tools", "list", "Programs that must be there.", ["psql"], of="text"),
    F("access", "list", "What must be allowed, by kind.", [{"kubernetes": {"verb": "patch"}}], of="any"),
)
LIMITS = (
    F("output", "size", "How much output of one step is kept.", "64MiB"),
    F("timeout", "duration", "How long one attempt may take unless its step says otherwise.", "10m"),
)
RUNBOOK = (
    F("steadyhand", "integer", "The version of the format: 1.", 1, required=True),
    F("name", "slug", "The name, unique in a library.", "orders-db-connections", required=True),
    F("title", "text", "What it is for, in a few words.", "Database connections exhausted", required=True),
    F("description", "text", "What a reader should know.", "For the primary of the orders database."),
    F("severity", "text", "The severity of what it is for.", "SEV2", choices=("SEV1", "SEV2", "SEV3", "SEV4")),
    F("services", "list", "The services it is about.", ["orders", "orders-db"], of="text"),
    F("alerts", "list", "The names of the alerts that start it.", ["PostgresTooManyConnections"], of="text"),
    F("owner", "text", "Who keeps it up to date.", "team-data"),
    F("updated", "text", "When it was last looked at.", "2026-11-20"),
    F("links", "links", "Pages worth reading.", [{"title": "Orders", "url": "https://wiki.example/orders"}]),
    F("symptoms", "list", "How the trouble shows.", ['Logs say "remaining connection slots are reserved"'], of="text"),
    F("impact", "object", "What it does to people.", {"users": "New checkouts fail"}, of="impact"),
    F(
        "inputs",
        "inputs",
        "What the run is given: a JSON Schema each, and where an alert supplies it.",
        {"host": {"type": "string", "format": "hostname", "from": "alert.labels.instance"}},
    ),
    F(
        "secrets",
        "secrets",
        "Where secrets come from: env, file, command, kubernetes or vault.",
        {"db_password": {"env": "ORDERS_DB_PASSWORD"}},
    ),
    F("targets", "targets", "Named places that steps act on.", {"app-hosts": {"ssh": {"hosts": ["app1", "app2"]}}}),
    F("requires", "object", "What must hold before the first step.", {"tools": ["psql"]}, of="requires"),
    F(
        "steps",
        "steps",
        "The steps, by id. The first one starts the run.",
        {"verify": {"http": "https://shop.example/health", "next": {"pass": "end.healthy"}}},
        required=True,
    ),
    F("escalation", "object", "To whom the run is handed over.", {"after": "15m", "to": "team-data"}, of="escalation"),
    F("within", "duration", "How long the whole run may take.", "2h"),
    F("limits", "object", "Bounds of one run.", {"output": "64MiB"}, of="limits"),
)
SETTINGS = (
    F("store", "text", "Where the journal lies: a path or a URL.", "/var/lib/steadyhand/journal.db"),
    F("library", "list", "Folders in which runbooks are looked for.", ["runbooks"], of="text"),
    F(
        "roles",
        "map",
        "Who has which role: people, or `group:sre` for a group of the login. One that is not listed is not checked.",
        {"responder": ["ops", "group:sre"]},
        of="list",
    ),
    F("contacts", "map", "How people are reached, by name.", {"team-data": "#team-data"}, of="text"),
    F("targets", "targets", "Targets that all runbooks may name.", {"app-hosts": {"ssh": {"hosts": ["app1"]}}}),
    F("channels", "channels", "Where notifications go, by name.", {"team": {"console": {}}}),
    F("changes", "object", "Bounds that all changes keep.", {"per_hour": 3}, of="changes"),
    F("secrets", "secrets", "Secrets that these targets and channels use.", {"slack": {"env": "SLACK_WEBHOOK"}}),
    F("rules", "list", "Rules files of Prometheus, as paths with wildcards.", ["prometheus/*.yml"], of="text"),
    F(
        "server",
        "object",
        "How `steady serve` is reached, and how much it does at once.",
        {"listen": "127.0.0.1:8420"},
        of="server",
    ),
    F(
        "policy",
        "object",
        "What a gate with `auto: true` may let pass unasked.",
        {"auto": {"change": "asked"}},
        of="policy",
    ),
    F(
        "confine",
        "text",
        "`required` has `steady validate` refuse a read of kind `shell` that does not say `confine: true`.",
        "required",
        choices=("required",),
    ),
    *RIGHTS,
    *INCOMING,
    *ROUTING,
)
SERVER = (
    F("listen", "text", "Address and port that `steady serve` listens on; 127.0.0.1:8420 unless said.", "0.0.0.0:8420"),
    F("url", "text", "How people and links reach the server.", "https://steady.example"),
    F("proxies", "list", "Addresses of proxies whose X-Forwarded-For is believed.", ["10.0.0.1"], of="text"),
    F("runs", "integer", "How many runs are driven at the same time; others wait. 64 unless said.", 64, least=1),
    F("grace", "duration", "How long steps may go on when the server stops; 20s unless said.", "20s"),
    F("metrics", "object", "Who may read `/metrics`.", {"from": ["127.0.0.1", "10.0.0.0/8"]}, of="metrics"),
    F(
        "traces",
        "text",
        "Collector to which runs are sent as traces (OTLP over HTTP). OTEL_EXPORTER_OTLP_ENDPOINT goes before it.",
        "http://collector:4318",
    ),
)
METRICS = (
    F(
        "from",
        "list",
        "Addresses and networks from which no token is asked for; this machine alone unless said.",
        ["127.0.0.1", "10.0.0.0/8"],
        of="text",
    ),
)
POLICY = (F("auto", "object", "In mode `auto`, by effect.", {"change": "unasked"}, of="unasked"),)
UNASKED = (
    F("change", "text", "Changes; `unasked` when left out.", "asked", choices=("asked", "unasked")),
    F("destructive", "text", "What destroys; `asked` when left out.", "unasked", choices=("asked", "unasked")),
)
FREEZE = (
    F("from", "text", "When it begins: a time with its zone.", "2026-12-24T00:00:00Z"),
    F("to", "text", "When it ends.", "2026-12-27T00:00:00Z"),
    F("days", "list", "The days of the week on which it holds, every week.", ["sat", "sun"], of="text"),
    F("between", "text", "The hours of those days; past midnight is meant where the second is smaller.", "18:00-08:00"),
    F("zone", "text", "The time zone of the hours; UTC when left out.", "Europe/Berlin"),
    F("targets", "list", "The targets it is for; all when left out.", ["orders-db"], of="text"),
    F("reason", "text", "Why.", "No changes over the holidays", required=True),
    F("roles", "list", "Who may approve a change all the same; nobody when left out.", ["commander"], of="text"),
)
CHANGES = (
    F("per_hour", "integer", "How often the same change may be made to a target in an hour.", 3, least=1),
    F("remember", "duration", "How long it is remembered that a change did not help; 24h when left out.", "24h"),
    F("freezes", "freezes", "When no changes are made.", [{"days": ["sat", "sun"], "reason": "Weekend"}]),
)
TABLES: dict[str, tuple[Field, ...]] = {
    "link": LINK, "impact": IMPACT, "gate": GATE, "choose": CHOOSE, "ask": ASK, "manual": MANUAL, "wait": WAIT,
    "call": CALL, "retry": RETRY, "each": EACH, "operation": OPERATION, "verify": VERIFY, "check": CHECK, "step": STEP,
    "escalation": ESCALATION, "requires": REQUIRES, "limits": LIMITS, "runbook": RUNBOOK, "settings": SETTINGS,
    "server": SERVER, "metrics": METRICS, "policy": POLICY, "unasked": UNASKED, "test": TEST,
    "freeze": FREEZE, "changes": CHANGES, "case": CASE, "expected": EXPECTED, "said": SAID,
    "stopped": STOPPED, "came": CAME, "asked": ASKED, "drills": DRILLS, "drill": DRILL, "drilled": DRILLED,
    **SOURCE_TABLES, **RIGHTS_TABLES, **INCOMING_TABLES, **ROUTING_TABLES,
}  # fmt: skip
