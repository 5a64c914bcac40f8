"""Every snippet of the documentation is run, every link leads somewhere, every page that is drawn is as drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from steadyhand.handlers._confine import ability

from .snippets import LANGUAGES, ROOT, blocks, pages, run, same

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_what_a_page_shows_is_what_happens(page: Path, tmp_path: Path) -> None:
    if page.name == "confine.md" and not ability().means:
        pytest.skip(f"this machine cannot confine a read: {ability().words}")
    for _, ran in run(page, tmp_path):
        for one in ran:
            assert one.code == 0, f"$ {one.command}\n{one.actual}"
            assert same(one.expected, one.actual), f"$ {one.command}\n{one.actual}\n--- instead of\n{one.expected}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_block_says_what_it_is(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{page.name}: a block of {block.language!r}"
        if block.language == "sh":
            targets = re.findall(r"^make (\w+)", block.body, re.MULTILINE)
            known = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert targets, f"{page.name}: only commands of the Makefile go unrun"
            assert set(targets) <= set(known), page.name


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_comparison_can_fail() -> None:
    assert same("a 12 ms\n...\nz", "a 3 s\nb\nc\nz")
    assert not same("a\n", "b\n")
    assert not same("a\n...\nz", "a\nb\n")


def test_the_reference_is_as_drawn() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "reference" / "draw.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_page_is_reachable_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        todo.extend((page.parent / link).resolve() for link in links if "://" not in link)
    missing = [str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md") if p not in seen]
    assert missing == []
