"""Listening where the settings say, or saying why not."""

from __future__ import annotations

import pytest

from steadyhand.errors import UsageError
from steadyhand.schema import Serving
from steadyhand.web.serve import listening, options


def test_an_address_that_is_taken_is_told():
    first = listening(Serving(port=0))
    port = first.getsockname()[1]
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use") as told:
        listening(Serving(port=port))
    assert told.value.hint == "change `server.listen` in steady.yaml"
    first.close()


def test_it_listens_on_the_newer_protocol_too():
    sock = listening(Serving(host="::1", port=0))
    assert sock.getsockname()[0] == "::1"
    sock.close()


def test_only_named_proxies_are_believed():
    assert options(Serving())["proxy_headers"] is False
    behind = options(Serving(proxies=("10.0.0.1",)))
    assert (behind["proxy_headers"], behind["forwarded_allow_ips"]) == (True, ["10.0.0.1"])
