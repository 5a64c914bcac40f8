"""Tells the service manager how the server is: ready, reloading, stopping (sd_notify of systemd). Where there is none,
nobody is told. The protocol is a datagram of a few words, so it needs no library.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress


def tell(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell one state: READY=1, STOPPING=1, or several lines; whether somebody was told."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # a name that is in no file system
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.sendto(state.encode(), address)
        return True
    return False


@contextmanager
def reloading(environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Around a reload: the manager waits until it is over, however it ends."""
    tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}", environ)
    try:
        yield
    finally:
        tell("READY=1", environ)
