"""A fake of Slack, and called one: the four calls that the server makes, and signed presses of buttons, over local HTTP.

It knows what Slack's own pages say: a bot token, `ok: false` with a name of the error, a time as the name of a message,
`response_url` with `replace_original`, the signature v0 over the raw form. Whatever else is asked, it answers `unknown_method`.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

TOKEN, SIGNING, CHANNEL = "xoxb-a-token-of-a-bot", "8f742231b10e8888abcd99yyyzzz85a5", "C024BE91L"


class Slack:
    """What stands there, and what was whispered to whom."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/api"
        self.port = port
        self.messages: dict[str, dict[str, Any]] = {}
        self.posted: list[str] = []
        self.whispers: list[tuple[str, str]] = []
        self.replaced: list[dict[str, Any]] = []
        self.failures: list[str] = []

    # --- what the server calls

    def call(self, path: str, body: Mapping[str, Any], authorization: str) -> dict[str, Any]:
        """The answer to a call."""
        if path.startswith("/respond/"):
            self.replaced.append(dict(body))
            if body.get("replace_original"):
                self.messages[path.removeprefix("/respond/")] = dict(body)
            return {"ok": True}
        if authorization != f"Bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if self.failures:
            return {"ok": False, "error": self.failures.pop(0)}
        if path == "/api/chat.postMessage":
            ts = f"{1_700_000_000 + len(self.posted)}.000100"
            self.messages[ts] = dict(body)
            self.posted.append(ts)
            return {"ok": True, "channel": CHANNEL, "ts": ts}
        if body.get("channel") != CHANNEL:
            return {"ok": False, "error": "channel_not_found"}
        if path == "/api/chat.update":
            if body.get("ts") not in self.messages:
                return {"ok": False, "error": "message_not_found"}
            self.messages[str(body["ts"])] = dict(body)
            return {"ok": True, "channel": CHANNEL, "ts": body["ts"]}
        if path == "/api/chat.postEphemeral":
            self.whispers.append((str(body["user"]), json.dumps(body["blocks"])))
            return {"ok": True}
        return {"ok": False, "error": "unknown_method"}

    # --- what people see and do

    def text(self, number: int = -1) -> str:
        """All that a message says."""
        return json.dumps(self.messages[self.posted[number]]["blocks"], ensure_ascii=False)

    def buttons(self, number: int = -1) -> dict[str, dict[str, Any]]:
        """The buttons of a message that send something, by their label."""
        blocks = self.messages[self.posted[number]]["blocks"]
        found = [one for block in blocks for one in block.get("elements", ()) if one.get("type") == "button"]
        return {one["text"]["text"]: one for one in found if "action_id" in one}

    def press(self, hooks: str, button: Mapping[str, Any], user: str, number: int = -1, **more: Any) -> int:
        """Somebody presses a button: what the server answers."""
        ts = self.posted[number]
        payload = {
            "type": "block_actions", "user": {"id": user, "username": "somebody", "team_id": "T1"}, "token": "deprecated",
            "team": {"id": "T1", "domain": "shop"}, "channel": {"id": CHANNEL, "name": "ops"},
            "container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL}, "trigger_id": "1.2.3",
            "response_url": f"http://127.0.0.1:{self.port}/respond/{ts}",
            "actions": [{"type": "button", "action_ts": "1.2", **button}], **more,
        }  # fmt: skip
        return self.send(hooks, urllib.parse.urlencode({"payload": json.dumps(payload)}).encode())

    def send(self, hooks: str, body: bytes, key: str = SIGNING, at: int | None = None) -> int:
        """Send a form as Slack signs it."""
        now = int(time.time()) if at is None else at
        sign = hmac.new(key.encode(), f"v0:{now}:".encode() + body, hashlib.sha256).hexdigest()
        asked = urllib.request.Request(
            f"{hooks}/hooks/slack/actions", body,
            {"Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": str(now),
             "X-Slack-Signature": f"v0={sign}"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code


@contextmanager
def slack() -> Iterator[Slack]:
    """The fake, on a free port."""
    held: list[Slack] = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            answer = held[0].call(self.path, json.loads(raw), self.headers.get("Authorization", ""))
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    held.append(Slack(server.server_port))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield held[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(2)
