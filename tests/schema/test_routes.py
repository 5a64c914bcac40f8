"""Which alerts start which runbooks, as the settings say it; and everything that is wrong with it, where it stands."""

from __future__ import annotations

import pytest

from steadyhand.handlers import registry
from steadyhand.model import SECOND
from steadyhand.schema import read_settings
from steadyhand.schema.routes import ALERT, Condition, Fixed, Storm, path_problem, ranks

SPECS = registry.specs()


def read(text):
    settings, found = read_settings(text, "steady.yaml", SPECS)
    return settings, [(d.code, d.span.line, d.span.column, d.message, d.hint) for d in found]


def test_nothing_said_is_not_the_same_as_none():
    assert read("{}\n")[0].routes is None
    assert read("routes: []\n")[0].routes == ()


def test_everything_said():
    text = """\
routes:
  - name: errors
    match: {alertname: HighErrors, env: [prod, stage], service: {matches: ^orders}}
    runbook: service-errors
    inputs: {host: alert.labels.instance, limit: {value: 5}}
    mode: auto
    key: [alert.labels.service]
    cool_down: 30m
    once_within: 1h
    once_after: 2m
    accumulate: {count: 3, within: 10m}
    per_hour: 10
    priority: 7
    continue: true
  - {name: storm, runbook: hosts, storm: {within: 10s, by: [alert.labels.cluster], input: hosts, most: 4}}
services: {orders: {needs: [orders-db]}}
"""
    settings, found = read(text)
    assert found == []
    first, second = settings.routes
    assert first.match == (
        Condition("alertname", ("HighErrors",)), Condition("env", ("prod", "stage")), Condition("service", (), "^orders")
    )  # fmt: skip
    assert first.inputs == {"host": "alert.labels.instance", "limit": Fixed(5)}
    assert (first.mode, first.key, first.priority, first.further) == ("auto", ("alert.labels.service",), 7, True)
    times = (first.cool_down, first.once_within, first.once_after, first.count, first.within, first.per_hour)
    assert times == (1800 * SECOND, 3600 * SECOND, 120 * SECOND, 3, 600 * SECOND, 10)
    assert second.storm == Storm("hosts", 10 * SECOND, ("alert.labels.cluster",), 4)
    assert (second.mode, second.key, second.inputs) == ("diagnose", (), {})
    assert settings.services == {"orders": ("orders-db",)}
    assert first.spans["inputs.host"].line == 5


def test_the_more_urgent_ones_are_asked_first_and_else_the_order_holds():
    text = "routes: [{name: a, runbook: x, match: {l: a}}, {name: b, runbook: x, match: {l: b}, priority: 1}, {name: c, runbook: x}]\n"
    assert [route.name for route in read(text)[0].routes] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("{runbook: x}", ("SH102", 2, 5, "a route needs the key `name`", "add `name: errors`")),
        ("{name: a}", ("SH102", 2, 5, "a route needs the key `runbook`", "add `runbook: service-errors`")),
        ("{name: a, runbook: x, mach: {}}", ("SH101", 2, 27, "a route has no key `mach`", "did you mean `match`?")),
        ("{name: A b, runbook: x}", ("SH201", 2, 12, "`name` cannot be 'A b'", "use lower-case letters, digits, - and _, and begin with a letter")),
        ("{name: a, runbook: x, mode: automatic}", ("SH201", 2, 33, "`mode` cannot be 'automatic'", "did you mean `auto`?")),
        ("{name: a, runbook: x, match: {l: {matches: '^(a'}}}", ("SH201", 2, 48, "`^(a` is not a regular expression: missing ), unterminated subpattern at position 1", "write a regular expression, as in ^orders-")),
        ("{name: a, runbook: x, match: {l: {matches: '(a+)+$'}}}", ("SH201", 2, 48, "the regular expression `(a+)+$` could take for ever: a repetition inside a repetition can split the same text in too many ways", "put something that the inner one cannot match between its turns, as in `(\\d+\\.)+`")),
        ("{name: a, runbook: x, match: {l: {match: a}}}", ("SH101", 2, 39, "`l` has no key `match`", "did you mean `matches`?")),
        ("{name: a, runbook: x, match: {l: []}}", ("SH201", 2, 38, "nothing is one of no texts: `l` never fits", "list at least one")),
        ("{name: a, runbook: x, match: {status: resolved}}", ("SH201", 2, 43, "an alert that is 'resolved' starts no run", "statuses: firing, acknowledged; what is resolved goes to the run that the alert has led to")),
        ("{name: a, runbook: x, inputs: {h: labels.instance}}", ("SH501", 2, 39, "`h`: `labels.instance` is not known where an alert is routed", "begin with `alert.`, as in alert.labels.instance")),
        ("{name: a, runbook: x, inputs: {h: db1}}", ("SH501", 2, 39, "`h`: `db1` is not known where an alert is routed", "begin with `alert.`, as in alert.labels.instance")),
        ("{name: a, runbook: x, inputs: {h: '{{ alert.name }}'}}", ("SH501", 2, 39, "`h`: an expression stands without braces", "write `alert.name`")),
        ("{name: a, runbook: x, inputs: {h: {val: 3}}}", ("SH101", 2, 40, "`h` has no key `val`", "did you mean `value`?")),
        ("{name: a, runbook: x, key: alert.name}", ("SH103", 2, 32, "`key` must be a list, and is 'alert.name'", "write [alert.labels.service]")),
        ("{name: a, runbook: x, key: [alert.label.x]}", ("SH501", 2, 33, "`key`: an alert has no `alert.label.x`", f"it has {', '.join(ALERT)}")),
        ("{name: a, runbook: x, accumulate: {count: 1, within: 1m}}", ("SH201", 2, 47, "`count` must be at least 2, and is 1", "")),
        ("{name: a, runbook: x, accumulate: {count: 3}}", ("SH102", 2, 39, "`accumulate` needs the key `within`", "add `within: 10m`")),
        ("{name: a, runbook: x, storm: {most: 3}}", ("SH102", 2, 34, "`storm` needs the key `input`", "add `input: hosts`")),
        ("{name: a, runbook: x, storm: {input: h}, once_after: 3s}", ("SH201", 2, 58, "`once_after` and `storm` both gather alerts", "leave it out: `storm.within` says for how long alerts are gathered")),
        ("3", ("SH103", 2, 5, "a route must be a map, and is 3", "write `key: value` lines below it")),
    ],
)  # fmt: skip
def test_what_is_wrong(route, said):
    assert said in read(f"routes:\n  - {route}\n")[1]


def test_routes_are_a_list():
    assert read("routes: {a: b}\n")[1][0][3] == "`routes` must be a list, and is a map"


def test_a_name_stands_once():
    found = read("routes:\n  - {name: a, runbook: x, match: {l: a}}\n  - {name: a, runbook: y, match: {l: b}}\n")[1]
    hint = "give each a name of its own: what was started goes by it"
    assert found == [("SH201", 3, 12, "there is another route `a`", hint)]


@pytest.mark.parametrize(
    ("above", "below", "shadowed"),
    [
        ("match: {}", "match: {l: a}", True),
        ("match: {l: a}", "match: {l: a, m: b}", True),
        ("match: {l: [a, b]}", "match: {l: a}", True),
        ("match: {l: {matches: '^a'}}", "match: {l: [ab, ac]}", True),
        ("match: {l: {matches: '^a'}}", "match: {l: {matches: '^a'}}", True),
        ("match: {l: {matches: '^a'}}", "match: {l: {matches: '^ab'}}", False),
        ("match: {l: a}", "match: {l: [a, b]}", False),
        ("match: {l: a, m: b}", "match: {l: a}", False),
        ("continue: true", "match: {l: a}", False),
        ("match: {}", "match: {status: acknowledged}", False),
        ("match: {}", "match: {status: firing}", True),
        ("match: {}", "priority: 1", False),
    ],
)
def test_a_route_that_never_gets_an_alert_is_told(above, below, shadowed):
    found = read(f"routes:\n  - {{name: a, runbook: x, {above}}}\n  - {{name: b, runbook: y, {below}}}\n")[1]
    mine = [one for one in found if one[3] == "route `b` never gets an alert: `a` takes all that fit it"]
    assert bool(mine) is shadowed
    assert all(one[0] == "SH711" and one[1] == 3 for one in mine)


def test_a_service_that_needs_itself():
    found = read("services:\n  a: {needs: [b]}\n  b: {needs: [a]}\n  c: {needs: [a]}\n")[1]
    assert [(line, message) for _, line, _, message, _ in found] == [
        (2, "a needs itself: a -> b -> a"), (3, "b needs itself: b -> a -> b")
    ]  # fmt: skip


def test_what_others_need_comes_first():
    needs = {"web": ("orders",), "orders": ("db", "cache"), "db": ("disk",)}
    assert ranks(needs) == {"cache": 0, "disk": 0, "db": 1, "orders": 2, "web": 3}
    assert set(ranks({"a": ("b",), "b": ("a",)})) == {"a", "b"}
    chain = {f"s{n}": (f"s{n + 1}",) for n in range(5000)}
    assert ranks(chain)["s0"] == 5000


def test_expressions_over_an_alert():
    assert path_problem("alert.labels['odd-name']") == ("", "")
    assert path_problem("alert.labels.instance.split(':')[0]") == ("", "")
    assert path_problem("'constant'")[0] == "\"'constant'\" says nothing of the alert"
