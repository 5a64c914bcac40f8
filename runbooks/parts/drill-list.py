"""Producers and workers for drills of a queue in Redis: the list `orders`, or the stream `events` with its group `workers`.

    drill-list.py PORT worker KEY NEEDED    take from it, ten entries a second; each needs the port NEEDED
    drill-list.py PORT publish KEY COUNT [TEXT]
    drill-list.py PORT flood KEY            add twelve entries a second, for ever
    drill-list.py PORT depth KEY            how many wait
"""

import socket
import sys
import time

import redis

port, what, key, *words = sys.argv[1:]
server = redis.Redis(port=int(port), password="opensesame", decode_responses=True)
stream = key == "events"
if stream and not server.exists(key):
    server.xgroup_create(key, "workers", id="0", mkstream=True)


def add(text):
    """One entry."""
    server.xadd(key, {"text": text}) if stream else server.lpush(key, text)


def take():
    """The next entry, as (its number, its text), or nothing."""
    if not stream:
        found = server.brpop(key, timeout=5)
        return ("", found[1]) if found else None
    found = server.xreadgroup("workers", "one", {key: ">"}, count=1, block=5000)
    return (found[0][1][0][0], found[0][1][0][1]["text"]) if found else None


def back(text):
    """What failed is tried again before everything else."""
    print("back to the queue: entry 4711:", text, flush=True)
    add(text) if stream else server.rpush(key, text)


if what == "depth":
    print(sum((g["lag"] or 0) + g["pending"] for g in server.xinfo_groups(key)) if stream else server.llen(key))
elif what == "publish":
    for _ in range(int(words[0])):
        add(" ".join(words[1:]) or "order")
elif what == "flood":
    begun, sent = time.monotonic(), 0
    while True:
        while sent < 12 * (time.monotonic() - begun):
            add("order")
            sent += 1
        time.sleep(0.05)
else:
    while True:
        taken = take()
        if taken is None:
            continue
        time.sleep(0.1)
        try:
            if taken[1] == "poison":
                raise ValueError
            socket.create_connection(("127.0.0.1", int(words[0])), timeout=1).close()
        except (OSError, ValueError):
            back(taken[1])
        if stream:
            server.xack(key, "workers", taken[0])
