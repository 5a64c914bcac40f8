"""A run is started from a form, once, with inputs that fit."""

from __future__ import annotations

import re

from ..browsing import pages
from ..demo import told


def test_a_form_that_is_sent_twice_starts_one_run(tmp_path):
    with pages(tmp_path) as place:
        run = re.search(r'name="run" value="(r\w+)"', place.get("/r/handover").text)[1]
        first = place.post("/r/handover", "responder", run=run, mode="guided")
        again = place.post("/r/handover", "responder", run=run, mode="guided")
        assert {first.headers["location"], again.headers["location"]} == {f"/runs/{run}"}
        started = place.server.services.journal.read(run)[0].event
        assert (started.requester, started.via, started.origin) == ("responder", "web", "192.0.2.7")
        assert place.post("/r/handover", "viewer", mode="guided").status_code == 403
        assert place.post("/r/handover", mode="fast").status_code == 422


def test_inputs_that_do_not_fit_come_back_with_what_is_wrong(tmp_path):
    with pages(tmp_path) as place:
        told = place.post("/r/orders-errors", mode="step", **{"input.host": "h<1>", "input.most": "900"})
        assert told.status_code == 422
        assert 'value="h&lt;1&gt;"' in told.text
        assert 'value="900"' in told.text
        assert re.search(r"input\.most-rule\"><strong>[^<]*100", told.text)
        assert re.search(r'value="step" checked', told.text)


def test_inputs_are_filled_in_from_the_address_and_from_an_alert(tmp_path):
    with pages(tmp_path) as place:
        told(place.server, "OrdersErrors", {"instance": "orders-9"}, mark="f00")
        page = place.get("/r/orders-errors?most=55&mode=diagnose&alert=f00").text
        assert 'value="orders-9"' in page
        assert 'value="55"' in page
        assert "steady run orders-errors -i host=orders-9 -i most=55 --mode diagnose --alert alertmanager:f00" in page
        sent = place.post("/r/orders-errors", mode="diagnose", alert="alert:alertmanager:f00", **{"input.host": "x"})
        started = place.server.services.journal.read(sent.headers["location"].removeprefix("/runs/"))[0].event
        assert started.alert["labels"] == {"instance": "orders-9"}
        assert started.inputs == {"host": "x", "most": 80}
