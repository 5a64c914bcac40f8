"""Runbooks from files: found by path or by name, read, checked, and completed with the runbooks that they call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from .. import graph, schema
from ..errors import Diagnostic, InvalidDocument, NotFound, Severity, Span
from ..graph.confinement import confinement
from ..model import Call, Parallel, Runbook, Step
from .services import Services, read_bytes

CODES: dict[str, tuple[str, str]] = {
    "SA001": ("called runbook", "A called runbook is missing, invalid, or calls itself: a run could not go on."),
    "SA002": ("inputs of a call", "The called runbook would not take these inputs: the step would end in `error`."),
    "SA003": ("runbook of a route", "The alerts of the route could start nothing."),
    "SA004": ("inputs of a route", "The runbook would not take what the route gives it: alerts would start nothing."),
}
PLUGIN_MIGHT = frozenset({schema.UNKNOWN_KIND, schema.UNKNOWN_FAMILY})
"""Codes of findings that an installed plug-in might settle."""
DEPTH = 16
"""How deep calls may go: a cycle is refused long before."""


class Read(Struct, frozen=True):
    """A document as read: the runbook (None when it is invalid) and everything found, sorted by place."""

    path: str
    runbook: Runbook | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def valid(self) -> bool:
        """Whether it may run."""
        return self.runbook is not None and not any(d.severity is Severity.ERROR for d in self.diagnostics)


def read(services: Services, path: Path, text: bytes | None = None) -> Read:
    """A runbook from a file, with everything that is found about it, the proofs over its graph included."""
    name = str(path)
    content = read_bytes(path) if text is None else text
    specs = services.specs
    loaded = schema.read(content, name, specs)
    if any(d.code in PLUGIN_MIGHT for d in loaded.diagnostics):
        specs = services.all_specs()
        loaded = schema.read(content, name, specs)
    if loaded.runbook is None:
        return Read(name, None, loaded.diagnostics)
    runbook, missing = _with_calls(services, loaded.runbook, path, ())
    held = confinement(runbook, services.spec, required=services.settings.confine == "required")
    found = (*loaded.diagnostics, *missing, *graph.check(runbook, replace(services.around, specs=specs)), *held)
    return Read(name, runbook, tuple(sorted(found, key=lambda d: (d.span, d.code))))


def load(services: Services, where: str) -> Runbook:
    """A runbook that may run, by path or by name. Raises NotFound, InvalidDocument."""
    path = find(services, where)
    found = read(services, path)
    if not found.valid or found.runbook is None:
        raise InvalidDocument(found.diagnostics)
    return found.runbook


def find(services: Services, where: str) -> Path:
    """The file that a path or a runbook's name means."""
    path = Path(services.cwd, where)
    if path.is_file():
        return path
    known = dict(named(services))
    if where in known:
        return known[where]
    if path.is_dir():
        raise NotFound(f"{where} is a folder", "name one runbook in it")
    import difflib  # noqa: PLC0415 only for the message

    close = difflib.get_close_matches(where, known, 1)
    hint = f"did you mean {close[0]}?" if close else "give a path, or the name of a runbook in the library"
    raise NotFound(f"there is no runbook {where}", hint)


def folders(services: Services) -> Iterator[Path]:
    """Where runbooks are looked for by name: the settings' library, else `runbooks/`; then what is shipped."""
    base = services.config_path.parent if services.config_path else Path(services.cwd)
    for listed in services.settings.library or ("runbooks",):
        yield base / listed
    yield shipped("runbooks")


def shipped(what: str) -> Path:
    """A file or folder that comes with the package: from a wheel, or from a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped" / what
    return installed if installed.exists() else package.parent.parent / what


def named(services: Services) -> Iterator[tuple[str, Path]]:
    """Every runbook file of the library with the name that its file has."""
    seen: set[str] = set()
    for folder in folders(services):
        for path in documents(folder):
            if path.stem not in seen:
                seen.add(path.stem)
                yield path.stem, path


def documents(path: Path) -> Iterator[Path]:
    """The runbook files under a folder (or the file itself): *.yaml and *.yml that look like runbooks.

    Tests, settings and the YAML of other programs are passed over, as long as nobody names them.
    """
    if not path.is_dir():
        if path.is_file():
            yield path
        return
    for found in sorted(path.rglob("*.y*ml")):
        hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
        if found.suffix in {".yaml", ".yml"} and not hidden and not is_other(found) and _speaks_of_steps(found):
            yield found


def _speaks_of_steps(path: Path) -> bool:
    """Whether a file has a key that makes it a runbook; what cannot be read counts, so that it is complained about."""
    try:
        return re.search(rb"^[\"']?(steadyhand|steps)[\"']?[ \t]*:", path.read_bytes(), re.MULTILINE) is not None
    except OSError:
        return True


def is_other(path: Path) -> bool:
    """Whether a YAML file is a test, a drill, a template or the settings, going by its name."""
    return path.name == "steady.yaml" or path.stem.endswith((".test", ".drill"))


def _with_calls(
    services: Services, runbook: Runbook, path: Path, above: tuple[str, ...]
) -> tuple[Runbook, tuple[Diagnostic, ...]]:
    """The runbook with all that it calls, and what is wrong with the calls."""
    calls: dict[str, Runbook] = {}
    found: list[Diagnostic] = []
    for step, name in called(runbook.steps):
        problem = _call_problem(name, (*above, runbook.name))
        if problem:
            found.append(_at(runbook, step.span, problem))
            continue
        if name not in calls:
            called_path = beside(services, path, name)
            loaded = (
                schema.read(read_bytes(called_path), str(called_path), services.all_specs()) if called_path else None
            )
            if called_path is None or loaded is None or loaded.runbook is None:
                found.append(_at(runbook, step.span, f"the called runbook {name} cannot be found or is not valid"))
                continue
            inner, deeper = _with_calls(services, loaded.runbook, called_path, (*above, runbook.name))
            calls[name] = inner
            found.extend(deeper)
        assert isinstance(step.body, Call)  # noqa: S101 only such steps call
        wrong = schema.foreseen(calls[name], step.body.inputs)
        found.extend(_at(runbook, step.span, message, "SA002") for message in wrong)
    return (replace(runbook, calls=calls) if calls else runbook), tuple(found)


def _call_problem(name: str, above: tuple[str, ...]) -> str:
    if name in above:
        return f"runbook {name} calls itself: {' -> '.join((*above, name))}"
    return f"calls go deeper than {DEPTH} runbooks" if len(above) >= DEPTH else ""


def beside(services: Services, path: Path, name: str) -> Path | None:
    """The file of a runbook that another one calls: beside that one, else in the library."""
    if "/" in name:
        return None  # a runbook is called by its name, wherever it lies
    for suffix in (".yaml", ".yml"):
        found = path.parent / f"{name}{suffix}"
        if found.is_file():
            return found
    return dict(named(services)).get(name)


_HINTS = {
    "SA001": "put it beside this file or in the library, and run `steady validate` on it",
    "SA002": "correct the `inputs:` of the call",
}


def _at(runbook: Runbook, span: Span, message: str, code: str = "SA001") -> Diagnostic:
    lines = runbook.text.splitlines()
    text = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    return Diagnostic(code, message, span, CODES[code][1], _HINTS[code], text)


def called(steps: Mapping[str, Step]) -> Iterator[tuple[Step, str]]:
    """Every step that calls a runbook, with its name, branches included."""
    for step in steps.values():
        if isinstance(step.body, Call):
            yield step, step.body.runbook
        if isinstance(step.body, Parallel):
            for branch in step.body.branches:
                inner = branch.steps or ({branch.id: branch.step} if branch.step else {})
                yield from called(inner)


def revive(services: Services, name: str, texts: Mapping[str, str]) -> Runbook:
    """The runbook of a run, from the texts that its first event holds. Files play no part."""
    specs = services.all_specs() if _needs_plugins(services, texts[name]) else services.specs
    loaded = schema.read(texts[name], name, specs)
    if loaded.runbook is None:
        raise InvalidDocument(loaded.diagnostics)
    names = {inner for _, inner in called(loaded.runbook.steps)}
    calls = {inner: revive(services, inner, texts) for inner in names}
    return replace(loaded.runbook, calls=calls) if calls else loaded.runbook


def _needs_plugins(services: Services, text: str) -> bool:
    found = schema.read(text, "", services.specs).diagnostics
    return any(d.code in PLUGIN_MIGHT for d in found)


def family(runbook: Runbook) -> Iterator[Runbook]:
    """A runbook and all that it calls, however deep."""
    yield runbook
    for inner in runbook.calls.values():
        yield from family(inner)


def texts_of(runbook: Runbook) -> dict[str, str]:
    """The texts of a runbook and of all that it calls, by name."""
    return {one.name: one.text for one in family(runbook)}


def digests_of(runbook: Runbook) -> dict[str, str]:
    """The digests of a runbook and of all that it calls, by name."""
    return {one.name: one.digest for one in family(runbook)}
