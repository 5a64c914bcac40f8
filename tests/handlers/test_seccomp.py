"""The filter, run by a machine of our own that reads it as the kernel does; and its numbers against the kernel's headers."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from steadyhand.handlers import _seccomp

ALLOWED, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
HEADERS = {"x86_64": "x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "asm-generic/unistd.h"}


def answer(machine: str, number: int, *given: int, arch: int | None = None) -> int:
    """What the kernel would do with a call: a filter machine of five operations."""
    data = struct.pack("=IIQ6Q", number, arch or _seccomp.ARCHES[machine][0], 0, *given, *[0] * (6 - len(given)))
    steps = _seccomp.instructions(machine)
    at = held = 0
    while True:
        operation, if_true, if_false, k = steps[at]
        at += 1
        if operation == 0x20:
            held = struct.unpack_from("=I", data, k)[0]
        elif operation == 0x54:
            held &= k
        elif operation == 0x15:
            at += if_true if held == k else if_false
        elif operation == 0x35:
            at += if_true if held >= k else if_false
        else:
            assert operation == 0x06
            return k


def number(name: str, machine: str = "x86_64") -> int:
    column = _seccomp.ARCHES[machine][1]
    found = {**_seccomp.REFUSED, **_seccomp.ABSENT, **{k: v[0] for k, v in _seccomp.CHECKED.items()}}
    return found[name][column]


@pytest.mark.parametrize("machine", _seccomp.ARCHES)
def test_what_is_always_refused(machine):
    for name in _seccomp.REFUSED:
        if number(name, machine) >= 0:
            assert answer(machine, number(name, machine)) == EPERM, name
    for name in _seccomp.ABSENT:
        assert answer(machine, number(name, machine)) == ENOSYS, name


@pytest.mark.parametrize("machine", _seccomp.ARCHES)
def test_all_other_known_calls_are_allowed(machine):
    named = {number(name, machine) for name in (*_seccomp.REFUSED, *_seccomp.ABSENT, *_seccomp.CHECKED)}
    answers = {answer(machine, n) for n in range(_seccomp.NEWEST) if n not in named}
    assert answers == {ALLOWED}
    assert answer(machine, _seccomp.NEWEST) == answer(machine, 0x40000000 + 1) == ENOSYS


def test_another_way_to_call_the_kernel_is_closed():
    assert answer("x86_64", 0, arch=0x40000003) == ENOSYS  # 32 bit programs
    assert answer("aarch64", 0, arch=0xC000003E) == ENOSYS


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("socket", (2, 1), ALLOWED), ("socket", (10, 2), ALLOWED), ("socket", (16, 3), ALLOWED),
        ("socket", (1, 1), EPERM), ("socket", (1 | 1 << 40, 1), EPERM), ("socket", (40, 1), EPERM),
        ("socketpair", (1, 1), ALLOWED), ("socketpair", (1, 0x80805), ALLOWED), ("socketpair", (1, 0x80802), EPERM),
        ("clone", (0x11,), ALLOWED), ("clone", (0x3D0F00,), ALLOWED), ("clone", (0x10000011,), EPERM),
        ("ioctl", (1, 0x5401), ALLOWED), ("ioctl", (1, 0x40086602), EPERM), ("ioctl", (1, 0x541C), EPERM),
        ("ioctl", (1, 0x5000940E), EPERM), ("ioctl", (1, 0xFFFFFFFF40086602), EPERM),
        ("syslog", (3,), ALLOWED), ("syslog", (10,), ALLOWED), ("syslog", (5,), EPERM), ("syslog", (2,), EPERM),
        ("shmctl", (1, 2), ALLOWED), ("shmctl", (1, 0), EPERM), ("shmctl", (1, 12), EPERM),
        ("semctl", (1, 0, 2), ALLOWED), ("semctl", (1, 0, 17), EPERM), ("msgctl", (1, 11), ALLOWED),
        ("setpriority", (0, 0, 5), ALLOWED), ("setpriority", (0, 7, 5), EPERM), ("setpriority", (2, 0, 5), EPERM),
        ("ioprio_set", (1, 0), ALLOWED), ("ioprio_set", (3, 0), EPERM), ("ioprio_set", (1, 9), EPERM),
        ("sched_setaffinity", (0,), ALLOWED), ("sched_setaffinity", (1,), EPERM),
        ("prlimit64", (0, 7), ALLOWED), ("prlimit64", (1, 7), EPERM),
    ],
)  # fmt: skip
def test_what_depends_on_an_argument(name, given, expected):
    for machine in _seccomp.ARCHES:
        assert answer(machine, number(name, machine), *given) == expected


def test_jumps_stay_inside_and_the_program_is_small():
    for machine in _seccomp.ARCHES:
        steps = _seccomp.instructions(machine)
        assert all(at + 1 + max(t, f) < len(steps) for at, (op, t, f, _) in enumerate(steps) if op in {0x15, 0x35})
        assert len(steps) < 400
        assert all(0 <= t < 256 and 0 <= f < 256 for _, t, f, _ in steps)
        assert len(_seccomp.program(machine)) == 8 * len(steps)


@pytest.mark.parametrize("machine", _seccomp.ARCHES)
def test_the_numbers_are_those_of_the_kernels_headers(machine):
    header = Path("/usr/include", HEADERS[machine])
    if not header.exists():
        pytest.skip(f"there is no {header}: apt-get install linux-libc-dev")
    found = {m[1]: int(m[2]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())}
    for name in (*_seccomp.REFUSED, *_seccomp.ABSENT, *_seccomp.CHECKED):
        if name in found:
            assert number(name, machine) == found[name], name
        else:
            assert number(name, machine) == -1 or number(name, machine) > 435, f"{name}: too new for these headers"
