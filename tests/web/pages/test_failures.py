"""An error is a page that says what to do, and who may."""

from __future__ import annotations

from ..browsing import pages


def test_what_is_wrong_and_what_to_do(tmp_path):
    with pages(tmp_path) as place:
        missing = place.get("/runs/r9")
        assert missing.status_code == 404
        assert "there is no run r9" in missing.text
        assert "look for it in the list: /runs" in missing.text
        assert place.get("/nowhere").status_code == 404
        assert place.client.get("/runs/r9", headers={"accept": "application/json"}).json()["status"] == 404
        assert place.client.get("/runs/r9", headers={"accept": "*/*"}).text.startswith("there is no run r9\n")


def test_who_may_is_told_to_those_who_may_not(tmp_path):
    with pages(tmp_path) as place:
        denied = place.post("/audit/verify", "viewer")
        assert denied.status_code == 403
        assert "viewer is no commander" in denied.text
        assert "ana (everything)" in denied.text
        assert "group sre (everything)" in denied.text
        assert "kim" not in denied.text
        stranger = place.post("/audit/verify", "?")
        assert stranger.status_code == 401
        assert "ana" not in stranger.text
