"""What this machine has and lacks: versions, the store, the settings, plug-ins, what the kernel can confine."""

from __future__ import annotations

import platform
from importlib.util import find_spec

from .. import __version__
from ..driver.redaction import Redactor
from ..driver.secrets import SecretStore
from ..errors import HandlerError, InvalidDocument, SteadyError
from ..handlers._confine import ability, trial
from .services import Services

NEEDED = ("starlette", "uvicorn", "httptools", "multipart", "jinja2")
"""The packages without which there is no server."""

Row = tuple[str, bool, str]


def examine(services: Services) -> tuple[Row, ...]:
    """Rows of (what, whether it is in order, what was found)."""
    return (
        ("version", True, f"steadyhand {__version__}, Python {platform.python_version()}, {platform.system()}"),
        _settings(services),
        _store(services),
        _accounts(services),
        _serving(services),
        *((("plug-in", False, problem)) for problem in services.plugin_problems),
        ("step kinds", True, ", ".join(services.all_specs())),
        _confinement(),
    )


def _settings(services: Services) -> Row:
    try:
        path, settings = services.config_path, services.settings
    except InvalidDocument as problem:
        return ("settings", False, "; ".join(f"{d.span}: {d.message}" for d in problem.diagnostics[:3]))
    except SteadyError as problem:
        return ("settings", False, problem.message)
    roles = f", {len(settings.roles)} roles" if settings.roles else ""
    return ("settings", True, f"{path}{roles}" if path else "none (defaults)")


def _store(services: Services) -> Row:
    try:
        count = sum(1 for _ in services.journal.streams("r"))
    except SteadyError as problem:
        return ("store", False, f"{problem.message}; {problem.hint}")
    held = f"{services.store_name}, {count} run{'s'[: count != 1]}"
    readonly = services.journal.readonly
    return ("store", not readonly, f"{held}; it can only be read: {readonly}" if readonly else held)


def _accounts(services: Services) -> Row:
    """The access store beside the journal: without it, nobody can sign in."""
    try:
        tokens = len(services.cells.list("token"))
    except SteadyError as problem:
        return ("accounts", False, f"{problem.message}; {problem.hint}")
    where = "in the database" if "://" in services.store_url else "beside the store"
    return ("accounts", True, f"{where}, {tokens} token{'s'[: tokens != 1]}")


def _serving(services: Services) -> Row:
    """What `steady serve` needs. A machine that is to serve nothing lacks nothing."""
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        return (
            "serving",
            True,
            f"not here: `steady serve` needs {', '.join(lacking)} (pip install 'steadyhand[server]')",
        )
    try:
        settings = services.settings
    except SteadyError:
        return ("serving", True, "it cannot be told as long as the settings cannot be read")
    at = settings.server
    store = SecretStore(settings.secrets, Redactor(), services.cwd, services.environ)
    wrong: list[str] = []
    for intake in settings.intakes.values():
        for name in intake.secrets:
            try:
                store.reveal(name)
            except HandlerError as problem:
                wrong.append(f"intake {intake.name}: {problem.message}")
    people, intakes = len(settings.directory.people), len(settings.intakes)
    words = f"at {at.host}:{at.port}, {people} {'person' if people == 1 else 'people'}, "
    words += f"{intakes} intake{'s'[: intakes != 1]}"
    return ("serving", not wrong, "; ".join([words, *wrong]))


def _confinement() -> Row:
    """By what a read is confined here, after a program has really been confined by it; having nothing is no fault."""
    found = ability()
    why = trial(found.means) if found.means else ""
    if why:
        return ("confinement", False, f"{found.words}, and it fails: {why}")
    return ("confinement", True, found.words if found.means else f"reads are not confined: {found.words}")
