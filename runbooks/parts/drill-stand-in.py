"""Stand-ins for drills: an application that calls a hosted API, and that API with its status page.

`drill-stand-in.py provider PORT` and `drill-stand-in.py application PORT`, in the folder of a drill. How they behave
stands in `provider.json` and `application.json` there, which are read for every request, so a drill breaks them by
writing: `drill-stand-in.py set provider status=503`. The application has a circuit breaker at the addresses of Spring
Boot's actuator, and flags at those of a key-value store.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STATES = {"FORCE_OPEN": "FORCED_OPEN", "CLOSE": "CLOSED"}
LOCK = threading.Lock()


def known(role: str) -> dict:
    """How a stand-in is to behave now."""
    return json.loads(Path(f"{role}.json").read_text("utf-8"))


def keep(role: str, values: dict) -> None:
    """Written whole or not at all: it is read all the time."""
    new = Path(f"{role}.json.new")
    new.write_text(json.dumps(values), "utf-8")
    os.replace(new, f"{role}.json")


class StandIn(BaseHTTPRequestHandler):
    """What both have in common."""

    def answer(self, status: int, body: object, headers: dict | None = None) -> None:
        """A text, or anything else as JSON."""
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def bearer(self) -> str:
        """The token that was sent."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def sent(self) -> str:
        """The body that was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is given
        """A line for each request, in the log of the drill."""
        print(f"{self.path} {format % args}", flush=True)


class Provider(StandIn):
    """`provider.json`: {key, status, delay, headers, indicator, incidents}."""

    def do_GET(self) -> None:
        """The status page never fails; the API does as it is told."""
        told = known("provider")
        if self.path == "/api/v2/status.json":
            indicator = told.get("indicator", "none")
            words = {"none": "All Systems Operational", "major": "Partial System Outage"}
            self.answer(200, {"status": {"indicator": indicator, "description": words.get(indicator, indicator)}})
        elif self.path == "/api/v2/incidents/unresolved.json":
            self.answer(200, {"incidents": told.get("incidents", [])})
        else:
            time.sleep(told.get("delay", 0))
            status = 401 if told.get("key") not in {None, self.bearer()} else told.get("status", 200)
            self.answer(status, {"answered": status}, told.get("headers"))


class Application(StandIn):
    """`application.json`: {provider, key, breaker, flags, token, works}; the page is `/`."""

    def do_GET(self) -> None:
        """The page, the breaker, or a flag."""
        told = known("application")
        if self.path.startswith("/actuator/circuitbreakers"):
            self.answer(200, {"circuitBreakers": {"theirs": {"failureRate": "-1.0%", "state": told["breaker"]}}})
        elif self.path.startswith("/kv/"):
            found = told["flags"].get(self.path.removeprefix("/kv/"))
            allowed = self.bearer() == told["token"]
            self.answer((200 if found else 404) if allowed else 403, (found or "") if allowed else "")
        else:
            self.page(told)

    def page(self, told: dict) -> None:
        """Its own answer while the breaker is forced open or a flag says so, theirs otherwise."""
        if told.get("works") is False:
            self.answer(503, "the database does not answer")
        elif told["breaker"] == "FORCED_OPEN" or told["flags"].get("way", "primary") != "primary":
            self.answer(200, "our own answer")
        elif told["breaker"] == "OPEN":
            self.answer(503, "the breaker is open")
        elif told["flags"]["rate"] == "low":
            self.answer(200, "asked a while ago")
        else:
            asked = urllib.request.Request(told["provider"], headers={"Authorization": f"Bearer {told['key']}"})
            try:
                with urllib.request.urlopen(asked, timeout=1) as theirs:
                    self.answer(200, theirs.read().decode())
            except (urllib.error.URLError, TimeoutError) as problem:
                self.answer(503, f"they: {problem}")

    def do_PUT(self) -> None:
        """Set a flag."""
        sent = self.sent()
        with LOCK:
            told = known("application")
            if self.bearer() != told["token"]:
                self.answer(403, "")
                return
            told["flags"][self.path.removeprefix("/kv/")] = sent
            keep("application", told)
        self.answer(200, "true")

    def do_POST(self) -> None:
        """Set the breaker."""
        wanted = json.loads(self.sent())["updateState"]
        with LOCK:
            told = known("application")
            told["breaker"] = STATES[wanted]
            keep("application", told)
        self.answer(200, {"circuitBreakerName": "theirs", "currentState": told["breaker"], "message": ""})


if __name__ == "__main__":
    if sys.argv[1] == "set":
        pairs = (one.split("=", 1) for one in sys.argv[3:])
        keep(sys.argv[2], {**known(sys.argv[2]), **{name: json.loads(value) for name, value in pairs}})
        sys.exit()
    role, port = sys.argv[1], int(sys.argv[2])
    served = {"provider": Provider, "application": Application}[role]
    ThreadingHTTPServer(("127.0.0.1", port), served).serve_forever()
