"""Each operation has its route, and nothing else is under the address of the API but the document."""

from __future__ import annotations

from starlette.routing import Route

from steadyhand.web.api.document import text
from steadyhand.web.api.routes import routes
from steadyhand.web.api.table import OPERATIONS

from .served import waiting


def test_a_route_for_each_operation():
    found = {
        (method, route.path.replace(":path}", "}"))
        for route in routes()
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found == {(one.method, f"/api/v1{one.path}") for one in OPERATIONS} | {("GET", "/api/v1/openapi.json")}


def test_anybody_may_read_the_document(client):
    found = client.get("openapi.json", headers={"Authorization": ""})
    assert found.headers["content-type"] == "application/json"
    assert found.text == text()


def test_a_gate_may_have_a_slash_in_its_name(client):
    run = waiting(client)
    for path in ("a/b", "a%2Fb", "each%5B%27x%27%5D"):
        missing = client.post(f"runs/{run}/gates/{path}", json={"answer": "approve"})
        assert missing.status_code == 404
        assert "has no gate" in missing.json()["detail"]
