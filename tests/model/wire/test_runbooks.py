"""A text to be validated is bounded, and findings have the words of `steady validate --json`."""

from __future__ import annotations

import msgspec
import pytest

from steadyhand.cli.reporters import as_dict
from steadyhand.errors import Diagnostic, Span
from steadyhand.model.wire import Finding, ToValidate
from steadyhand.model.wire.runbooks import BIGGEST
from steadyhand.web.problems import finding


def test_a_text_has_a_bound():
    with pytest.raises(msgspec.ValidationError, match="length <= 524288"):
        msgspec.json.decode(msgspec.json.encode({"text": "x" * (BIGGEST + 1)}), type=ToValidate)
    assert msgspec.json.decode(b'{"text": ""}', type=ToValidate) == ToValidate("")


def test_a_finding_is_that_of_the_command():
    one = Diagnostic("SG001", "what", Span("a.yaml", 3, 5, 9), "why", "hint", "text")
    assert msgspec.to_builtins(finding(one)) == as_dict(one)
    assert finding(one) == Finding("SG001", "error", "a.yaml", 3, 5, 9, "what", "why", "hint")
