"""The kinds of channels that notifications go to, as data, and what must hold of a channel before it is used.

Pure. `notify` gives these to the schema room, which checks `channels:` of steady.yaml against them, and asks `check`
and `place` when it plans. Addresses of hosted services are parameters with the public ones as defaults, so that a
proxy, a private installation or a test can stand in their place.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import BadInput
from ..model import MASK, Param, Secret, TargetSpec, Text
from ._notice import ACTIONS, AUDIENCES, CUSTOMERS, RESPONDERS, SEVERITIES
from ._texts import text_of

SLACK, PAGERDUTY, STATUSPAGE = "https://slack.com/api", "https://events.pagerduty.com", "https://api.statuspage.io"
OPSGENIE: Mapping[str, str] = {"us": "https://api.opsgenie.com", "eu": "https://api.eu.opsgenie.com"}
PORTS: Mapping[str, int] = {"starttls": 587, "implicit": 465, "none": 25}
STATES: Mapping[str, str] = {"trigger": "investigating", "acknowledge": "identified", "resolve": "resolved"}
"""What an action is called on a status page."""

_CA = Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/internal.pem")
_ACTION = Param(
    "action", "text", "What a step does that does not say it; `trigger` unless said.", "trigger", choices=ACTIONS
)
_HEADERS = Param("headers", "map", "Header fields.", {"Authorization": "Bearer {{ secrets.hook }}"})
_METHOD = Param("method", "text", "The method; POST unless said.", "PUT", choices=("POST", "PUT", "PATCH"))


def _audience(default: str = RESPONDERS) -> Param:
    words = f"Who reads it; {default} unless said. It decides which text of a message goes there."
    return Param("audience", "text", words, CUSTOMERS if default == RESPONDERS else RESPONDERS, choices=AUDIENCES)


def _url(example: str, words: str) -> Param:
    return Param("url", "text", words, example)


FAMILIES: tuple[TargetSpec, ...] = (
    TargetSpec(
        "slack",
        "A Slack channel, through an incoming webhook, or as a bot with `token` and `channel`.",
        (
            Param("webhook", "text", "The address of an incoming webhook.", "{{ secrets.slack }}"),
            Param("mention", "text", "Whom to call: here, channel, everyone, or the id of a user or a group.", "here"),
            Param("token", "text", "A bot's token (scope chat:write).", "{{ secrets.slack_token }}"),
            Param("channel", "text", "The channel that the bot writes to.", "#incidents"),
            _url(SLACK, f"Where the API answers; {SLACK} unless said."),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "teams",
        "A Microsoft Teams channel, through a workflow that takes a webhook, or an incoming webhook.",
        (
            Param("webhook", "text", "The address of the webhook.", "{{ secrets.teams }}", required=True),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "email",
        "Mail, over SMTP.",
        (
            Param("host", "text", "The mail server.", "smtp.example.com", required=True),
            Param("port", "integer", "Its port; 587, with `tls: implicit` 465, with `tls: none` 25.", 2525),
            Param(
                "tls",
                "text",
                "How it is encrypted: starttls unless said; none only to this machine.",
                "implicit",
                choices=tuple(PORTS),
            ),
            Param("username", "text", "Who logs in.", "steadyhand"),
            Param("password", "text", "Its password.", "{{ secrets.smtp }}"),
            Param("from", "text", "The sender.", "Steadyhand <steady@example.com>", required=True),
            Param("to", "list", "Who gets it.", ["oncall@example.com"], required=True),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "pagerduty",
        "A PagerDuty service, through its Events API v2.",
        (
            Param("routing_key", "text", "The integration's key.", "{{ secrets.pagerduty }}", required=True),
            _ACTION,
            Param("severity", "text", "When the step gives none; error unless said.", "critical",
                  choices=tuple(SEVERITIES.values())[:4]),
            Param("dedup_key", "text", "When the step gives no `key`; one for each run unless said.", "checkout"),
            Param("source", "text", "What is affected; steadyhand unless said.", "checkout"),
            _url(PAGERDUTY, f"Where the API answers; {PAGERDUTY} unless said."),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "opsgenie",
        "Opsgenie alerts: made, acknowledged and closed.",
        (
            Param("api_key", "text", "The integration's key.", "{{ secrets.opsgenie }}", required=True),
            Param("region", "text", "Where the account is; us unless said.", "eu", choices=tuple(OPSGENIE)),
            _ACTION,
            Param("team", "text", "The team that gets it.", "checkout"),
            Param("tags", "list", "Tags.", ["runbook"]),
            _url(OPSGENIE["us"], "Where the API answers, when that is not the region's own address."),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "webhook",
        "Anything that takes JSON over HTTP.",
        (
            Param("url", "text", "The address.", "https://hooks.example.com/{{ secrets.hook }}", required=True),
            _METHOD,
            _HEADERS,
            Param(
                "body",
                "map",
                "The body; $message, $title, $severity, $action, $audience, $link, $key, $run and $step stand for "
                "what is told. All of them, unless said.",
                {"text": "$title: $message"},
            ),
            Param("secret", "text", "Signs the body: HMAC with SHA-256.", "{{ secrets.signing }}"),
            Param("signature", "text", "The header of the signature; X-Signature-256 unless said.", "X-Hub-Signature"),
            _audience(),
            _CA,
        ),
    ),
    TargetSpec(
        "statuspage",
        "Incidents of an Atlassian Statuspage.",
        (
            Param("page", "text", "The id of the page.", "kctbh9vrtdwd", required=True),
            Param("api_key", "text", "The key of the API.", "{{ secrets.statuspage }}", required=True),
            _ACTION,
            Param("components", "map", "What is affected, while it is: component id to its status.",
                  {"8kbf7d35c070": "partial_outage"}),
            Param("impact", "text", "How bad it looks; reckoned from the components unless said.", "minor",
                  choices=("none", "minor", "major", "critical")),
            _url(STATUSPAGE, f"Where the API answers; {STATUSPAGE} unless said."),
            _audience(CUSTOMERS),
            _CA,
        ),
    ),
    TargetSpec(
        "status",
        "Any other status page that takes JSON over HTTP, such as Cachet.",
        (
            Param("url", "text", "Where incidents are made.", "https://status.example.com/api/v1/incidents",
                  required=True),
            _METHOD,
            _HEADERS,
            Param("fields", "map", "The body; as `body` of a webhook, and $state is the state.",
                  {"name": "$title", "message": "$message", "status": "$state"}, required=True),
            Param("states", "map", "What the page calls each action; Statuspage's words unless said.",
                  {"trigger": 1, "acknowledge": 2, "resolve": 4}, items="any"),
            _audience(CUSTOMERS),
            _CA,
        ),
    ),
    TargetSpec("console", "Whoever watches the run.", ()),
    TargetSpec(
        "apprise",
        "Any of the services that the library apprise knows (`pip install 'steadyhand[apprise]'`).",
        (Param("url", "text", "The service, as apprise writes it.", "{{ secrets.ntfy }}", required=True), _audience()),
    ),
)  # fmt: skip
"""In the order in which they are listed for people."""

DEFAULTS: Mapping[str, str] = {"statuspage": CUSTOMERS, "status": CUSTOMERS}


def word(params: Mapping[str, Any], name: str, default: str = "") -> str:
    """A parameter as people may see it."""
    value = params.get(name)
    return text_of(value).masked() if value is not None else default


def audience(kind: str, params: Mapping[str, Any]) -> str:
    """Who reads a channel. Raises BadInput."""
    return _one_of(params, "audience", AUDIENCES, DEFAULTS.get(kind, RESPONDERS))


def check(kind: str, params: Mapping[str, Any]) -> None:
    """Raises BadInput for a channel that cannot be used as it is declared."""
    family = next((f for f in FAMILIES if f.name == kind), None)
    if family is None:
        raise BadInput(f"there is no kind of channel {kind}", f"one of {', '.join(f.name for f in FAMILIES)}")
    for param in family.params:
        if param.required and not params.get(param.name):
            raise BadInput(f"`{kind}` needs `{param.name}`", f"such as {param.name}: {param.example}")
        if param.choices:
            _one_of(params, param.name, param.choices, "")
    for name in ("webhook", "url"):
        if name in params and kind != "apprise":
            _address(name, text_of(params[name]))
    if kind in _CHECKS:
        _CHECKS[kind](params)


def place(kind: str, params: Mapping[str, Any]) -> str:
    """Where a channel leads, as people may see it: masked, and no more of an address than its host and path."""
    if kind in {"console", "slack"} and "channel" in params:
        return word(params, "channel")
    if kind == "email":
        return f"{', '.join(text_of(to).masked() for to in params['to'])} by {word(params, 'host')}"
    if kind == "statuspage":
        return f"page {word(params, 'page')} at {word(params, 'url', STATUSPAGE)}"
    shown = {"slack": "webhook", "teams": "webhook", "pagerduty": "routing_key", "opsgenie": "api_key"}
    return MASK if kind == "apprise" else word(params, shown.get(kind, "url")).partition("?")[0]


def _one_of(params: Mapping[str, Any], name: str, known: tuple[str, ...], default: str) -> str:
    found = word(params, name, default)
    if found not in (*known, *((default,) if not default else ())) and found.upper() not in known:
        raise BadInput(f"`{name}` cannot be {found[:40]!r}", f"one of {', '.join(known)}")
    return found


def _address(name: str, url: Text) -> None:
    whole_secret = bool(url.parts) and isinstance(url.parts[0], Secret)
    if not whole_secret and not re.match(r"https?://[^/?#\s]", url.masked(), re.IGNORECASE):
        raise BadInput(f"`{name}` is no http or https address: {url.masked()[:80]!r}", "begin it with https://")


def _check_slack(params: Mapping[str, Any]) -> None:
    if ("webhook" in params) == ("token" in params):
        raise BadInput(
            "`slack` needs one of `webhook` and `token`", "write webhook: ..., or token: ... and channel: ..."
        )
    if "token" in params and not word(params, "channel").strip():
        raise BadInput("a Slack bot needs a `channel`", 'write channel: "#incidents"')
    mention = word(params, "mention")
    if mention and not re.fullmatch(r"here|channel|everyone|[UWS][A-Z0-9]{5,30}", mention):
        raise BadInput(
            f"`mention` cannot be {mention[:40]!r}", "write here, channel, everyone, or an id such as U024BE7LH"
        )


def _check_email(params: Mapping[str, Any]) -> None:
    tls, host = word(params, "tls", "starttls"), word(params, "host")
    if tls == "none" and not loopback(host):
        hint = "use starttls or implicit: passwords and messages would travel for all to read"
        raise BadInput(f"`tls: none` is for this machine only, and {host[:80]} is another", hint)
    if ("username" in params) != ("password" in params):
        raise BadInput("`username` and `password` belong together", "give both, or neither")
    for address in (params["from"], *params["to"]):
        if not MAILBOX.fullmatch(text_of(address).masked()):
            shown = text_of(address).masked()[:80]
            raise BadInput(f"{shown!r} is no address of mail", "write name@host, or Name <name@host>")


MAILBOX = re.compile(
    r"(?:[^<>@,;:\"\x00-\x1f\x7f]{0,80} )?<?[^\s<>@,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[^\s<>@,;:\"()]{1,253}>?"
)
"""An address of mail, plain or with a name before it; nothing that could begin another header."""


def _check_signature(params: Mapping[str, Any]) -> None:
    if "signature" in params and "secret" not in params:
        raise BadInput("`signature` needs `secret`", "give the secret that signs")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "slack": _check_slack,
    "email": _check_email,
    "webhook": _check_signature,
}


def loopback(host: str) -> bool:
    """Whether a name can only mean this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
