"""What commands share."""

from __future__ import annotations

import click
import pytest

from steadyhand.app.services import Services
from steadyhand.cli.shared import CONCLUSIONS, command_line, given_inputs
from steadyhand.model import Conclusion


def test_every_conclusion_has_an_exit_code():
    assert {c.value: int(code) for c, code in CONCLUSIONS.items()} == {
        "healthy": 0, "resolved": 0, "escalated": 1, "stopped": 1, "broken": 3,
    }  # fmt: skip
    assert set(CONCLUSIONS) == set(Conclusion)


def test_inputs_from_words():
    assert given_inputs(("a=1", "b=x=y", "c=")) == {"a": "1", "b": "x=y", "c": ""}
    for word in ("a", "=x"):
        with pytest.raises(click.UsageError, match="write -i NAME=VALUE"):
            given_inputs((word,))


def test_a_command_as_it_must_be_typed_here(tmp_path):
    plain = Services(environ={}, cwd=str(tmp_path))
    named = Services(store="my store.db", environ={}, cwd=str(tmp_path))
    assert command_line(plain, "answer", "r1", "a b") == "steady answer r1 'a b'"
    assert command_line(named, "resume", "r1") == "steady --store 'my store.db' resume r1"


def test_one_is_one():
    from steadyhand.cli.shared import counted

    assert [counted(n, "event") for n in (0, 1, 2)] == ["0 events", "1 event", "2 events"]
