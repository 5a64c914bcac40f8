"""Completion in the shell: what stands behind an argument is offered. Whatever goes wrong, nothing is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..app.services import Services

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Offers = Iterable[tuple[str, str]]
Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _completes(offer: Callable[[Services, click.Context], Offers]) -> Complete:
    """A completion that offers what begins as it was typed."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        del param
        given = ctx.find_root().params
        try:
            desk = Services(store=given.get("store") or "", config=given.get("config") or "")
            found = [(word, what) for word, what in offer(desk, ctx) if word.startswith(incomplete)]
        except Exception:  # noqa: BLE001 a shell that is asked to complete shows no errors
            return []
        return [_item(word, what) for word, what in found]

    return complete


def _item(word: str, what: str = "") -> CompletionItem:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 not for a command that only runs

    return CompletionItem(word, help=what or None)


def _runs(desk: Services, ctx: click.Context) -> Offers:
    from ..app import completing  # noqa: PLC0415 not for a command that only runs

    del ctx
    return completing.recent(desk)


def _gates(desk: Services, ctx: click.Context) -> Offers:
    from ..app import completing  # noqa: PLC0415 not for a command that only runs

    return completing.gates(desk, ctx.params["run"])


def _answers(desk: Services, ctx: click.Context) -> Offers:
    from ..app import completing  # noqa: PLC0415 not for a command that only runs

    return completing.answers(desk, ctx.params["run"], ctx.params["gate"])


def _targets(desk: Services, ctx: click.Context) -> Offers:
    from ..app import completing  # noqa: PLC0415 not for a command that only runs

    del ctx
    return completing.targets(desk)


def _names(desk: Services, ctx: click.Context) -> Offers:
    from ..app import completing  # noqa: PLC0415 not for a command that only runs

    del ctx
    return completing.runbooks(desk)


run_ids = _completes(_runs)
gate_ids = _completes(_gates)
answer_words = _completes(_answers)
target_names = _completes(_targets)
_runbook_names = _completes(_names)


def paths(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, and files that may be runbooks."""
    del ctx, param
    folder, _, begun = incomplete.rpartition("/")
    typed = f"{folder}/" if "/" in incomplete else ""
    try:
        entries = sorted(Path(typed or ".").expanduser().iterdir())
        folders = {entry for entry in entries if entry.is_dir()}
    except (OSError, RuntimeError):
        return []
    return [
        _item(f"{typed}{entry.name}{'/' if entry in folders else ''}")
        for entry in entries
        if entry.name.startswith(begun)
        and (begun or not entry.name.startswith("."))
        and (entry in folders or entry.suffix in {".yaml", ".yml"})
    ]


def runbooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files that may be runbooks, and the names of those in the library."""
    return [*paths(ctx, param, incomplete), *_runbook_names(ctx, param, incomplete)]
