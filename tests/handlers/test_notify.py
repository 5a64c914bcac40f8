"""`notify` plans who is told what, and keeps every promise of the handler seam."""

from __future__ import annotations

import subprocess
import sys
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import notify
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Target, Text, Value, plain, secrets_in

from .servers import raw, request_of
from .sink import sink

HOOK = Text((Secret("settings.hook"),))
SLACK = {"slack": {"webhook": Text((Literal("https://hooks.slack.com/services/"), Secret("settings.hook")))}}
PAGE = {"statuspage": {"page": plain("p1"), "api_key": HOOK}}


def to(**channels):
    return Target(",".join(channels), "channels", channels)


def web_to(url):
    return to(oncall={"webhook": {"url": plain(url)}})


class TestContract(HandlerContract):
    handler = notify
    changes: ClassVar = {
        "message": plain("other"), "to": [plain("x")], "title": plain("T"), "audience": plain("customers"),
        "severity": plain("SEV1"), "action": plain("resolve"), "link": plain("https://a/"),
        "links": {"Logs": plain("https://b/")}, "key": plain("k"),
    }  # fmt: skip

    @pytest.fixture
    def ordinary(self):
        return Case({"message": plain("Checkout is slow")}, to(console={"console": {}}))

    @pytest.fixture
    def failing(self):
        with sink((403, {}, "no")) as service:
            yield Case({"message": plain("m")}, web_to(service.url))

    @pytest.fixture
    def big(self):
        """Not used: nothing streams."""
        return Case({"message": plain("m")})

    @pytest.fixture
    def slow(self):
        with raw(lambda connection: request_of(connection) and connection.recv(1)) as address:
            yield Case({"message": plain("m")}, web_to(f"http://{address}"))

    @pytest.fixture
    def secret(self):
        with sink() as service:
            url = Text((Literal(f"{service.url}/"), Secret("settings.hook")))
            target = to(oncall={"webhook": {"url": url}})
            yield Case({"message": plain("m")}, target, {"settings.hook": "sekrit-12345"})


def preview(channels, **params):
    return notify.plan({"message": plain("Checkout is slow"), **params}, channels).preview


def test_one_line_for_the_console():
    assert preview(to(console={"console": {}})) == "console: Checkout is slow"
    assert preview(None) == "console: Checkout is slow"


def test_each_text_is_shown_once_with_those_who_get_it():
    said = {"message": {"responders": plain("db2 is full\nsee below"), "customers": plain("We look into it")},
            "title": plain("Checkout"), "severity": plain("SEV2"), "link": plain("https://g/")}  # fmt: skip
    assert preview(to(oncall=SLACK, page=PAGE, console={"console": {}}), **said).splitlines() == [
        "oncall (slack https://hooks.slack.com/services/•••), console: [error] Checkout",
        "db2 is full",
        "see below",
        "Look: https://g/",
        "page (statuspage page p1 at https://api.statuspage.io): [error] We look into it",
    ]


def test_a_plan_keeps_secrets_by_name_and_names_its_channels():
    plan = notify.plan({"message": plain("m")}, to(a=SLACK, b={"pagerduty": {"routing_key": HOOK}}))
    assert secrets_in(plan.request) == {"settings.hook"}
    assert plan.targets == ("a", "b")


@pytest.mark.parametrize(
    ("params", "channels", "message"),
    [
        ({"message": Text((Secret("token"),))}, to(console={"console": {}}),
         "`message` holds the secret token, and no message may"),
        ({}, to(page=PAGE), "customers read the channel page, and this message is not written for them"),
        ({}, to(team={"slack": {}}), "channel team: `slack` needs one of `webhook` and `token`"),
        ({}, to(team={"webhook": {"url": HOOK, "audience": plain("x")}}), "channel team: `audience` cannot be 'x'"),
    ],
)  # fmt: skip
def test_what_is_not_sent(params, channels, message):
    with pytest.raises(BadInput) as caught:
        preview(channels, **params)
    assert caught.value.message == message
    assert caught.value.hint


def test_it_is_a_read_and_is_known_to_be_one():
    assert notify.effect_of({"message": "{{ inputs.x }}"}) is Effect.READ
    assert notify.spec.effect_known
    assert notify.spec.lenient
    assert not notify.spec.capabilities.probe


def test_hostile_values_stay_text():
    text = Text((Literal("host "), Value("<!channel>\x1b[2J", "<!channel>\x1b[2J")))
    assert preview(to(console={"console": {}}), message=text) == "console: host <!channel>\ufffd[2J"


def test_planning_imports_no_client():
    code = (
        "import sys; from steadyhand.handlers import notify; from steadyhand.model import plain;"
        "notify.plan({'message': plain('m')}, None);"
        "print([m for m in ('httpx', 'ssl', 'socket', 'smtplib', 'email', 'apprise', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
