"""A shop for drills of slow answers: four workers, a PostgreSQL, and a service of rates that each page asks.

    drill-slow-shop.py PORT DATABASE_PORT RATES_PORT

Each page takes one from the stock. `POST /grow` lets it keep 300 MB, through which each later page looks for a second
and a half. A file `flag` in the folder where it runs makes each page slow, for no reason that can be seen from outside.
"""

import http.server
import pathlib
import queue
import sys
import threading
import time
import urllib.request

import psycopg

port, database_port, rates_port = map(int, sys.argv[1:])
kept = bytearray()


class Shop(http.server.BaseHTTPRequestHandler):
    """GET / is a page."""

    def do_GET(self):
        """Ask for the rates, take one from the stock."""
        urllib.request.urlopen(f"http://127.0.0.1:{rates_port}/rates", timeout=10).read()
        where = f"host=127.0.0.1 port={database_port} user=shop dbname=postgres application_name=shop"
        with psycopg.connect(where) as session:
            session.execute("set lock_timeout = '3s'")
            try:
                session.execute("update stock set left_over = left_over - 1")
            except psycopg.errors.LockNotAvailable:
                session.rollback()
        if pathlib.Path("flag").exists():
            time.sleep(1.2)
        over = time.monotonic() + (1.5 if kept else 0)
        while time.monotonic() < over:
            kept.count(b"x")
        self._say("hello")

    def do_POST(self):
        """Grow."""
        kept.extend(b"\1" * 300_000_000)
        self._say("grown")

    def _say(self, text):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        """Nothing."""


class Server(http.server.HTTPServer):
    """Connections wait until one of four workers takes them."""

    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", port), Shop)
        self.free = queue.Queue()
        for _ in range(4):
            self.free.put(None)

    def get_request(self):
        """A connection is taken when a worker is free, and not before."""
        self.free.get()
        return super().get_request()

    def process_request(self, request, client_address):
        """Hand it to a worker."""
        threading.Thread(target=self._work, args=(request, client_address), daemon=True).start()

    def _work(self, request, client_address):
        try:
            self.finish_request(request, client_address)
        except OSError:
            pass
        finally:
            self.shutdown_request(request)
            self.free.put(None)


Server().serve_forever()
