"""Texts of others stay texts, and times are told."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from steadyhand.web.pages import rendering
from steadyhand.web.pages.rendering import ENVIRONMENT, apart, link, status, visible, when

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (1_000 * SECOND, "0 s ago"),
        (881 * SECOND, "119 s ago"),
        (880 * SECOND, "2 min ago"),
        (1_119 * SECOND, "in 119 s"),
        (1_000 * SECOND + 7_200 * SECOND, "in 2 h"),
        (1_000 * SECOND + 200_000 * SECOND, "in 2 d"),
    ],
)
def test_how_far_a_time_is(at, words):
    assert apart(at, 1_000 * SECOND) == words


def test_a_time_is_told_to_people_and_to_programs():
    assert when(2 * SECOND, SECOND) == (
        '<time datetime="1970-01-01T00:00:01.000000Z">1970-01-01 00:00:01Z</time> '
        '<span class="apart" data-at="1970-01-01T00:00:01.000000Z">1 s ago</span>'
    )
    assert when(1, 0) == ""


def test_no_text_is_markup_and_none_is_invisible():
    shown = ENVIRONMENT.from_string("<p>{{ text }}</p>{{ known }}").render(text="<b>\u202e", known=Markup("<i>"))
    assert shown == "<p>&lt;b&gt;\\u202e</p><i>"
    assert visible(3) == 3
    assert link("alerts", "a:b/../c?") == "/alerts/a%3Ab%2F..%2Fc%3F"
    assert status("<x>") == '<span class="status "><span aria-hidden="true">·</span> &lt;x&gt;</span>'


def test_what_goes_back_into_a_field_is_unaltered():
    assert ENVIRONMENT.from_string("{{ text|typed }}").render(text="\ta\n<\u202e") == "\ta\n&lt;\u202e"


def test_there_is_one_reading_for_each_server(tmp_path):
    from ..browsing import pages

    with pages(tmp_path) as place:
        place.get("/runbooks")
        place.get("/runbooks")
        assert rendering.ENVIRONMENT.autoescape is True
        assert place.get("/runbooks").status_code == 200
