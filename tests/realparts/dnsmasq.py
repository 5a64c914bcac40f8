"""A real dnsmasq on a free port, that knows the zone example.test and nothing else, stopped by its pid."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from . import answers, free_port, missing, until, used

ZONE = (
    "--local=/example.test/",
    "--host-record=shop.example.test,192.0.2.10,2001:db8::10,300",
    "--host-record=mail.example.test,192.0.2.25",
    "--cname=www.example.test,shop.example.test,60",
    "--mx-host=example.test,mail.example.test,10",
    "--mx-host=example.test,shop.example.test,5",
    "--srv-host=_http._tcp.example.test,shop.example.test,8080,1,2",
    "--txt-record=example.test,v=spf1 ,-all",
    "--ptr-record=7.2.0.192.in-addr.arpa,seven.example.test",
    *(f"--txt-record=long.example.test,{number:02}{'x' * 198}" for number in range(12)),
)


@contextmanager
def dnsmasq(*settings: str) -> Iterator[str]:
    """A server with these words on its command line; gives its address with the port."""
    program = shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("dnsmasq-base", "dnsmasq")
    port = free_port()
    user = ["--user=root"] if os.geteuid() == 0 else []
    argv = [str(program), "--conf-file=/dev/null", "--no-daemon", "--no-resolv", "--no-hosts", f"--port={port}",
            "--listen-address=127.0.0.1", "--bind-interfaces", *user, *ZONE, *settings]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port) or process.poll() is not None, "dnsmasq")
        assert process.poll() is None, "dnsmasq ended"
        used("dnsmasq")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
