"""The library is read once, and again when it changes."""

from __future__ import annotations

import os

import pytest

from steadyhand.app.shelf import Shelf, matching
from steadyhand.errors import NotFound

from .server import asking, services_in

CALLER = """\
steadyhand: 1
name: caller
title: Call it
steps:
  it: {title: It, call: {runbook: asking}, next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}
"""


def shelf_in(folder):
    services = services_in(folder)
    return Shelf(lambda: services)


def test_a_file_is_read_once_for_as_long_as_it_does_not_change(tmp_path):
    asking(tmp_path)
    shelf = shelf_in(tmp_path)
    first = shelf.one("asking")
    assert shelf.one("asking") is first
    text = (tmp_path / "asking.yaml").read_text()
    (tmp_path / "asking.yaml").write_text(text.replace("Ask before", "Ask well before"))
    assert shelf.one("asking").runbook.title == "Ask well before it is changed"
    (tmp_path / "asking.yaml").unlink()
    with pytest.raises(NotFound, match="there is no runbook asking"):
        shelf.one("asking")


def test_what_calls_others_is_read_again_with_them(tmp_path):
    asking(tmp_path)
    (tmp_path / "caller.yaml").write_text(CALLER)
    shelf = shelf_in(tmp_path)
    assert shelf.one("caller").found.valid
    (tmp_path / "asking.yaml").unlink()
    assert not shelf.one("caller").found.valid
    asking(tmp_path)
    assert shelf.one("caller").found.valid


def test_words_are_looked_for_everywhere(tmp_path):
    asking(tmp_path)
    (tmp_path / "bad.yaml").write_text("steadyhand: 1\nsteps: 3\n")
    found = shelf_in(tmp_path).all()
    assert [one.name for one in matching(found, "ORDERS changed")] == ["asking"]
    assert [one.name for one in matching(found, "bad") if one.path.parent == tmp_path] == ["bad"]
    assert matching(found, "asking nothing") == ()


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.symlink("/nowhere", tmp_path / "gone.yaml")
    names = {one.name: one for one in shelf_in(tmp_path).all()}
    assert all(one.found is None and one.trouble for name, one in names.items() if name in {"loop", "gone"})
