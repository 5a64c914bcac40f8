"""What the cluster has is asked once in a run, and trouble in one group does not hide the others."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._kube_kinds import text
from steadyhand.model import plain


def test_it_is_asked_once(fake):
    fake.deploy(wait=False)
    for _ in range(3):
        fake.do(get="deploy/orders")
        fake.do(list="pods")
    asked = [path for method, path, _ in fake.fake.requests if method == "GET" and path in {"/apis", "/apis/apps/v1"}]
    before = len(asked)
    fake.do(get="deploy/orders")
    assert len([p for m, p, _ in fake.fake.requests if m == "GET" and p in {"/apis", "/apis/apps/v1"}]) == before


def test_a_group_that_is_down_does_not_hide_the_others(fake):
    fake.fake.fault("GET", "^/apis/apiextensions", 503, times=2)
    with pytest.raises(BadInput, match="has no kind 'crd'"):
        fake.do(list="crd")
    assert fake.do(list="roles")["done"]


def test_numbers_may_come_from_placeholders(fake):
    fake.deploy(wait=False)
    assert fake.do(scale="deployment/orders", replicas="3")["replicas"] == 3
    with pytest.raises(BadInput, match="`limit` must be a number"):
        fake.do(list="pods", limit="x")


def test_values_as_the_api_wants_them():
    assert [text(value) for value in (plain("a"), True, 40, "x")] == ["a", "true", "40", "x"]
