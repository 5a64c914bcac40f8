"""Floods for drills, on the loopback interface alone: `drill-flood.py KIND PORT`, until it is ended.

`one`: one address, many pages. `page`: many addresses, one page. `spread`: many addresses, many pages.
`slow`: connections that begin a request and never end it.
"""

from __future__ import annotations

import http.client
import random
import socket
import sys
import threading
import time

KIND, PORT = sys.argv[1], int(sys.argv[2])
HELD: list[socket.socket] = []


def ask(number: int) -> None:
    """One client that never stops."""
    while True:
        mine = "127.7.0.1" if KIND == "one" else f"127.7.{number}.{random.randint(1, 250)}"
        page = "/search" if KIND == "page" else f"/page/{random.randint(1, 500)}"
        try:
            there = http.client.HTTPConnection("127.0.0.1", PORT, timeout=3, source_address=(mine, 0))
            there.request("GET", page, headers={"User-Agent": "Mozilla/5.0"})
            there.getresponse().read()
            there.close()
        except OSError:
            pass
        time.sleep(0.05)


def hold() -> None:
    """A request that is begun."""
    there = socket.create_connection(("127.0.0.1", PORT))
    there.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n")
    HELD.append(there)


if KIND == "slow":
    for _ in range(60):
        hold()
else:
    for each in range(60):
        threading.Thread(target=ask, args=(each,), daemon=True).start()
while True:
    time.sleep(1)
