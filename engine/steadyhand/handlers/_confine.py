"""What this machine can do to hold a read to reading, and how a program is started so that it is held.

`ability` is asked by the driver before a confined attempt, and by `steady doctor` and `steady preflight`; `Cage` is
what _process starts a program in. What is refused stands in _seccomp (calls) and _launcher (paths, powers). Landlock is
taken where it also holds signals (since Linux 6.12): processes keep their real names there. Else bubblewrap.
"""

from __future__ import annotations

import marshal
import os
import select
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import Self

from ..errors import HandlerError, Refused
from ..model import Ability
from . import _argv, _seccomp

LANDLOCK, BUBBLEWRAP = "Landlock", "bubblewrap"
ENOUGH = 6
"""The version of Landlock's interface that holds signals and abstract sockets as well (Linux 6.12)."""
HINT = (
    "run `steady doctor` to see what this machine can; `confine: false` runs it unconfined, and the transcript says so"
)
CREATE_RULESET, ASK_VERSION = 444, 1
SETPCAP = 8
PATIENCE = 10.0
"""Seconds that a trial may take."""


@cache
def ability() -> Ability:
    """By what a read can be confined here, or why it cannot. Looked at once in a process."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _seccomp.ARCHES:
        return Ability("", f"confinement needs Linux on {' or '.join(_seccomp.ARCHES)}")
    if _stuck():
        return Ability("", "root's powers cannot be given up here: CAP_SETPCAP is missing")
    abi = landlock()
    if abi >= ENOUGH:
        return Ability(LANDLOCK, f"Landlock (version {abi} of its interface)")
    why = f"Landlock's interface is of version {abi}, and {ENOUGH} is needed" if abi else "the kernel has no Landlock"
    program = bubblewrap()
    if not program:
        return Ability("", f"{why} (Linux 6.12), and bubblewrap (`bwrap`) is not installed")
    failed = trial(BUBBLEWRAP)
    if failed:
        return Ability("", f"{why} (Linux 6.12), and bubblewrap does not work here: {failed}")
    return Ability(BUBBLEWRAP, f"bubblewrap ({program})")


def _stuck() -> bool:
    """Whether this is root without the power to lower the bound of its powers, and with some that would have to go."""
    if os.geteuid() != 0:
        return False
    from ._launcher import KEPT  # noqa: PLC0415 brings ctypes along, which only a confined read needs

    with suppress(OSError, KeyError, ValueError), open("/proc/self/status", encoding="ascii", errors="replace") as file:
        told = dict(line.partition(":\t")[::2] for line in file)
        beyond = int(told["CapBnd"], 16) & ~sum(1 << cap for cap in KEPT)
        return bool(beyond) and not int(told["CapEff"], 16) & 1 << SETPCAP
    return False


def landlock() -> int:
    """The version of Landlock's interface in this kernel; 0 when there is none."""
    import ctypes  # noqa: PLC0415 only when something is to be confined

    version: int = ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(ASK_VERSION))
    return max(0, version)


def bubblewrap() -> str:
    """Where bubblewrap is; '' when it is not on PATH."""
    import shutil  # noqa: PLC0415 brings every compressor along

    return shutil.which("bwrap") or ""


def trial(means: str) -> str:
    """Why a program cannot be confined by that means here; '' when it can. Tries it."""
    import subprocess  # noqa: PLC0415 not for `validate`

    try:
        with Cage(means) as cage:
            child = _argv.start(["true"], cage.environment, "", piped=False, behind=cage.behind, passed=cage.passed)
            try:
                _, said = child.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                return f"it had not ended after {PATIENCE:g} s"
            last = said.decode("utf-8", "replace")
            problem = cage.problem(["true"], last=last)
            return problem.message if problem else "" if child.returncode == 0 else last.strip() or "it failed"
    except HandlerError as problem:
        return problem.message


class Cage:
    """What one program is confined in: the words it is started behind, its scratch folder, the launcher's reports.

    Made before the program is started and closed after it has ended, scratch folder and all. With no means it is none,
    and the program is started as it is. Raises Refused when the folder or the pipes cannot be made.
    """

    def __init__(self, means: str) -> None:
        self.behind: Sequence[str] = ()
        self.passed: tuple[int, ...] = ()
        self.environment: Mapping[str, str] = {}
        self._means = means
        self._scratch = ""
        self._open: list[int] = []
        if means:
            try:
                self._build()
            except OSError as problem:
                self.close()
                why = f"a confined read needs a scratch folder and two pipes: {problem.strerror}"
                raise Refused(why, "look at TMPDIR, at `df`, and at `ulimit -n`") from problem

    def _build(self) -> None:
        self._scratch = _scratch()
        orders, into = os.pipe()
        self._open += [orders, into]
        self._report, report = os.pipe()
        self._open += [self._report, report]
        os.write(into, marshal.dumps(self._orders()))
        self._shut(into)
        self.passed = (orders, report)
        from ._launcher import PYTHON, START  # noqa: PLC0415 brings ctypes along, which only a confined read needs

        self.behind = [*PYTHON, START, "outer", str(orders), str(report), "--"]
        self.environment = {"TMPDIR": self._scratch}

    def _orders(self) -> dict[str, object]:
        scratch = os.fsencode(self._scratch)
        wrap = [bubblewrap() or "bwrap", *view(self._scratch)] if self._means == BUBBLEWRAP else []
        return {
            "scratch": scratch,
            "abi": landlock(),
            "filter": _seccomp.program(os.uname().machine),
            "behind": list(map(os.fsencode, wrap)),
        }

    def started(self) -> None:
        """The launcher has its ends of the pipes; let go of ours."""
        for descriptor in self.passed:
            self._shut(descriptor)
        self.passed = ()

    def problem(self, argv: Sequence[str], cwd: str = "", last: str = "") -> HandlerError | None:
        """Why the program was never begun, after its leader has ended; None when it was. `last` is what was said."""
        self.started()
        said = b""
        while select.select([self._report], [], [], 0)[0] and (more := os.read(self._report, 4096)):
            said += more
        word, _, rest = said.decode("utf-8", "replace").strip().rpartition("\n")[2].partition(" ")
        if word == "exec":
            return _argv.refused(OSError(int(rest), os.strerror(int(rest))), argv[0], cwd=cwd)
        if word == "ok":
            return None
        why = rest or last.strip().rpartition("\n")[2] or "its launcher ended before it was begun"
        return Refused(f"it was not started, as it could not be confined by {self._means}: {why}", HINT)

    def close(self) -> None:
        """Let go of everything, and remove the scratch folder with what lies in it."""
        for descriptor in tuple(self._open):
            self._shut(descriptor)
        if self._scratch:
            try:
                os.rmdir(self._scratch)
            except FileNotFoundError:
                pass  # the launcher has removed it
            except OSError:
                import shutil  # noqa: PLC0415 brings every compressor along, and few scratch folders are used

                shutil.rmtree(self._scratch, ignore_errors=True)

    def _shut(self, descriptor: int) -> None:
        with suppress(ValueError):
            self._open.remove(descriptor)
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def view(scratch: str) -> list[str]:
    """What bubblewrap is told: all that is here may be read and nothing written, processes of its own, no powers.

    The other processes' `/proc/PID/root` leads to where nothing is read-only. Landlock closes that way. Where there is
    none, users of its own do; there, root reads what is root's, and not every file any more.
    """
    # SETPCAP, so that the launcher can lower the bound; it keeps the other two, and only those.
    powers = ("CAP_SETPCAP", "CAP_DAC_READ_SEARCH", "CAP_SYSLOG") if os.geteuid() == 0 else ()
    kept = [word for power in powers for word in ("--cap-add", power)]
    return [
        *(() if landlock() else ("--unshare-user",)),
        *("--ro-bind", "/", "/", "--dev", "/dev", "--bind", scratch, scratch),
        *("--unshare-pid", "--unshare-ipc", "--die-with-parent", "--cap-drop", "ALL", *kept, "--"),
    ]  # fmt: skip


def _scratch() -> str:
    """A new, empty folder that nobody else may enter."""
    above = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 made with a random name, and only if it is not there
    path = os.path.join(above, f"steady-read-{os.urandom(8).hex()}")
    os.mkdir(path, 0o700)
    return os.path.realpath(path)
