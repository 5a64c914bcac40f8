"""The routes of the API: one for each operation of the table, and the document that describes them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .calling import endpoint
from .document import text
from .operations import JSON, PREFIX, SAFE, Operation
from .table import OPERATIONS

DOCUMENT = f"{PREFIX}/openapi.json"
DEEP = frozenset({"gate", "fingerprint"})
"""Parameters that may hold a slash."""


def routes() -> list[BaseRoute]:
    """Every route of the API."""
    by_path: dict[str, list[Operation]] = {}
    for one in OPERATIONS:
        by_path.setdefault(one.path, []).append(one)
    document.rights = {"GET": None}  # type: ignore[attr-defined]  # web/rights.py reads it
    found = [_route(path, ones) for path, ones in by_path.items()]
    return [*found, Route(DOCUMENT, document, methods=["GET"])]


def _route(path: str, operations: list[Operation]) -> Route:
    """One route for an address, so that whoever takes a method that it has not is told all those that it has."""
    ends = {one.method: endpoint(one) for one in operations}

    async def answer(request: Request) -> Response:
        return await ends["GET" if request.method == "HEAD" else request.method](request)

    answer.rights = {one.method: one.right for one in operations}  # type: ignore[attr-defined]  # web/rights.py reads it
    return Route(_path(path), answer, methods=list(ends), name=operations[0].id)


def _path(path: str) -> str:
    for name in DEEP:
        path = path.replace(f"{{{name}}}", f"{{{name}:path}}")
    return f"{PREFIX}{path}"


async def document(request: Request) -> Response:
    """The OpenAPI document. It tells nothing about this server, so anybody may read it."""
    del request
    return Response(text(), 200, SAFE, JSON)
