"""Routes with their runbooks: kept up to date, and held against the library before anything relies on them."""

from __future__ import annotations

import os

import pytest

from steadyhand.app import routebook
from steadyhand.app.routebook import Routebook
from steadyhand.app.services import InvalidSettings

from .alerts import LOOK, desk


def names(services):
    return [(way.route.name, way.runbook is not None) for way in Routebook(services).ways()]


def test_routes_first_and_then_the_alerts_of_runbooks_that_no_route_names(tmp_path):
    other = LOOK.replace("name: look", "name: other")
    services = desk(tmp_path, "routes: [{name: a, runbook: fix}]\n", other=other)
    assert names(services) == [("a", True), ("runbook:look", True), ("runbook:other", True)]
    assert names(desk(tmp_path, "{}\n")) == [("runbook:look", True), ("runbook:other", True)]
    assert names(desk(tmp_path, "routes: []\n")) == []


def test_a_runbook_that_cannot_be_started_leaves_its_route_and_says_why(tmp_path):
    services = desk(
        tmp_path, "routes: [{name: a, runbook: broken}, {name: b, runbook: nope}]\n", broken="steadyhand: 1\nsteps: 3\n"
    )
    first, second = Routebook(services).ways()[:2]
    assert first.runbook is None
    assert first.problem.startswith("runbook broken is not valid: see `steady validate ")
    assert second.problem == "there is no runbook nope"


def test_files_are_read_again_when_they_have_changed(tmp_path, monkeypatch):
    services = desk(tmp_path)
    book = Routebook(services)
    before = {way.route.name: way.runbook for way in book.ways()}
    assert book.ways() is book.ways()
    path = tmp_path / "runbooks" / "look.yaml"
    path.write_text(LOOK.replace("title: Look", "title: Look twice", 1))
    os.utime(path, (1, 1))
    book.reload()
    after = {way.route.name: way.runbook for way in book.ways()}
    assert (before["runbook:look"].title, after["runbook:look"].title) == ("Look", "Look twice")
    path.write_text("steadyhand: 1\nsteps: 3\n")
    book.reload()
    assert "runbook:look" not in {way.route.name for way in book.ways()}
    path.unlink()
    book.reload()
    assert "runbook:look" not in {way.route.name for way in book.ways()}


LISTED = LOOK.replace("name: look", "name: listed").replace("alerts: [Slow]\n", "").replace(
    "host: {type: string, pattern: '^[a-z0-9.:-]+$', from: alert.labels.instance}",
    "host: {type: array, items: {type: string, pattern: '^[a-z]+$'}}\n  n: {type: integer, maximum: 9, default: 1}\n  odd: {type: string, from: labels.x, default: y}",
)  # fmt: skip


@pytest.mark.parametrize(
    ("route", "code", "message", "hint"),
    [
        ("runbook: lok", "SA003", "there is no runbook lok", "did you mean `look`?"),
        ("runbook: look, inputs: {hos: alert.name}", "SA004", "runbook look has no input `hos`", "did you mean `host`?"),
        ("runbook: look, inputs: {host: {value: A}}", "SA004", "`host` does not fit: 'A' must match '^[a-z0-9.:-]+$'", "see `inputs:` of look"),
        ("runbook: look, storm: {input: host}", "SA004", "`host` is no list input of runbook look", "inputs: host; one of `type: array` holds a storm"),
        ("runbook: listed", "SA004", "nothing gives the input `host` that runbook listed needs", "add `inputs: {host: alert.labels.host}`, or `from:` or `default:` in the runbook"),
        ("runbook: listed, inputs: {host: {value: [a]}}", "SA004", "`from:` of the input `odd` of runbook listed: `labels.x` is not known where an alert is routed", "begin with `alert.`, as in alert.labels.instance"),
        ("runbook: listed, storm: {input: host}, inputs: {host: {value: A}}", "SA004", "`host` does not fit: 'A' must match '^[a-z]+$'", "see `inputs:` of listed"),
    ],
)  # fmt: skip
def test_what_would_start_nothing_is_found(tmp_path, route, code, message, hint):
    services = desk(tmp_path, f"routes:\n  - {{name: a, {route}}}\n", listed=LISTED)
    found = routebook.check(services, tmp_path / "steady.yaml").diagnostics
    assert (code, message, hint, 2) in [(d.code, d.message, d.hint, d.span.line) for d in found]
    assert all(d.text.strip().startswith("- {name: a") and d.why for d in found)
    with pytest.raises(InvalidSettings):
        routebook.refuse_wrong_routes(services)


def test_a_runbook_that_is_not_valid_is_found(tmp_path):
    services = desk(tmp_path, "routes: [{name: a, runbook: broken}]\n", broken="steadyhand: 1\nsteps: 3\n")
    (found,) = routebook.check(services, tmp_path / "steady.yaml").diagnostics
    assert found.message.startswith("runbook broken cannot be started: ")
    assert found.hint.startswith("run `steady validate ")


def test_what_is_well_is_without_findings_and_nothing_said_is_well(tmp_path):
    good = (
        "routes: [{name: a, runbook: listed, storm: {input: host}, inputs: {host: alert.labels.h, odd: {value: x}}}]\n"
    )
    services = desk(tmp_path, good, listed=LISTED)
    assert routebook.check(services, tmp_path / "steady.yaml").diagnostics == ()
    routebook.refuse_wrong_routes(services)
    routebook.refuse_wrong_routes(desk(tmp_path, "{}\n"))


def test_what_is_wrong_in_itself_is_told_without_a_library(tmp_path):
    services = desk(tmp_path, "routes: 3\nlibrary: [nowhere]\n")
    (found,) = routebook.check(services, tmp_path / "steady.yaml").diagnostics
    assert found.code == "SH103"
