"""Drills: a disposable service is started and broken for real, and a runbook must find the fault and repair it.

Everything of a drill lies in a folder of its own, and everything that it starts is a child of this process or lives in
a namespace of its own, so nothing is left behind: what is, is a failure of the drill.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..core import State
from ..core.answers import Answer
from ..driver import overseer
from ..errors import InvalidDocument, SteadyError, UsageError
from ..events import GateOpened, Recorded, StepEntered
from ..expressions import render_native
from ..model import SECOND, Mode, Runbook
from ..rehearsal import drills as documents
from ..rehearsal.drills import Drill, DrillDocument, read_drills
from ..rehearsal.world import Said
from ..schema import inputs_of
from . import library, runs
from .places import free_ports
from .services import Services, read_bytes

PATIENCE = 60.0
"""Seconds that a service may take until it is ready, and any of the drill's own commands may run."""
SUFFIXES = (".drill.yaml", ".drill.yml")


class Outcome(Struct, frozen=True):
    """What came of one drill. Times are microseconds; `skipped` says why it was not run ('' when it was)."""

    runbook: str
    drill: str
    expected: str
    cause: str = ""
    conclusion: str = ""
    repaired: bool | None = None
    path: tuple[str, ...] = ()
    diagnosed: int = 0
    took: int = 0
    problems: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    """What the preflight of the place says is not there, where it was asked; it stands among the problems too."""
    skipped: str = ""
    transcript: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was run and came out as expected."""
        return not self.problems and not self.skipped


def drill_files(services: Services, path: Path) -> Iterator[Path]:
    """The drill documents at a path: itself, the one beside a runbook, or all below a folder."""
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*.drill.y*ml") if not any(q.startswith(".") for q in p.parts[1:]))
    elif path.name.endswith(SUFFIXES):
        yield path
    else:
        runbook = library.find(services, str(path))
        beside = [runbook.with_name(f"{runbook.stem}{suffix}") for suffix in SUFFIXES]
        found = next((p for p in beside if p.is_file()), None)
        if found is None:
            raise UsageError(f"{path} has no drill", f"write {beside[0].name} beside it")
        yield found


def read(services: Services, path: Path) -> tuple[DrillDocument, Runbook]:
    """A drill document with its runbook, both held against each other. Raises InvalidDocument, UsageError."""
    document, diagnostics = read_drills(read_bytes(path), str(path))
    if document is None:
        raise InvalidDocument(diagnostics)
    stem = path.name.removesuffix(".yaml").removesuffix(".yml").removesuffix(".drill")
    runbook = library.load(services, str(path.parent / (document.runbook or f"{stem}.yaml")))
    unknown = documents.unknown_names(document, runbook)
    if unknown:
        raise UsageError(f"{path}: {'; '.join(unknown)}", "use the names that the runbook has")
    return document, runbook


def drill(
    services: Services,
    path: Path,
    only: str = "",
    *,
    keep: str = "",
    preflight: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Carry out the drills of one document, one after the other. `keep` is a folder for stores and transcripts.

    With `preflight`, each place is asked, while it is well, whether every step could be carried out there.
    """
    document, runbook = read(services, path)
    chosen = [one for one in document.drills if not only or one.name == only]
    if not chosen:
        names = ", ".join(one.name for one in document.drills)
        raise UsageError(f"{path} has no drill {only}", f"drills: {names}")
    for one in chosen:
        told(f"{runbook.name}: {one.name}")
        missing = _missing(document)
        expected = str(one.expect.get("cause") or "none")
        if missing:
            yield Outcome(runbook.name, one.name, expected, skipped=missing)
            continue
        with tempfile.TemporaryDirectory(prefix="steady-drill-") as folder:
            site = _Site(services, document, runbook, one, (path.resolve().parent, Path(folder)), keep)
            yield site.carry_out(preflight=preflight)


def _missing(document: DrillDocument) -> str:
    gone = [tool for tool in document.needs if shutil.which(tool, path=_path()) is None]
    return f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not on this machine" if gone else ""


def _path() -> str:
    """Where drills look for programs: servers lie in places that a user's PATH often lacks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


class _Failed(SteadyError):
    """A command of the drill itself did not work, so nothing can be said of the runbook."""


class _Site:
    """One drill being carried out in its folder."""

    def __init__(
        self,
        services: Services,
        document: DrillDocument,
        runbook: Runbook,
        drill: Drill,
        places: tuple[Path, Path],
        keep: str,
    ) -> None:
        """`places` are the folder of the document, and the one that the drill may use."""
        here, folder = places
        self._services = services
        self._document = document
        self._runbook = runbook
        self._drill = drill
        self._folder = folder
        self._keep = Path(keep) / f"{runbook.name}-{drill.name}" if keep else None
        ports = free_ports(5)
        self._names = {"folder": str(folder), **{f"port{n or ''}": port for n, port in enumerate(ports)}}
        self._environ = {
            **{name: value for name, value in services.environ.items() if not name.startswith("STEADY_")},
            "PATH": _path(),
            "DRILL": str(folder),
            "HERE": str(here),
            "PYTHON": sys.executable,
            **{f"PORT{n or ''}": str(port) for n, port in enumerate(ports)},
        }

    def carry_out(self, *, preflight: bool = False) -> Outcome:
        """Start, break, run, ask something other than the runbook, and clean up."""
        begun = time.monotonic()
        outcome = Outcome(self._runbook.name, self._drill.name, str(self._drill.expect.get("cause") or "none"))
        try:
            outcome = self._drilled(outcome, preflight=preflight)
        except _Failed as problem:
            outcome = _with(outcome, problems=(problem.message,))
        left = self._clean()
        took = outcome.took or int((time.monotonic() - begun) * SECOND)
        return _with(outcome, problems=(*outcome.problems, *left), took=took)

    def _drilled(self, outcome: Outcome, *, preflight: bool) -> Outcome:
        document, one = self._document, self._drill
        if document.start:
            self._sh("start", document.start)
        if document.ready:
            self._until("ready", document.ready)
        lacking = self._lacking() if preflight else ()
        if one.break_:
            self._sh("break", one.break_)
            self._until("broken", one.broken)
        desk, state, recorded = self._run()
        cause = documents.cause_of(self._runbook, state)
        repaired = self._holds(one.repaired) if one.repaired else None
        path = tuple(r.event.path for r in recorded if isinstance(r.event, StepEntered) and "/" not in r.event.path)
        conclusion = state.conclusion.conclusion if state.conclusion else ""
        return _with(
            outcome,
            cause=cause,
            conclusion=conclusion,
            repaired=repaired,
            path=path,
            diagnosed=_diagnosed(recorded, self._runbook),
            took=recorded[-1].at - recorded[0].at,
            problems=(*lacking, *documents.judged(one, conclusion, cause, path, repaired=repaired)),
            lacking=lacking,
            transcript=self._kept(desk, recorded),
        )

    def _desk(self) -> tuple[Services, Mapping[str, str], Mapping[str, Any]]:
        """Services with a store of their own, the variables of the drill, and the inputs of the run."""
        one = self._drill
        config = self._folder / "steady.yaml"
        config.write_text(json.dumps(render_native(dict(self._document.settings), {"drill": self._names})))
        environment = {n: str(render_native(v, {"drill": self._names})) for n, v in one.environment.items()}
        desk = Services(
            store=str(self._folder / "store" / "journal.db"),
            config=str(config),
            environ={**self._environ, **environment},
            cwd=str(self._folder),
        )
        given = render_native(dict(one.inputs), {"drill": self._names})
        return desk, environment, inputs_of(self._runbook, given, texts=False)

    def _lacking(self) -> tuple[str, ...]:
        """What the preflight says is not there, a sentence each."""
        from . import preflight  # noqa: PLC0415 only where it is asked for

        desk, environment, inputs = self._desk()
        with _environment(environment):
            rows = preflight.check(desk, self._runbook, inputs)
        return tuple(f"preflight: {preflight.line(row)}" for row in rows if row.holds is False)

    def _run(self) -> tuple[Services, State, tuple[Recorded, ...]]:
        """The run itself; people answer as the drill says."""
        one = self._drill
        desk, environment, inputs = self._desk()
        people = _Scripted(one.answers)
        driver = runs.start(desk, self._runbook, inputs, Mode(one.mode), people=people)
        over = threading.Timer(one.within / SECOND, driver.interrupt)
        over.start()
        try:
            with _environment(environment):
                driver.drive()
        finally:
            over.cancel()
        return desk, driver.state, desk.journal.read(driver.stream)

    def _kept(self, desk: Services, recorded: tuple[Recorded, ...]) -> str:
        """The transcript, where it is to be kept."""
        if self._keep is None:
            return ""
        from ..graph.build import build  # noqa: PLC0415 only where it is kept
        from ..projections import html  # noqa: PLC0415 only where it is kept
        from ..projections.transcript import draw  # noqa: PLC0415 only where it is kept

        self._keep.mkdir(parents=True, exist_ok=True)
        page = self._keep / "transcript.html"
        page.write_text(html.render(draw(recorded, self._runbook), build(self._runbook)), "utf-8")
        shutil.copytree(self._folder / "store", self._keep / "store", dirs_exist_ok=True)
        del desk
        return str(page)

    # --- the drill's own commands

    def _sh(self, what: str, text: str) -> subprocess.CompletedProcess[bytes]:
        """A command that must work. What it leaves running in the background belongs to the drill."""
        log = self._folder / f"{what}.log"
        with log.open("wb") as output:
            try:
                ended = subprocess.run(
                    ["/bin/sh", "-eu", "-c", text],
                    cwd=self._folder,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=PATIENCE,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise _Failed(f"`{what}` did not end within {PATIENCE:g} s: {_tail(log)}") from None
        if ended.returncode:
            raise _Failed(f"`{what}` exited with {ended.returncode}: {_tail(log)}")
        return ended

    def _holds(self, text: str) -> bool:
        try:
            self._sh("check", text)
        except _Failed:
            return False
        return True

    def _until(self, what: str, text: str) -> None:
        """Wait until a check holds."""
        over = time.monotonic() + PATIENCE
        while not self._holds(text):
            if time.monotonic() > over:
                raise _Failed(f"`{what}` did not come about within {PATIENCE:g} s: {_tail(self._folder / 'check.log')}")
            time.sleep(0.1)

    def _clean(self) -> tuple[str, ...]:
        """End what still runs, and say what is left."""
        wrong: list[str] = []
        if self._document.stop:
            try:
                self._sh("stop", self._document.stop)
            except _Failed as problem:
                wrong.append(problem.message)
        overseer.end_all(overseer.overseen_by() or os.getpid(), spare=(os.getpid(),))
        inside = f"{self._folder}/"
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(inside)), reverse=True):
            program = shutil.which("umount", path=_path()) or "/bin/umount"
            if subprocess.run([program, "-l", mount], capture_output=True, check=False).returncode:
                wrong.append(f"{mount} is still mounted")
        return tuple(wrong)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables of this very process, for what reads them there: a home with its `.ssh`, say. A drill has its own."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _with(outcome: Outcome, **changes: Any) -> Outcome:
    return Outcome(**{**{name: getattr(outcome, name) for name in outcome.__struct_fields__}, **changes})


def _tail(log: Path) -> str:
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    return " ".join(text.split())[-400:] or "it printed nothing"


def _diagnosed(recorded: tuple[Recorded, ...], runbook: Runbook) -> int:
    """How long it took until the last diagnosis had its answer: until control left it."""
    from ..model import Diagnose  # noqa: PLC0415 a name of the model that only this needs

    left = [
        one.at
        for one in recorded
        if isinstance(one.event, StepEntered)
        and one.event.came_from in runbook.steps
        and isinstance(runbook.steps[one.event.came_from].body, Diagnose)
    ]
    return left[-1] - recorded[0].at if left else 0


class _Scripted:
    """People who answer as the drill says. What it does not say is left unanswered, and the run ends with its time."""

    def __init__(self, answers: Mapping[str, tuple[Any, ...]]) -> None:
        self._answers = answers
        self._turn: dict[str, int] = {}

    def present(self) -> bool:
        """Somebody is there."""
        return True

    def ask(self, gate: GateOpened, deliver: Callable[[Answer], None]) -> None:
        """Answer at once."""
        listed = self._answers.get(gate.gate, ())
        turn = self._turn.get(gate.gate, 0)
        self._turn[gate.gate] = turn + 1
        found = listed[min(turn, len(listed) - 1)] if listed else ()
        for said in (found,) if isinstance(found, Said) else found:
            answer = said.answer or ("answer" if gate.kind == "ask" else "")
            deliver(Answer(gate.gate, said.by, answer, gate.digest, "drill", said.value, said.comment, gate.opening))

    def withdraw(self, gate: str) -> None:
        """Nothing is on a screen."""
