"""The server is what its parts take it for."""

from __future__ import annotations

from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.app.whole import Whole


def test_the_server_has_all_that_its_parts_look_at(tmp_path):
    server = Server(Services(store="memory:", cwd=str(tmp_path), environ={"HOME": str(tmp_path)}))
    wanted = [name for name, member in vars(Whole).items() if isinstance(member, property)]
    assert len(wanted) == 8
    assert all(hasattr(server, name) for name in wanted)
