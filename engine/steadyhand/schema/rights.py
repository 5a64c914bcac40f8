"""What settings say of people and how they come in, as data: tables.py takes the tables in, people.py reads them."""

from __future__ import annotations

from .fields import Field

F = Field

PERSON = (
    F("email", "text", "Where mail reaches them; also how an identity provider may name them.", "ana@shop.example"),
    F("slack", "text", "Their id in Slack.", "U024BE7LH"),
    F(
        "roles",
        "map",
        "What they may do: a role, and the services for which they have it (`*` for all).",
        {"approver": ["orders"], "viewer": ["*"]},
        of="list",
    ),
)
GROUP = (
    F(
        "roles",
        "map",
        "What whoever is in the group may do: a role, and the services for which (`*` for all).",
        {"commander": ["*"]},
        of="list",
        required=True,
    ),
)
OIDC = (
    F("issuer", "text", "The address of the identity provider.", "https://id.shop.example", required=True),
    F("client_id", "text", "What this server is called there.", "steadyhand", required=True),
    F("client_secret", "text", "The secret that holds its password there, by its name in `secrets`.", "oidc_secret"),
    F("name", "text", "What the button on the page for signing in says.", "Sign in with the company account"),
    F("scopes", "list", "What is asked for beside `openid`; profile and email unless said.", ["profile"], of="text"),
    F(
        "person",
        "text",
        "The claim that names the person: `preferred_username` unless said. `email` is compared with the addresses in "
        "`people`, and must be verified.",
        "email",
    ),
    F("groups", "text", "The claim that lists groups; none is believed unless said.", "groups"),
    F("ca", "text", "A file of the authorities to trust, where the provider's is not a public one.", "/etc/ssl/id.pem"),
)
LOGIN = (
    F("accounts", "boolean", "Whether people may sign in with a password that this server keeps.", False),
    F(
        "oidc",
        "object",
        "An identity provider (OpenID Connect) that says who people are.",
        {"issuer": "https://id.shop.example", "client_id": "steadyhand", "groups": "groups"},
        of="oidc",
    ),
    F("idle", "duration", "After how long without a request a session ends; 30m unless said.", "15m"),
    F("longest", "duration", "After how long a session ends in any case; 12h unless said.", "8h"),
)
RIGHTS_TABLES: dict[str, tuple[Field, ...]] = {"person": PERSON, "group": GROUP, "oidc": OIDC, "login": LOGIN}
RIGHTS = (
    F(
        "people",
        "objects",
        "Who may use a server, and for what.",
        {"ana": {"email": "ana@shop.example", "roles": {"approver": ["orders"], "viewer": ["*"]}}},
        of="person",
    ),
    F(
        "groups",
        "objects",
        "What those may do who are in a group of the identity provider.",
        {"sre": {"roles": {"commander": ["*"]}}},
        of="group",
    ),
    F("login", "object", "How people sign in on a server.", {"accounts": True, "idle": "30m"}, of="login"),
)
"""The sections of the settings."""
