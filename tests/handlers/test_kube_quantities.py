"""Quantities of Kubernetes."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadResponse
from steadyhand.handlers._kube_quantities import quantity


@pytest.mark.parametrize(("text", "number"), [
    ("250m", 0.25), ("1", 1), ("1500000000n", 1.5), ("10u", 0.00001), ("1Ki", 1024), ("2Gi", 2 * 1024**3), ("1k", 1000),
    ("1e3", 1000), ("0.5", 0.5), ("-1", -1), ("3E", 3e18), (" 1 ", 1),
])  # fmt: skip
def test_a_quantity(text, number):
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "x", "1x", "1mi", "1.2.3", "1ni"])
def test_what_is_none(text):
    with pytest.raises(BadResponse, match="is no quantity"):
        quantity(text)
