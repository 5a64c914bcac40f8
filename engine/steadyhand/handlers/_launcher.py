"""Gives up the power to change anything, then becomes the command: the process between the engine and a confined read.

Started by _confine as a program of its own (`python -I -S -c START outer 7 9 -- sh -c ...`), because the kernel
takes these powers from a process for good, and the engine's are needed; so it knows nothing but the standard library,
and as little of that as can be. One process stays behind as the leader of the group: it carries the command's exit
code or signal on, and ends whatever the command leaves running.

What to do comes through a pipe (a marshalled dict: `scratch`, `abi`, `filter`, `behind`), what came of it goes back
through another: `ok` just before the command is begun, `exec N` when it could not be (an errno), `broken ...` when the
confinement could not be made, in which case nothing is begun.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]  # without the enumerations, which take as long as the rest
import ctypes
import marshal
import os
import sys

TYPE_CHECKING = False
"""As in typing, which takes half as long to import as the interpreter to start: every confined step would pay."""
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, NoReturn

KEPT = frozenset({2, 34})
"""Capabilities that stay with an administrator's read: to read any file (DAC_READ_SEARCH), and the kernel's log."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
"""What may be written to beside the scratch folder: nothing comes of it."""
GRACE = 2.5
"""Seconds after SIGTERM, when all that the command has started is killed: a little before the engine would do it."""
RELAYED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)

WRITING = 0x3FF2
"""Landlock's rights of ABI 1 and 2 to write, remove and make files (WRITE_FILE, REMOVE_DIR to MAKE_SYM, REFER)."""
REFER, TRUNCATE, IOCTL = 1 << 13, 1 << 14, 1 << 15
BIND = 1
SCOPED = 3
"""Abstract sockets and signals reach only what the command itself has started."""
SPECIAL = 1 << 6 | 1 << 11
"""Devices are not made even in the scratch folder."""
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
NO_NEW_PRIVS, SECCOMP, SUBREAPER, BOUND_READ, BOUND_DROP, AMBIENT = 38, 22, 36, 23, 24, 47
CAPABILITIES = 0x20080522


# --- giving up power


def confine(orders: Mapping[str, Any]) -> None:
    """Take every power to change something from this very process. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    _call(libc.prctl, NO_NEW_PRIVS, 1, 0, 0, 0)
    if orders["abi"]:
        _landlock(libc, orders["abi"], orders["scratch"])
    _drop_capabilities(libc)
    _filter(libc, orders["filter"])


def _call(function: Any, *given: Any) -> int:
    words = [ctypes.c_ulong(one) if isinstance(one, int) else one for one in given]
    done = int(function(*words))
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done


def rights(abi: int) -> tuple[int, int, int]:
    """What Landlock of a version is to deny: file rights, network rights, scopes."""
    files = WRITING & ~(0 if abi >= 2 else REFER)
    files |= (TRUNCATE if abi >= 3 else 0) | (IOCTL if abi >= 5 else 0)
    return files, BIND if abi >= 4 else 0, SCOPED if abi >= 6 else 0


def _landlock(libc: Any, abi: int, scratch: bytes) -> None:
    """Deny writing everywhere; then allow it in the scratch folder, and on devices of which nothing comes."""
    denied = rights(abi)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _call(libc.syscall, CREATE_RULESET, ctypes.byref((ctypes.c_uint64 * 3)(*denied)), size, 0)
    on_devices = denied[0] & (1 << 1 | TRUNCATE | IOCTL)
    for path, allowed in ((scratch, denied[0] & ~SPECIAL), *((os.fsencode(d), on_devices) for d in DEVICES)):
        if os.path.exists(path):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = allowed.to_bytes(8, sys.byteorder) + place.to_bytes(4, sys.byteorder)
            _call(libc.syscall, ADD_RULE, ruleset, 1, ctypes.c_char_p(rule), 0)
            os.close(place)
    _call(libc.syscall, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _drop_capabilities(libc: Any) -> None:
    """An administrator keeps only what reads. Where the bound cannot be lowered, nothing may be left to bound."""
    head = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    data = (ctypes.c_uint32 * 6)()
    _call(libc.capget, head, data)
    kept = [sum(1 << cap % 32 for cap in KEPT if cap // 32 == half) for half in (0, 1)]
    for cap in range(64):
        if cap not in KEPT and libc.prctl(BOUND_READ, cap, 0, 0, 0) == 1 and libc.prctl(BOUND_DROP, cap, 0, 0, 0):
            if 0 in os.getresuid() or data[1] | data[4]:
                raise OSError(1, "the capabilities of an administrator cannot be dropped")
            break
    libc.prctl(AMBIENT, 4, 0, 0, 0)
    permitted = (data[1] & kept[0], data[4] & kept[1])
    _call(libc.capset, head, (ctypes.c_uint32 * 6)(permitted[0], permitted[0], 0, permitted[1], permitted[1], 0))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _filter(libc: Any, program: bytes) -> None:
    _call(libc.prctl, SECCOMP, 2, ctypes.byref(_Program(len(program) // 8, program)), 0, 0)


# --- the command


def become(words: Sequence[bytes], orders: Mapping[str, Any], status: int) -> NoReturn:
    """Confine this process and turn it into the command; says through `status` how far it came."""
    try:
        confine(orders)
    except OSError as problem:
        os.write(status, f"broken {problem.strerror}\n".encode())
        os._exit(125)
    os.write(status, b"ok\n")
    try:
        os.execvpe(words[0], list(words), os.environ)  # noqa: S606 it becomes the command, and that is its purpose
    except OSError as problem:
        os.write(status, f"exec {problem.errno}\n".encode())
    os._exit(126)


def outer(words: Sequence[bytes], orders: Mapping[str, Any], status: int) -> NoReturn:
    """The leader of the group: start the command (behind bubblewrap where that is ordered), and see it to its end."""
    before = {number: signal.getsignal(number) for number in RELAYED}
    signal.pthread_sigmask(signal.SIG_BLOCK, RELAYED)
    _call(ctypes.CDLL(None, use_errno=True).prctl, SUBREAPER, 1, 0, 0, 0)
    killed, told = os.pipe()
    child = os.fork()
    if not child:
        if orders["behind"]:
            _behind(
                words, {**orders, "ignored": [int(n) for n in RELAYED if before[n] == signal.SIG_IGN]}, status, told
            )
        _as_before({int(n) for n in RELAYED if before[n] == signal.SIG_IGN})
        become(words, orders, status)
    os.close(told)
    code = supervise(child)
    _remove(orders["scratch"])
    if os.WIFEXITED(code):
        number = int.from_bytes(os.read(killed, 1) or b"\0", "big")
        end_as(number, os.WEXITSTATUS(code))
    end_as(os.WTERMSIG(code), 0)


def _remove(folder: bytes) -> None:
    """The scratch folder, when it is empty. The engine does it too, whatever lies in it, unless it is gone itself."""
    try:
        os.rmdir(folder)
    except OSError:
        return


def _as_before(ignored: set[int]) -> None:
    """The dispositions that the command would have had without us."""
    for number in (*RELAYED, *IGNORED_BY_PYTHON):
        signal.signal(number, signal.SIG_IGN if int(number) in ignored else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, RELAYED)


def _behind(words: Sequence[bytes], orders: Mapping[str, Any], status: int, told: int) -> NoReturn:
    """Become bubblewrap, which makes the view, and starts this program again in it. Signals are for the command."""
    for number in RELAYED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, RELAYED)
    reader, writer = os.pipe()
    os.write(writer, marshal.dumps({**orders, "behind": []}))
    os.close(writer)
    for descriptor in (reader, status, told):
        os.set_inheritable(descriptor, True)
    again = [*PYTHON, START, "inner", str(reader), str(status), str(told), "--"]
    try:
        os.execv(orders["behind"][0], [*orders["behind"], *map(os.fsencode, again), *words])  # noqa: S606 the same
    except OSError as problem:
        os.write(status, f"broken bubblewrap: {problem.strerror}\n".encode())
    os._exit(125)


def inner(words: Sequence[bytes], orders: Mapping[str, Any], status: int, told: int) -> NoReturn:
    """In bubblewrap's view: start the command, and tell the leader outside which signal ended it."""
    child = os.fork()
    if not child:
        os.close(told)
        os.set_inheritable(status, False)
        _as_before(set(orders["ignored"]))
        become(words, orders, status)
    _to_nowhere()
    _, code = os.waitpid(child, 0)
    if os.WIFSIGNALED(code):
        os.write(told, bytes((os.WTERMSIG(code),)))
        os._exit(128 + os.WTERMSIG(code))
    os._exit(os.WEXITSTATUS(code))


# --- the one who stays behind


def supervise(child: int) -> int:
    """Wait for the command, then end what it has left running. Returns its wait status."""
    _to_nowhere()

    def end(number: int, frame: object) -> None:
        del number, frame
        _kill(child)

    def last_grace(number: int, frame: object) -> None:
        del number, frame
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    for number in RELAYED:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, end)
    signal.signal(signal.SIGTERM, last_grace)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, RELAYED)
    while True:
        pid, code = os.waitpid(-1, 0)
        if pid == child:
            break
    while left := children():
        for pid in left:
            _kill(pid)
        for pid in left:
            _reap(pid)
    return code


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return


def children() -> list[int]:
    """Who is left: as this process is the reaper of all below it, orphans become its children, one layer at a time."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == os.getpid()]


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _to_nowhere() -> None:
    """Hold none of the command's streams open."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def end_as(number: int, code: int) -> NoReturn:
    """End the way the command did: by the same signal, or with its exit code."""
    if number:
        import resource  # noqa: PLC0415 only for the few that a signal has ended

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
        os.kill(os.getpid(), number)
    os._exit(128 + number if number else code)


ROLES: Mapping[str, Callable[..., NoReturn]] = {"outer": outer, "inner": inner}


def main(given: Sequence[str]) -> NoReturn:
    """`ROLE ORDERS STATUS [TOLD] -- WORD...`, the capital words but the first and last being descriptors."""
    cut = given.index("--")
    role, reader, *descriptors = given[:cut]
    numbers = [int(one) for one in descriptors]
    with open(int(reader), "rb") as file:
        orders = marshal.loads(file.read())  # noqa: S302 from the engine itself, through a pipe
    for first, last in zip((2, *sorted(numbers)), (*sorted(numbers), os.sysconf("SC_OPEN_MAX")), strict=True):
        os.closerange(first + 1, last)
    for number in numbers:
        os.set_inheritable(number, False)
    ROLES[role](list(map(os.fsencode, given[cut + 1 :])), orders, *numbers)


HERE = os.path.dirname(os.path.abspath(__file__))
START = f"import sys; sys.path.append({HERE!r}); import _launcher; _launcher.begin()"
"""What the interpreter is told: to find this module beside others of ours, and compiled already."""
PYTHON = (sys.executable, "-I", "-S", "-X", "utf8", "-c")


def begin() -> NoReturn:
    """The program's first words. Ctrl-C is no exception in here."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    main(sys.argv[1:])
