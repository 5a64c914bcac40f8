"""No address is served twice."""

from __future__ import annotations

from steadyhand.web.routes import routes


def test_every_route_has_an_address_of_its_own():
    seen = [(route.path, method) for route in routes() for method in (getattr(route, "methods", None) or {"*"})]
    assert len(seen) == len(set(seen))
