"""Every page is there, for those who may; the files are what they say."""

from __future__ import annotations

import pytest

from steadyhand.web.pages.addresses import FILES

from ..browsing import pages


def test_files_are_served_and_nothing_else(tmp_path):
    with pages(tmp_path) as place:
        kinds = {name: place.get(f"/static/{name}").headers["content-type"].partition(";")[0] for name in FILES}
        assert kinds == {"steady.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
        assert place.get("/static/..%2fapp.py").status_code == 404
        assert place.get("/static/base.html").status_code == 404


@pytest.mark.parametrize("path", ["/", "/runs", "/runbooks", "/alerts", "/leases", "/audit", "/r/handover", "/live"])
def test_strangers_see_nothing(tmp_path, path):
    with pages(tmp_path) as place:
        assert place.get(path, "?").status_code == 401
