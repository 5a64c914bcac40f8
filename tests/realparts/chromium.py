"""Debian's Chromium, driven by Playwright: a real browser for the pages. Whatever it complains about fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from . import missing, used

PROGRAM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--font-render-hinting=none",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser that lives for a while."""
    if shutil.which(PROGRAM) is None:
        missing("chromium", PROGRAM)
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the dev extra brings it)")
    used("chromium")
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page of the browser, as somebody; what its console or its policy complains about is kept."""

    def __init__(self, browser: Any, base: str, person: str = "admin", **options: Any) -> None:
        headers = {"X-Test-Person": person}
        self.context = browser.new_context(base_url=base, extra_http_headers=headers, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(8_000)
        self.complaints: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))

    def _said(self, said: Any) -> None:
        expected = ("the server responded with a status of 4", "net::ERR_FAILED")
        if said.type in {"error", "warning"} and not any(words in said.text for words in expected):
            self.complaints.append(said.text)

    def close(self) -> None:
        """Close it; fails when the browser has complained."""
        self.context.close()
        assert self.complaints == []


@contextmanager
def watched(browser: Any, base: str, person: str = "admin", **options: Any) -> Iterator[Any]:
    """A page of the browser, as somebody."""
    found = Watched(browser, base, person, **options)
    try:
        yield found.page
    except BaseException:
        found.context.close()
        raise
    found.close()
