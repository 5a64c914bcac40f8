"""From values to a page: templates in which no text of others is ever markup, times in words, who may do what.

Every text that a template puts out is escaped, and whatever is invisible in it is made visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ... import __version__
from ...app.acts import Acts
from ...app.covering import Coverages
from ...app.server import Server
from ...app.shelf import Shelf
from ...app.verifying import Verifying
from ...app.viewing import Views
from ...model.people import Role
from ...projections import words
from ..requests import csrf, identity, server

SIGNS = {
    "pass": "✓", "approved": "✓", "done": "✓", "resolved": "✓", "healthy": "✓", "fail": "✗", "failed": "✗",
    "rejected": "✗", "broken": "✗", "error": "!", "interrupted": "!", "expired": "!", "escalated": "!", "firing": "!",
    "running": "…", "waiting": "?", "stopped": "■", "silenced": "–", "inhibited": "–", "acknowledged": "–",
}  # fmt: skip
"""What stands before a word that tells how something is, so that colour is never all that tells it."""
UNITS = ((86_400, 172_800, "d"), (3_600, 7_200, "h"), (60, 120, "min"), (1, 0, "s"))
"""Seconds of a unit, from how many seconds on it is used, its sign."""


def visible(value: Any) -> Any:
    """What a template puts out: text with everything in it made visible, anything else as it is."""
    return words.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def apart(at: int, now: int) -> str:
    """How far a time is from now: `3 min ago`, `in 2 h`."""
    seconds = abs(now - at) // 1_000_000
    unit, _, sign = next(one for one in UNITS if seconds >= one[1])
    count = f"{seconds // unit} {sign}"
    return f"{count} ago" if at <= now else f"in {count}"


def when(now: int, at: int) -> Markup:
    """A time as people and programs read it: absolute (UTC), and how far from now."""
    if not at:
        return Markup("")
    machine = words.rfc3339(at)
    return Markup('<time datetime="{}">{}</time> <span class="apart" data-at="{}">{}</span>').format(
        machine, words.stamp(at), machine, apart(at, now)
    )


def link(*parts: str) -> str:
    """An address on this server, every part of it quoted."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def status(word: str, label: str = "") -> Markup:
    """How something is: a sign and a word."""
    known = word if word in SIGNS else ""
    shown = visible(label or word)
    return Markup('<span class="status {}"><span aria-hidden="true">{}</span> {}</span>').format(
        known, SIGNS.get(word, "·"), shown
    )


def unaltered(value: str) -> Markup:
    """A text that goes back into a field as somebody typed it."""
    return escape(value)


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("steadyhand.web"),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
    )
    found.filters.update(
        brief=words.brief,
        took=words.took,
        size=words.size,
        stamp=words.stamp,
        clock=words.clock,
        rfc3339=words.rfc3339,
        minute=words.minute,
        spelled=words.spelled,
        typed=unaltered,
    )
    found.globals.update(link=link, status=status, Role=Role, version=__version__, ending=words.ending, door=words.door)
    return found


ENVIRONMENT = _environment()


class Reading:
    """What pages look things up in; one for each server."""

    def __init__(self, host: Server) -> None:
        self.shelf = Shelf(lambda: host.services)
        self.coverages = Coverages(lambda: host.services)
        self.views = Views()
        self.acts = Acts()
        self.verifying = Verifying()


def reading(request: Request) -> Reading:
    """What pages of this server look things up in. Two threads that ask first get the same."""
    found: Reading = request.app.state.__dict__["_state"].setdefault("reading", Reading(server(request)))
    return found


def render(request: Request, template: str, code: int = 200, **values: Any) -> Response:
    """A page."""
    who = identity(request)
    now = server(request).services.clock.now()

    def may(role: Role, services: Iterable[str] = ()) -> bool:
        return who is not None and who.may(role, tuple(services))

    content = ENVIRONMENT.get_template(template).render(
        who=who,
        now=now,
        when=partial(when, now),
        apart=lambda at: apart(at, now),
        csrf=csrf(request),
        path=request.url.path,
        may=may,
        **values,
    )
    return HTMLResponse(content, code)


def asked(request: Request, name: str) -> str:
    """A parameter of the address; '' when it is not there."""
    return request.query_params.get(name, "")
