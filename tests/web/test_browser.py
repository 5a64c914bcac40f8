"""The pages in a real browser: with a script and without, by keys alone, on a phone, for everybody, and live.

Whatever the browser's console or the content policy complains about fails the test.
"""

from __future__ import annotations

import time

import pytest

from steadyhand.app import runs
from steadyhand.core.answers import Answer

from ..app.server import until
from ..realparts.chromium import chromium, watched
from .browsing import pages
from .demo import asked, start

LISTS = ("/", "/runs", "/runbooks", "/runbooks/orders-errors", "/runbooks/handover", "/runbooks/hostile", "/r/orders-errors", "/alerts", "/alerts/alert:alertmanager:0a1b2c3d4e5f", "/alerts/alert:alertmanager:aa04", "/leases", "/audit", "/nowhere")  # fmt: skip
RUNS = ("healthy", "waiting", "talking", "quorum", "running", "hostile")
PHONE = {"viewport": {"width": 360, "height": 740}}
WIDEST = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with pages(tmp_path_factory.mktemp("estate"), played=True) as found:
        yield found


def everywhere(place):
    return [*LISTS, *(f"/runs/{place.runs[name]}" for name in RUNS)]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page(browser, place, scheme):
    axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    axe = axe_playwright.Axe()
    # The policy of the pages forbids the judge's own script, too: it alone is let in.
    with watched(browser, place.base, color_scheme=scheme, bypass_csp=True) as page:
        for path in [*everywhere(place), f"/runs/{place.runs['waiting']}/transcript"]:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            found = axe.run(page).response["violations"]
            told = [(one["id"], one["nodes"][0]["html"][:160], one["nodes"][0]["failureSummary"]) for one in found]
            assert told == [], path


def test_nothing_is_complained_about_and_nothing_hostile_runs(browser, place):
    with watched(browser, place.base) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script of others ran: {dialog.message}"))
        for path in everywhere(place):
            page.goto(path)
            assert page.locator("main script, main img, main b b").count() == 0, path
            assert "\u202e" not in page.content(), path
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in place.get(f"/runs/{place.runs['hostile']}").text


def test_a_phone_is_wide_enough(browser, place):
    with watched(browser, place.base, **PHONE) as page:
        for path in everywhere(place):
            page.goto(path)
            assert page.evaluate(WIDEST) <= 360, path


def test_the_essentials_need_no_script(browser, tmp_path):
    with pages(tmp_path) as place, watched(browser, place.base, java_script_enabled=False) as page:
        page.goto("/runbooks")
        page.get_by_role("link", name="Hand the night over").click()
        page.get_by_role("link", name="Start a run").click()
        page.get_by_role("button", name="Start the run").click()
        run = page.url.rpartition("/")[2]
        asked(place.server, run)
        page.reload()
        page.get_by_label("Answer", exact=False).first.fill("7")
        page.get_by_role("button", name="Answer").click()
        until(lambda: place.server.board.run(run).gates and place.server.board.run(run).gates[0].gate == "where")
        page.reload()
        page.get_by_role("button", name="The day shift").click()
        page.get_by_label("Note").fill("the night was calm")
        page.get_by_role("button", name="Write it down").click()
        page.get_by_text("the night was calm").wait_for()
        page.get_by_label("Why stop it").fill("enough")
        page.get_by_role("button", name="Stop the run").click()
        until(lambda: place.server.board.run(run).conclusion == "stopped")
        page.goto("/leases")
        page.get_by_label("Target").fill("orders-db")
        page.get_by_label("Why").fill("by hand")
        page.get_by_role("button", name="Take it").click()
        page.locator("b", has_text="orders-db").wait_for()
        page.get_by_role("button", name="Hand back").click()
        page.get_by_text("Nothing is leased.").wait_for()


def test_a_question_is_answered_by_keys_alone(browser, tmp_path):
    with pages(tmp_path) as place, watched(browser, place.base) as page:
        run = start(place.server, "orders-errors", {"host": "h"})
        asked(place.server, run)
        page.goto("/alerts")
        page.keyboard.press("g")
        page.keyboard.press("h")
        page.wait_for_url("**/")
        page.get_by_role("link", name="Restart the workers").wait_for()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/runs/{run}#*")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Approve":
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.locator("h1 .status.resolved").wait_for()
        assert place.server.board.run(run).conclusion == "resolved"
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.wait_for_url("**/runs")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.name") == "q"


def test_the_skip_link_comes_first(browser, place):
    with watched(browser, place.base) as page:
        page.goto("/runs")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_when_one_answers_the_buttons_of_the_others_die(browser, tmp_path):
    with (
        pages(tmp_path) as place,
        watched(browser, place.base, "ana") as one,
        watched(browser, place.base, "kim") as two,
    ):
        run = start(place.server, "orders-errors", {"host": "h"})
        asked(place.server, run)
        for page in (one, two):
            page.goto(f"/runs/{run}")
            page.locator("#live[data-on]").wait_for(state="attached")
        two.get_by_label("Comment").fill("I am not sure")
        one.get_by_role("button", name="Approve").click()
        begun = time.monotonic()
        two.get_by_role("button", name="Approve").wait_for(state="detached")
        assert time.monotonic() - begun < 2
        assert two.get_by_label("Note").input_value() == "I am not sure"
        two.locator("h1 .status.resolved").wait_for()


def test_live_news_disturb_nobody(browser, tmp_path):
    with pages(tmp_path) as place, watched(browser, place.base) as page:
        run = start(place.server, "reindex")
        until(lambda: place.server.hub.tails(run))
        page.goto(f"/runs/{run}")
        page.locator("#live[data-on]").wait_for(state="attached")
        note = page.get_by_label("Note")
        note.fill("half a sen")
        note.evaluate("(box) => box.setSelectionRange(4, 4)")
        page.locator("details summary", has_text="What was run").click()
        note.focus()
        page.evaluate("scrollTo(0, 90)")
        before = page.locator("[data-tail]").inner_text()
        runs.note(place.server.services, run, "kim", "news from elsewhere", "web")
        page.get_by_text("news from elsewhere").wait_for()
        until(lambda: page.locator("[data-tail]").inner_text() != before)
        assert note.input_value() == "half a sen"
        assert page.evaluate("[document.activeElement.id, document.activeElement.selectionStart, scrollY]") == [
            "note-text",
            4,
            90,
        ]
        assert page.locator("details:has(> summary:text('What was run'))").get_attribute("open") is not None
        runs.stop(place.server.services, run, "kim", "enough")
        page.locator("h1 .status.stopped").wait_for()


def test_a_question_that_has_just_come_takes_no_click_at_once(browser, tmp_path):
    with pages(tmp_path) as place, watched(browser, place.base) as page:
        run = start(place.server, "handover")
        opened = asked(place.server, run)
        page.goto(f"/runs/{run}")
        page.locator("#live[data-on]").wait_for(state="attached")
        said = Answer(opened.gate, "kim", "answer", opened.digest, "cli", {"tickets": 3}, "", opened.opening)
        runs.answer(place.server.services, run, said)
        button = page.get_by_role("button", name="The day shift")
        button.wait_for()
        assert button.is_disabled()
        until(button.is_enabled)


def test_a_page_says_when_it_is_not_live(browser, tmp_path):
    with pages(tmp_path) as place, watched(browser, place.base) as page:
        page.goto("/")
        page.locator("#live[data-on]").wait_for(state="attached")
        page.route("**/*", lambda route: route.abort())
        page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pageshow'))")
        page.get_by_text("Not live").wait_for()
        page.unroute("**/*")
        page.locator("#live:not(.off)").wait_for(state="attached")
