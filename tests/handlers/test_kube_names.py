"""Kinds and names, as people and the API write them."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._kube_names import Kind, parted, segment, spelled

DEPLOYMENTS = Kind("apps", "v1", "deployments", "Deployment", True)


def test_paths():
    assert DEPLOYMENTS.path() == "/apis/apps/v1/deployments"
    assert DEPLOYMENTS.path("shop", "a b", "scale") == "/apis/apps/v1/namespaces/shop/deployments/a%20b/scale"
    node = Kind("", "v1", "nodes", "Node", False)
    assert node.path("ignored", "n1") == "/api/v1/nodes/n1"
    assert (DEPLOYMENTS.api_version, node.api_version) == ("apps/v1", "v1")


@pytest.mark.parametrize("text", ["", ".", "..", "a/b", "a%b", "a\nb", "a\x00", "x" * 254, "\ud800"])
def test_what_could_lead_elsewhere_is_no_name(text):
    with pytest.raises(BadInput):
        DEPLOYMENTS.path(text or "..", "x")
    with pytest.raises(BadInput):
        segment(text, "name")


@pytest.mark.parametrize(("text", "one"), [
    ("deploy", "deployments"), ("Deployment", "deployments"), ("deployments.apps", "deployments"), ("po", "pods"),
    ("widgets.example.org", "widgets.example.org"), ("deployments.example.org", "deployments.example.org"), ("widget", "widget"),
])  # fmt: skip
def test_one_spelling(text, one):
    assert spelled(text) == one


def test_parts():
    assert parted("deployment/orders") == ("deployment", "orders")
    assert parted("deployment", "orders") == ("deployment", "orders")
    assert parted("orders-7f", alone="pod") == ("pod", "orders-7f")
    assert parted("node", "n1", alone="pod") == ("node", "n1")
    for text in ("deployment", "/x", "x/", ""):
        with pytest.raises(BadInput, match="names no object"):
            parted(text)
