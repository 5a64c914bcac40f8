"""Names and servers are told from what is none."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers import _dns_names as names
from steadyhand.model import Literal, Secret, Text, Value, plain


def test_servers_are_addresses():
    assert names.server_of("192.0.2.1") == ("192.0.2.1", 53)
    assert names.server_of("192.0.2.1:5353") == ("192.0.2.1", 5353)
    assert names.server_of("::1") == ("::1", 53)
    assert names.server_of("[::1]:5353") == ("::1", 5353)


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "1.2.3.4:", "1.2.3.4:0", "[::1", "[]:53", "1.2.3.4 ", "::1:99999", "a:53"]
)
def test_what_is_no_server(text):
    with pytest.raises(BadInput, match="is no IP address") as caught:
        names.server_of(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "kind", "asked"),
    [
        ("shop.example.test", "A", "shop.example.test"),
        ("shop.example.test.", "A", "shop.example.test"),
        (".", "NS", ""),
        ("*.example.test", "A", "*.example.test"),
        ("_dmarc.example.test", "TXT", "_dmarc.example.test"),
        ("0/25.2.0.192.in-addr.arpa", "NS", "0/25.2.0.192.in-addr.arpa"),
        ("b\u00fccher.example.test", "A", "b\u00fccher.example.test"),
        ("192.0.2.7", "PTR", "7.2.0.192.in-addr.arpa"),
        ("::1", "PTR", "1" + ".0" * 31 + ".ip6.arpa"),
    ],
)
def test_names_as_they_are_asked_for(name, kind, asked):
    assert names.checked(name, kind) == asked


@pytest.mark.parametrize(
    "name", ["", "..", "a..b", ".a", "a b", "a\nb", "a\\.b", "x" * 64, "x." * 127 + "x", "a;b", "192.0.2.7"]
)
def test_what_is_no_name(name):
    with pytest.raises(BadInput, match="no name") as caught:
        names.checked(name, "A")
    assert caught.value.hint


def test_what_is_known_before_a_step_runs():
    assert names.settled(plain("a"))
    assert names.settled(Text((Value("a", "a"), Literal(".b"))))
    assert not names.settled(Text((Value("", "<x>", known=False),)))
    assert not names.settled(Text((Secret("s"),)))
