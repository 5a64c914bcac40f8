"""A mail server for drills: `drill-mail.py PORT`, in the folder of a drill. What it takes stands in `mail-PORT.taken`.

How it behaves stands in `mail-PORT.json`, which is read for every command: `login` ("user:password") wants a login,
`every` takes one mail in so many seconds, `refuse` answers MAIL with that text.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from pathlib import Path

PORT = int(sys.argv[1])
TAKEN = {"at": 0.0}


def told() -> dict:
    """How it is to behave now."""
    path = Path(f"mail-{PORT}.json")
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def answer(verb: str, rest: str, session: dict) -> str:
    """What is said to one command."""
    now = told()
    if verb == "EHLO":
        return "250-relay.example\r\n250-AUTH PLAIN\r\n250 8BITMIME"
    if verb == "AUTH":
        given = base64.b64decode(rest.rsplit(maxsplit=1)[-1]).decode().split("\0")
        session["in"] = ":".join(given[1:]) == now.get("login", ":".join(given[1:]))
        return "235 2.7.0 welcome" if session["in"] else "535 5.7.8 Error: authentication failed"
    if verb == "MAIL":
        if now.get("refuse"):
            return now["refuse"]
        if now.get("login") and not session.get("in"):
            return "530 5.7.0 Authentication required"
        if time.monotonic() - TAKEN["at"] < now.get("every", 0):
            return "450 4.7.1 Too many messages from this account, slow down"
        TAKEN["at"] = time.monotonic()
    return {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 2.0.0 well")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    session: dict = {}
    writer.write(b"220 relay.example ESMTP\r\n")
    while line := (await reader.readline()).decode("utf-8", "replace"):
        verb, _, rest = line.strip().partition(" ")
        writer.write((answer(verb.upper(), rest, session) + "\r\n").encode())
        if verb.upper() == "RCPT":
            session["to"] = rest
        elif verb.upper() == "DATA":
            await reader.readuntil(b"\r\n.\r\n")
            with Path(f"mail-{PORT}.taken").open("a", encoding="utf-8") as taken:
                taken.write(f"{session.get('to')}\n")
            writer.write(b"250 2.0.0 taken\r\n")
        elif verb.upper() == "QUIT":
            break
    writer.close()


async def main() -> None:
    """Until it is ended."""
    await (await asyncio.start_server(serve, "127.0.0.1", PORT)).serve_forever()


asyncio.run(main())
