"""Targets are taken and handed back; somebody else's only by a commander, with a reason."""

from __future__ import annotations

from steadyhand.app import leases

from ..browsing import pages


def test_take_and_hand_back(tmp_path):
    with pages(tmp_path) as place:
        wrong = place.post("/leases/take", "responder", target="db", reason="", **{"for": "1h"})
        assert wrong.status_code == 422
        assert "say why you take it" in wrong.text
        assert "is no time" in place.post("/leases/take", "responder", target="db", reason="x", **{"for": "soon"}).text
        assert place.post("/leases/take", "viewer", target="db", reason="x").status_code == 403
        assert place.post("/leases/take", "responder", target="db", reason="index", **{"for": "2h"}).status_code == 303
        (held,) = leases.held(place.server.services)
        assert (held.target, held.by, held.reason) == ("db", "responder", "index")
        assert "Hand back" in place.get("/leases", "responder").text
        assert "Hand back" not in place.get("/leases", "approver").text
        assert place.post("/leases/return", "approver", target="db", reason="x").status_code == 403
        assert place.post("/leases/return", "commander", target="db").status_code == 422
        assert place.post("/leases/return", "commander", target="db", reason="gone home").status_code == 303
        assert leases.held(place.server.services) == ()
        page = place.get("/leases").text
        assert "No changes while the books are closed" in page
        assert "22:00-06:00 UTC" in page
