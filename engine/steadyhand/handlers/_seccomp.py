"""Which calls of the kernel a confined read may not make, as a filter program for the kernel. Pure.

Landlock holds what goes through a path. This holds the rest: modes, owners, times and attributes of files, sockets of
this machine's own services, other processes, and what only an administrator would do. Called by _confine; the
launcher (_launcher.py) gives the bytes to the kernel. The rules are tables: a call, and the condition to refuse it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

Instruction = tuple[int, int, int, int]
"""Of the kernel's classic filter machine: operation, jump if true, jump if false, constant."""

ARCHES: Mapping[str, tuple[int, int]] = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""A machine's name to what the kernel calls it, and the column of the tables below."""

REFUSED: Mapping[str, tuple[int, int]] = {
    # modes, owners, times and attributes of files
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, -1),
    "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "utime": (132, -1), "utimes": (235, -1),
    "futimesat": (261, -1), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "file_setattr": (469, 469), "open_by_handle_at": (304, 265),
    # other processes
    "ptrace": (101, 117), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "process_mrelease": (448, 448), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # the view of the file system, and namespaces in which one would be an administrator
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "unshare": (272, 97),
    "setns": (308, 268),
    # the machine
    "reboot": (169, 142), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "sethostname": (170, 161), "setdomainname": (171, 162), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "bpf": (321, 280), "iopl": (172, -1),
    "ioperm": (173, -1), "vhangup": (153, 58), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "fanotify_init": (300, 262),
    # what processes share beside files; looking at it (`ipcs`) stays allowed
    "shmget": (29, 194), "shmat": (30, 196), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "mq_open": (240, 180), "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
}  # fmt: skip
"""Calls that are always refused (EPERM), with their numbers on x86_64 and aarch64; -1 where there is none."""

ABSENT: Mapping[str, tuple[int, int]] = {
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "clone3": (435, 435),
}  # fmt: skip
"""Calls that look as if this kernel had none (ENOSYS): what they do cannot be looked into, and programs know others."""
NEWEST = 470
"""The first number of which nothing is known here: it and all above look as if this kernel had none."""

# How an argument is looked at: which one, which bits of it, whether the rule wants one `of` these or anything else.
_IN, _NOT_IN = "in", "not in"
NAMESPACES = 0x7E020000
"""The bits of `clone` that ask for a namespace."""
ATTRIBUTES = (
    0x40086602, 0x40046602, 0x401C5820, 0x40087602, 0x41009432,  # attributes, versions and labels of file systems
    0x40806685, 0x800C6613, 0xC0506617, 0xC0406618,  # verity and encryption
    0x5412, 0x541C,  # typing into a terminal
)  # fmt: skip
CHECKED: Mapping[str, tuple[tuple[int, int], tuple[tuple[int, int, str, tuple[int, ...]], ...]]] = {
    # sockets: only the internet's (2, 10) and the kernel's own tables (16)
    "socket": ((41, 198), ((0, 0xFFFFFFFF, _NOT_IN, (2, 10, 16)),)),
    # a datagram socket of a pair could still be pointed elsewhere
    "socketpair": ((53, 199), ((1, 0xF, _NOT_IN, (1, 5)),)),
    "clone": ((56, 220), ((0, NAMESPACES, _NOT_IN, (0,)),)),
    # these need no writable descriptor, and neither do subvolumes (type 0x94)
    "ioctl": ((16, 29), ((1, 0xFFFFFFFF, _IN, ATTRIBUTES), (1, 0xFF00, _IN, (0x9400,)))),
    # the kernel's log may be read and not emptied
    "syslog": ((103, 116), ((0, 0xFFFFFFFF, _NOT_IN, (3, 9, 10)),)),
    "shmctl": ((31, 195), ((1, 0xFF, _IN, (0, 1, 11, 12)),)),
    "msgctl": ((71, 187), ((1, 0xFF, _IN, (0, 1)),)),
    "semctl": ((66, 191), ((2, 0xFF, _IN, (0, 1, 16, 17)),)),
    # how others run: a process may only speak of itself (0)
    "setpriority": ((141, 140), ((1, 0xFFFFFFFF, _NOT_IN, (0,)), (0, 0xFFFFFFFF, _IN, (2,)))),
    "ioprio_set": ((251, 30), ((1, 0xFFFFFFFF, _NOT_IN, (0,)), (0, 0xFFFFFFFF, _IN, (3,)))),
    "sched_setaffinity": ((203, 122), ((0, 0xFFFFFFFF, _NOT_IN, (0,)),)),
    "sched_setscheduler": ((144, 119), ((0, 0xFFFFFFFF, _NOT_IN, (0,)),)),
    "sched_setparam": ((142, 118), ((0, 0xFFFFFFFF, _NOT_IN, (0,)),)),
    "sched_setattr": ((314, 274), ((0, 0xFFFFFFFF, _NOT_IN, (0,)),)),
    "prlimit64": ((302, 261), ((0, 0xFFFFFFFF, _NOT_IN, (0,)),)),
}
"""Calls that are refused (EPERM) when any of their conditions holds: (argument, bits, in or not in, values)."""

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def program(machine: str) -> bytes:
    """The filter for a machine, as the kernel takes it. Raises KeyError for one that is not in ARCHES."""
    return b"".join(struct.pack("=HBBI", *one) for one in instructions(machine))


def instructions(machine: str) -> list[Instruction]:
    """The filter, instruction by instruction."""
    arch, column = ARCHES[machine]
    found: list[Instruction] = [
        (_LOAD, 0, 0, 4), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _ENOSYS),
        (_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, NEWEST), (_RETURN, 0, 0, _ENOSYS),
    ]  # fmt: skip
    found += _always(ABSENT.values(), column, _ENOSYS)
    found += _always(REFUSED.values(), column, _EPERM)
    for numbers, conditions in CHECKED.values():
        block = [one for condition in conditions for one in _condition(*condition)]
        block.append((_RETURN, 0, 0, _ALLOW))
        found += [(_EQUAL, 0, len(block), numbers[column]), *block]
    return [*found, (_RETURN, 0, 0, _ALLOW)]


def _always(numbers: Iterable[tuple[int, int]], column: int, answer: int) -> list[Instruction]:
    wanted = [one[column] for one in numbers if one[column] >= 0]
    return [step for number in wanted for step in ((_EQUAL, 0, 1, number), (_RETURN, 0, 0, answer))]


def _condition(argument: int, bits: int, how: str, values: Sequence[int]) -> list[Instruction]:
    """Refuse when the low half of an argument is in (or not in) the values; else fall through."""
    found: list[Instruction] = [(_LOAD, 0, 0, 16 + 8 * argument), (_AND, 0, 0, bits)]
    for position, value in enumerate(values):
        last = len(values) - position - 1
        if how == _IN:
            found.append((_EQUAL, last, 0 if last else 1, value))
        else:
            found.append((_EQUAL, last + 1, 0, value))
    return [*found, (_RETURN, 0, 0, _EPERM)]
