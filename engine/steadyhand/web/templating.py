"""Pages from templates: whatever is filled in is text, never markup."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..projections.words import minute
from .requests import csrf, identity

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).resolve().parent


@cache
def environment() -> Environment:
    """The templates of the package."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 only where pages are drawn

    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["minute"] = minute
    return found


def page(
    request: Request, name: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """A page: the template has, beside what it is given, `who` asks and the word `csrf` that its forms must carry."""
    text = (
        environment()
        .get_template(name)
        .render({"who": identity(request), "csrf": csrf(request), "path": request.url.path, **values})
    )
    return HTMLResponse(text, status, headers)
