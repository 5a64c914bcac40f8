"""Makes the pictures of the pages in docs/pictures, from real runs in a real browser: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ..realparts.chromium import chromium, watched
from .browsing import Place, pages
from .demo import asked

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LARGEST = 150 * 1024
WIDE = {"viewport": {"width": 1200, "height": 820}}
PHONE = {"viewport": {"width": 390, "height": 844}}


def pictures(place: Place) -> dict[str, tuple[str, dict[str, object]]]:
    """Each picture: its page, and the browser that looks at it."""
    dark = {**WIDE, "color_scheme": "dark"}
    run = f"/runs/{place.runs['waiting']}"
    return {
        "now": ("/", WIDE),
        "now-dark": ("/", dark),
        "run": (run, WIDE),
        "run-dark": (run, dark),
        "run-phone": (run, PHONE),
        "running": (f"/runs/{place.runs['running']}", WIDE),
        "runbook": ("/runbooks/orders-errors", WIDE),
        "start": ("/r/orders-errors?alert=0a1b2c3d4e5f", WIDE),
        "alerts": ("/alerts", WIDE),
        "leases": ("/leases", WIDE),
        "audit": ("/audit", WIDE),
    }


def main() -> int:
    """Make all of them; 1 when one is too large."""
    FOLDER.mkdir(exist_ok=True)
    large = 0
    with tempfile.TemporaryDirectory() as folder, pages(Path(folder), played=True, hostile=False) as place:
        asked(place.server, place.runs["waiting"])
        with chromium() as browser:
            for name, (path, options) in pictures(place).items():
                with watched(browser, place.base, "ana", reduced_motion="reduce", **options) as page:
                    page.goto(path)
                    page.locator("main").wait_for()
                    page.wait_for_timeout(500)
                    page.screenshot(path=str(FOLDER / f"{name}.png"))
                size = (FOLDER / f"{name}.png").stat().st_size
                large += size > LARGEST
                print(f"{name}.png: {size // 1024} KiB")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
