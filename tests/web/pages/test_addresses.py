"""Every page is there, for those who may."""

from __future__ import annotations

import pytest

from ..browsing import pages


@pytest.mark.parametrize("path", ["/", "/runs", "/runbooks", "/alerts", "/leases", "/audit", "/r/handover"])
def test_strangers_are_led_to_the_door(tmp_path, path):
    with pages(tmp_path) as place:
        assert place.get(path, "?").status_code == 303


def test_what_a_page_loads_is_there(tmp_path):
    with pages(tmp_path) as place:
        for name, kind in (("steady.css", "text/css"), ("live.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
            assert place.get(f"/static/{name}").headers["content-type"].startswith(kind)
