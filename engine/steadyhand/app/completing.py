"""What could be typed next: runs, gates, answers, targets, runbooks. Asked by the shell at every press of a key.

So it is quick (a bounded number of runs is looked at), and opens nothing that is not there.
"""

from __future__ import annotations

from ..errors import SteadyError
from ..events import GateOpened, RunStarted
from ..journal.open import location
from . import leases, library, runs
from .services import Services

MOST = 30
"""How many runs are offered, the newest first."""

Offer = tuple[str, str]
"""A word, and what it is."""


def recent(services: Services) -> list[Offer]:
    """The newest runs with the names of their runbooks, and the word for the newest."""
    if not _there(services):
        return []
    journal = services.journal
    heads = [head for _, head in zip(range(MOST), journal.streams("r"), strict=False)]
    found: list[Offer] = [(runs.LAST, "the newest run")] if heads else []
    for head in heads:
        first = journal.read(head.stream)[0].event
        found.append((head.stream, first.runbook if isinstance(first, RunStarted) else ""))
    return found


def gates(services: Services, run: str) -> list[Offer]:
    """The open questions of a run."""
    return [(gate.gate, " ".join(gate.prompt.split())) for gate in _open(services, run)]


def answers(services: Services, run: str, gate: str) -> list[Offer]:
    """What may be answered to a question; nothing for one that wants a value."""
    found = (one for one in _open(services, run) if one.gate == gate and one.kind != "ask")
    return [offer for one in found for offer in one.options.items()]


def _open(services: Services, run: str) -> list[GateOpened]:
    if not _there(services):
        return []
    return [gate.opened for gate in runs.state_of(services, runs.find(services, run)).open_gates]


def targets(services: Services) -> list[Offer]:
    """The targets of the settings, and those that are taken now."""
    found = {name: target.kind for name, target in services.settings.targets.items()}
    if _there(services):
        found |= {lease.target: f"taken by {lease.by}" for lease in leases.held(services)}
    return sorted(found.items())


def runbooks(services: Services) -> list[Offer]:
    """The runbooks of the library by name, with where they lie."""
    return [(name, str(path)) for name, path in library.named(services)]


def _there(services: Services) -> bool:
    try:
        path = location(services.store_url)
    except SteadyError:
        return False
    return path is not None and path.is_file()
