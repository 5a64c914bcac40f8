"""A shop for drills of a cache: pages are cached in a Redis, and visitors come all the time.

    python3 drill-cached-shop.py PORT REDIS_PORT PASSWORD

A page takes longer to make than a visitor waits, as it does when everybody wants it made at once. So whoever misses it
goes away without it, and only `POST /warm` fills the cache.
"""

import http.server
import random
import socket
import sys
import threading
import time

PAGES = 20
VISITS = 800
OLD = 500
"""Keys that nobody uses any more: the first ones to go."""


class Redis:
    """One connection; it is made again when it breaks."""

    def __init__(self, port, password):
        self.port, self.password, self.stream = port, password, None

    def ask(self, *words):
        """The answer to one command: a text, or None. An error of the server is None as well."""
        try:
            if self.stream is None:
                self.stream = socket.create_connection(("127.0.0.1", self.port), timeout=1).makefile("rwb")
                self._send("AUTH", self.password)
            return self._send(*words)
        except OSError:
            self.stream = None
            time.sleep(0.1)
            return None

    def _send(self, *words):
        self.stream.write(b"*%d\r\n" % len(words))
        for word in words:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(word), word.encode()))
        self.stream.flush()
        first = self.stream.readline()
        if not first:
            raise OSError("closed")
        if first[:1] == b"$" and first[1:2] != b"-":
            return self.stream.read(int(first[1:]) + 2)[:-2].decode()
        return first[1:].decode().strip() if first[:1] in b"+:" else None


def visitor(redis):
    """Looks at pages, and leaves a trace of each visit."""
    while True:
        if redis.ask("GET", f"page:{random.randrange(PAGES)}") is None:
            time.sleep(0.01)  # it would have to be made, which takes longer than anybody waits
        redis.ask("SET", f"visit:{random.randrange(VISITS)}", "v" * 2000)
        time.sleep(0.005)


class Shop(http.server.BaseHTTPRequestHandler):
    """POST /warm makes all pages, once."""

    def do_POST(self):
        """Make every page."""
        redis = Redis(self.server.redis, self.server.password)
        made = sum(redis.ask("SET", f"page:{n}", "p" * 2000) == "OK" for n in range(PAGES))
        self.send_response(200 if made == PAGES else 500)
        self.end_headers()
        self.wfile.write(b"%d pages\n" % made)

    def log_message(self, *words):
        """Nothing."""


port, redis_port, password = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
first = Redis(redis_port, password)
while first.ask("PING") is None:
    time.sleep(0.05)
for number in range(OLD):
    first.ask("SET", f"old:{number}", "o" * 2000)
for number in range(VISITS):
    first.ask("SET", f"visit:{number}", "v" * 2000)
for number in range(PAGES):
    first.ask("SET", f"page:{number}", "p" * 2000)
for _ in range(3):
    threading.Thread(target=visitor, args=(Redis(redis_port, password),), daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Shop)
server.redis, server.password = redis_port, password
server.serve_forever()
