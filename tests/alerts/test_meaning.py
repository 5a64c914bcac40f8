"""What an alert means on a route: whether it fits, its key, its inputs; and that it stays data."""

from __future__ import annotations

import pytest

from steadyhand.alerts.meaning import LONGEST, Meant, Refused, fits, meaning, names_of, starts, taken_by

from .ways import route, routes, runbook, said


@pytest.mark.parametrize(
    ("match", "fitting"),
    [
        ("{}", True),
        ("{alertname: Slow}", True),
        ("{alertname: Other}", False),
        ("{env: [prod, stage]}", True),
        ("{env: {matches: '^pr'}}", True),
        ("{env: {matches: '^r'}}", False),
        ("{intake: am, severity: page, status: firing}", True),
        ("{intake: grafana}", False),
        ("{nowhere: ''}", True),
        ("{nowhere: {matches: .}}", False),
    ],
)
def test_what_fits(match, fitting):
    one = said(env="prod", severity="page")
    assert fits(route(f"match: {match}"), one) is fitting


def test_a_name_counts_as_alertname_where_the_labels_have_none():
    one = said()
    without = type(one)("am", "pagerduty", "f", "1", "firing", "Slow")
    assert fits(route("match: {alertname: Slow}"), without)


def test_only_what_fires_starts_something_unless_the_route_says_so():
    assert starts(route(), "firing")
    assert not starts(route(), "acknowledged")
    asked = route("match: {status: [firing, acknowledged]}")
    assert starts(asked, "acknowledged")
    assert not starts(asked, "resolved")


def test_the_first_route_that_fits_gets_it_and_those_after_it_when_it_says_so():
    found = routes(
        "routes:\n"
        "  - {name: a, runbook: x, match: {env: prod}, continue: true}\n"
        "  - {name: b, runbook: x, match: {env: [prod, stage]}}\n"
        "  - {name: c, runbook: x}\n"
        "  - {name: d, runbook: x, match: {team: x}, priority: 5}\n"
    )
    assert [r.name for r in taken_by(found, said(env="prod"))] == ["a", "b"]
    assert [r.name for r in taken_by(found, said(env="stage"))] == ["b"]
    assert [r.name for r in taken_by(found, said(env="prod", team="x"))] == ["d"]
    assert [r.name for r in taken_by(found, said())] == ["c"]


def test_inputs_come_from_the_route_the_runbook_or_its_defaults():
    book = runbook(
        "host: {type: string, from: alert.labels.host}, n: {type: integer}, app: {type: string, default: shop}, "
        "port: {type: integer, from: alert.labels.port, required: false}, limit: {type: integer}"
    )
    way = route("inputs: {n: alert.labels.count, limit: {value: 5}}")
    assert meaning(way, book, said(count="7")) == Meant(
        "f1", "f1", {"host": "db1", "n": 7, "app": "shop", "port": None, "limit": 5}
    )
    found = meaning(way, book, said(count="7", port="80"))
    assert isinstance(found, Meant)
    assert found.inputs["port"] == 80


def test_an_expression_may_take_a_part_of_a_label():
    way = route("inputs: {host: 'alert.labels.instance.split(\":\")[0]'}")
    found = meaning(way, runbook(), said(instance="db1:9100"))
    assert isinstance(found, Meant)
    assert found.inputs == {"host": "db1"}


@pytest.mark.parametrize(
    ("inputs", "labels", "why"),
    [
        (
            "host: {type: string, pattern: '^[a-z0-9]+$', from: alert.labels.host}",
            {"host": "$(reboot)"},
            "host: '$(reboot)' must match '^[a-z0-9]+$'",
        ),
        (
            "host: {type: string, pattern: '^[a-z0-9]+$', from: alert.labels.host}",
            {"host": "{{ secrets.x }}"},
            "host: '{{ secrets.x }}' must match '^[a-z0-9]+$'",
        ),
        ("n: {type: integer, from: alert.labels.n}", {"n": "many"}, "n: 'many' is no integer"),
        (
            "n: {type: integer, from: alert.labels.n}",
            {},
            "n: `alert.labels.n` does not exist; `alert.labels` has alertname, host",
        ),
        ("n: {type: integer}", {}, "n: a value is needed"),
        (
            "h: {type: array, items: {type: string}, from: alert.labels.host}",
            {},
            "h: 'db1' is no array written as JSON",
        ),
    ],
)
def test_what_does_not_fit_starts_nothing(inputs, labels, why):
    assert meaning(route(), runbook(inputs), said(**labels)) == Refused(why)


def test_a_long_value_is_not_quoted_whole():
    found = meaning(route(), runbook("n: {type: integer, from: alert.labels.n}"), said(n="9x" * 5000))
    assert isinstance(found, Refused)
    assert len(found.why) < 250


def test_keys():
    book = runbook()
    assert meaning(route("key: [alert.labels.host]"), book, said()).key == "db1"
    assert meaning(route("key: [alert.labels.host, alert.name]"), book, said()).key == '["db1", "Slow"]'
    long = meaning(route("key: [alert.labels.host]"), book, said(host="x" * (LONGEST + 1))).key
    assert len(long) == 64
    odd = meaning(route("key: [alert.labels.host]"), book, said(host="a\x1b[2Jb")).key
    assert len(odd) == 64
    absent = meaning(route("key: [alert.labels.nope]"), book, said())
    assert isinstance(absent, Refused)
    assert absent.why.startswith("the key cannot be told: `alert.labels.nope` does not exist")


def test_a_storm_has_a_group_of_its_own_and_each_alert_adds_an_item():
    book = runbook("hosts: {type: array, items: {type: string, pattern: '^[a-z0-9]+$'}, maxItems: 3}")
    way = route("inputs: {hosts: alert.labels.host}, storm: {input: hosts, by: [alert.labels.cluster]}")
    found = meaning(way, book, said(cluster="c1", service="db"))
    assert found == Meant("f1", "c1", {"hosts": ["db1"]}, "db1", "db")
    assert meaning(way, book, said(cluster="c1", host="; rm")) == Refused("hosts: '; rm' must match '^[a-z0-9]+$'")
    silent = meaning(route("storm: {input: hosts}"), book, said())
    assert silent == Refused("hosts: the alert does not say what it would add to the list")


def test_what_templates_find_behind_alert():
    known = names_of(said(severity="page"), "alert:am:f1")
    assert (known["severity"], known["stream"], known["labels"]["host"]) == ("page", "alert:am:f1", "db1")
