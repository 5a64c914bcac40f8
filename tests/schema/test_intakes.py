"""`intake:` of the settings: read, and what is wrong with it."""

from __future__ import annotations

import pytest

from steadyhand.handlers import registry
from steadyhand.schema import read_settings
from steadyhand.schema.intakes import IntakeSpec, Shape

SPECS = registry.specs()
SECRETS = "secrets: {am: {env: AM}, old: {env: OLD}}\n"


def read(text):
    return read_settings(f"{SECRETS}intake:\n{text}", "steady.yaml", SPECS)


def test_everything_may_be_said():
    settings, found = read("""\
  alertmanager: {source: alertmanager, token: [am, old], url: http://am:9093}
  pages: {source: pagerduty, signature: [am]}
  timed: {source: grafana, signature: [am], signature_header: X-Sig, timestamp_header: X-Time}
  dd: {source: datadog, basic: {user: dd, password: [am]}}
  og: {source: opsgenie, token: [am], header: X-Key}
  mine:
    source: generic
    open: only this machine can reach it
    mapping: {each: '$.a[*]', name: $.n, labels: {host: $.h, kind: fixed}, annotations: $.words}
    statuses: {ALARM: firing, 5: resolved}
""")
    assert found == ()
    intakes = settings.intakes
    assert intakes["alertmanager"] == IntakeSpec(
        "alertmanager", "alertmanager", token=("am", "old"), url="http://am:9093"
    )
    assert intakes["timed"].signature_header == "X-Sig"
    assert (intakes["dd"].user, intakes["dd"].password, intakes["dd"].secrets) == ("dd", ("am",), ("am",))
    assert intakes["mine"].mapping == Shape(
        each="$.a[*]", name="$.n", labels={"host": "$.h", "kind": "fixed"}, annotations="$.words"
    )
    assert intakes["mine"].statuses == {"alarm": "firing", "5": "resolved"}


TAKES = "intake `x` would take alerts from anybody"
ADD = "add `token: [name of a secret]`, or say why not: `open: only this machine can reach it`"

NAMELESS = (
    "the path `$.[` cannot be read at character 3: a name is missing; write `['a name']` for one with other characters"
)


@pytest.mark.parametrize(
    ("entry", "code", "message", "hint"),
    [
        ("source: alertmanager", "SH701", TAKES, ADD),
        ("source: alertmanager, token: []", "SH701", TAKES, ADD),
        ("source: alertmanager, open: true", "SH701", "intake `x` is open, and does not say why", ADD),
        ("source: alertmanager, open: it is mine, token: [am]", "SH201", "intake `x` asks who sends, and is open: it is mine",
         "remove `open`, or what it asks for"),
        ("source: alertmanger, token: [am]", "SH201", "`source` cannot be 'alertmanger'", "did you mean `alertmanager`?"),
        ("token: [am]", "SH102", "intake `x` needs the key `source`", "add `source: alertmanager`"),
        ("source: opsgenie, signature: [am]", "SH201", "opsgenie does not sign what it sends",
         "use `token` or `basic`, and have the sender show it"),
        ("source: grafana, token: [amm]", "SH304", "there is no secret `amm`", "did you mean `am`?"),
        ("source: datadog, basic: {user: a, password: [x]}", "SH304", "there is no secret `x`", "secrets: am, old"),
        ("source: datadog, token: [am], basic: {user: a, password: [am]}", "SH201",
         "`token` and `basic` both use the header Authorization", "give the token a header of its own: `header: X-Api-Key`"),
        ("source: datadog, basic: {user: a}", "SH102", "`basic` needs the key `password`", "add `password: [dd_password]`"),
        ("source: grafana, token: [am], timestamp_header: X-T", "SH102", "`timestamp_header` needs `signature`",
         "add `signature: [name of a secret]`"),
        ("source: pagerduty, signature: [am], timestamp_header: X-T", "SH201", "pagerduty signs no time", "remove it"),
        ("source: grafana, token: [am], header: 'X T'", "SH201", "'X T' is no name of a header", "write one, as X-Api-Key"),
        ("source: grafana, token: [am], mapping: {name: $.x}", "SH201", "what grafana sends is known: `mapping` is not read",
         "remove it"),
        ("source: generic, token: [am]", "SH102", "a generic intake needs `mapping` with a `name`",
         "add `mapping: {name: $.title}`"),
        ("source: generic, token: [am], mapping: {name: $.x, labels: {a: '$.['}}", "SH502", NAMELESS, ""),
        ("source: generic, token: [am], mapping: {name: $.x, labels: [a]}", "SH103",
         "`labels` must be a path, or a map of paths", ""),
        ("source: generic, token: [am], mapping: {name: $.x}, statuses: {A: purple}", "SH201",
         "`A` cannot mean 'purple'", "values: firing, acknowledged, resolved"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(entry, code, message, hint):
    _, found = read(f"  x: {{{entry}}}\n")
    assert (found[0].code, found[0].message, found[0].hint) == (code, message, hint)


def test_a_name_is_a_part_of_an_address():
    _, found = read("  'X y': {source: alertmanager, token: [am]}\n")
    assert found[0].message == "`a name in `intake`` cannot be 'X y'"
