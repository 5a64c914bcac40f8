"""A browser of a test: keeps cookies, reads forms out of pages, sends them. Against a real server process in a thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from steadyhand.web.routes import routes
from steadyhand.web.sessions import identify

from ..app.door import PASSWORD
from .doors import open_door

SETTINGS = """\
store: journal.db
library: ['.']
server: {grace: 1s}
people:
  ana: {email: ana@shop.example, roles: {approver: [orders], viewer: ['*']}}
  ben: {roles: {viewer: [orders]}}
  kim: {roles: {admin: ['*']}}
groups:
  sre: {roles: {commander: ['*']}}
"""


class Browser:
    """One browser: a client that follows nothing by itself."""

    def __init__(self, base: str, **headers: str) -> None:
        self.client = httpx.Client(
            base_url=base,
            headers={"Accept": "text/html", **headers},
            timeout=20,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def submit(self, path: str, action: str, fields: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Open a page, fill in the form with that action, send it as a browser does."""
        page = self.get(path)
        found = re.search(rf'<form method="post" action="{re.escape(action)}">(.*?)</form>', page.text, re.DOTALL)
        assert found, f"no form for {action} at {path}: {page.status_code} {page.text}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[1]))
        data = {**{name: unescape(value) for name, value in hidden.items()}, **(fields or {})}
        headers = {
            "Origin": str(self.client.base_url).rstrip("/"),
            "Sec-Fetch-Site": "same-origin",
            **more.pop("headers", {}),
        }
        return self.client.post(action, data=data, headers=headers, **more)

    def sign_in(self, name: str = "ana", password: str = PASSWORD, then: str = "/account") -> httpx.Response:
        return self.submit(f"/login?next={then}", "/login", {"name": name, "password": password})

    @property
    def cookie(self) -> str:
        return self.client.cookies.get("steady") or ""


@contextmanager
def house(
    folder: Path,
    more: str = "",
    with_password: tuple[str, ...] = ("ana", "ben", "kim"),
    extra: tuple[Any, ...] = (),
    again: float = 30.0,
) -> Iterator[tuple[str, Any]]:
    """The address of a whole server with all its routes, and the server; these people have a password."""
    (folder / "steady.yaml").write_text(SETTINGS + more)
    with open_door(folder, [*routes(), *extra], identify, again) as (client, server):
        access = server.access
        hashed = access.hasher.hash(PASSWORD)
        for name in with_password:
            access.change_account(name, lambda old: type(old)(old.person, hashed))
        yield str(client.base_url).rstrip("/"), server
