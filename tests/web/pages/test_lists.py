"""Lists with filters and cursors."""

from __future__ import annotations

from steadyhand.web.pages.lists import EACH, cut

from ..browsing import pages


def test_a_cursor_goes_on_where_it_left_off():
    rows = [(n, f"r{n}") for n in range(120, 0, -1)]
    first, more = cut(rows, "", lambda row: row)
    second, again = cut(rows, more, lambda row: row)
    third, end = cut(rows, again, lambda row: row)
    assert [*first, *second, *third] == rows
    assert (len(first), end) == (EACH, "")
    assert cut(rows, "made.up", lambda row: row)[0] == first


def test_runs_and_alerts_are_found(tmp_path):
    with pages(tmp_path, played=True) as place:
        assert place.get("/runs").text.count("data-row") == 6
        assert place.get("/runs?status=waiting").text.count("data-row") == 4
        assert place.get("/runs?conclusion=healthy&runbook=orders-errors").text.count("data-row") == 1
        assert place.get("/runs?service=ledger").text.count("data-row") == 1
        assert place.get("/runs?q=nothing+fits").text.count("data-row") == 0
        assert place.get("/runs", "narrow").text.count("data-row") == 2
        alerts = place.get("/alerts").text
        assert alerts.count("data-row") == 5
        assert "no route fits its labels" in alerts
        assert "route :" not in alerts
        assert place.get("/alerts?came=held&status=firing").text.count("data-row") == 1
        assert place.get("/alerts?status=resolved").text.count("data-row") == 1
        assert place.get("/alerts?q=db-7").text.count("data-row") == 1


def test_one_alert_tells_everything(tmp_path):
    with pages(tmp_path, played=True) as place:
        page = place.get("/alerts/alert:alertmanager:0a1b2c3d4e5f").text
        assert "route orders: started orders-errors" in page
        assert f'href="/runs/{place.runs["waiting"]}"' in page
        assert "instance=orders-1.example" in page
        assert 'href="/r/orders-errors?alert=0a1b2c3d4e5f"' in page
        assert place.get("/alerts/alert:alertmanager:none").status_code == 404
        assert place.get("/alerts/r1").status_code == 404
