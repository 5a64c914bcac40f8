"""Addresses of brokers, and what looks like one."""

from __future__ import annotations

import pytest

from steadyhand.handlers._amqp_url import place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("amqp://mq1", {"host": "mq1", "tls": False}),
        ("amqps://mq1:99/", {"host": "mq1", "port": 99, "tls": True}),
        (
            "amqp://u%40x:p%2F%3A@mq1/a%2Fb",
            {"host": "mq1", "user": "u@x", "password": "p/:", "vhost": "a/b", "tls": False},
        ),
        ("amqp://[::1]/%2F", {"host": "::1", "vhost": "/", "tls": False}),
        ("amqp://u:@mq1", {"host": "mq1", "user": "u", "password": "", "tls": False}),
    ],
)
def test_an_address(url, place):
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    ["", "mq1", "http://mq1", "amqp://", "amqp://mq1:x", "amqp://mq1:70000", "amqp://[::1", "amqp://u:p/w@mq1",
     "amqp://u:1/w@mq1", "amqp://mq1/a/b", "amqp://mq1?x=1", "amqp://mq1#x"],
)  # fmt: skip
def test_what_is_none(url):
    with pytest.raises(ValueError):
        place_of(url)
