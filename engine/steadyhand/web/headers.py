"""What every answer says to the browser: load nothing from elsewhere, show me in no frame, keep no private page.

Plain ASGI, around everything else, so that errors carry the headers too; what fails before a route is reached is told
here.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from ..errors import SteadyError
from .telling import told

CONTENT = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)
ALWAYS = {
    "Content-Security-Policy": CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with it, browsers hide the origin of a form, by which a forged one is told from ours.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
PUBLIC = "/static/"
"""Where the files lie that are the same for everybody, and may be kept for a while."""


API = "/api/"
"""Where programs ask."""


class Headers:
    """Puts the headers on each answer. `https` says whether people reach the server so."""

    def __init__(self, app: Any, https: bool) -> None:
        self._app = app
        self._https = https

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Carry a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Any) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                put(MutableHeaders(scope=message), scope["path"], https=self._https)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except SteadyError as problem:
            if begun:
                raise
            await told(Request(scope), problem)(scope, receive, sending)


def put(headers: MutableHeaders, path: str, *, https: bool) -> None:
    """The headers of an answer; what a route has said itself stays."""
    for name, value in {**ALWAYS, **(HTTPS if https else {})}.items():
        headers.setdefault(name, value)
    if path.startswith(API):
        headers.setdefault("Content-Disposition", 'attachment; filename="api.json"')  # never a page, whatever is in it
    headers.setdefault("Cache-Control", "public, max-age=3600" if path.startswith(PUBLIC) else "no-store")
