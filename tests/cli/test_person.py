"""`steady person`."""

from __future__ import annotations

import json

from ..app.door import OTHER, PASSWORD, PEOPLE
from .steady import as_person, steady


def folder_with_people(folder):
    (folder / "steady.yaml").write_text(PEOPLE)


def test_people_are_added_listed_disabled_and_enabled(tmp_path):
    folder_with_people(tmp_path)
    added = steady(tmp_path, "person", "add", "ana", stdin=PASSWORD + "\n", **as_person("kim"))
    assert (added.returncode, added.stderr) == (0, "ana can sign in\n")
    steady(tmp_path, "person", "disable", "ben")
    listed = steady(tmp_path, "person", "list")
    assert listed.stdout == (
        "ana  viewer for everything, approver for orders  (password)\n"
        "ben  viewer for orders  (disabled)\n"
        "eve  no role of their own  (no password)\n"
        "kim  admin for everything  (no password)\n"
    )
    rows = json.loads(steady(tmp_path, "person", "list", "--json").stdout)["people"]
    assert rows[0] == {
        "person": "ana", "email": "ana@shop.example", "rights": {"*": "viewer", "orders": "approver"},
        "password": True, "disabled": False, "known": True,
    }  # fmt: skip
    assert steady(tmp_path, "person", "enable", "ben").returncode == 0
    again = steady(tmp_path, "person", "password", "ana", stdin=OTHER + "\n")
    assert "signed out everywhere" in again.stderr
    told = steady(tmp_path, "audit", "access").stdout
    assert "account of ana added by kim  (cli)" in told
    assert "account of ana given another password by" in told


def test_what_cannot_be_is_said(tmp_path):
    folder_with_people(tmp_path)
    cases = (
        (("person", "add", "zoe"), PASSWORD, 2, "steady.yaml names nobody 'zoe'", "people: {zoe: {roles:"),
        (
            ("person", "add", "ana"),
            "short",
            2,
            "the password is too easy to guess: it has 5 characters, and needs 12",
            "unrelated words",
        ),
        (("person", "disable", "zoe"), "", 2, "there is nobody 'zoe'", "steady person list"),
    )
    for words, stdin, code, message, hint in cases:
        done = steady(tmp_path, *words, stdin=stdin + "\n")
        assert done.returncode == code
        assert message in done.stderr
        assert hint in done.stderr
    assert steady(tmp_path, "person", "add", "ana", PASSWORD).returncode == 2


def test_nobody_is_told_to_write_somebody(tmp_path):
    (tmp_path / "steady.yaml").write_text("{}\n")
    assert "write `people:` into steady.yaml" in steady(tmp_path, "person", "list").stderr
