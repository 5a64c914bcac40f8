"""What this machine has and lacks."""

from __future__ import annotations

from steadyhand.app.doctor import examine
from steadyhand.handlers._confine import ability

from .desk import desk


def rows(services):
    return {what: (holds, detail) for what, holds, detail in examine(services)}


def test_a_machine_in_order(tmp_path):
    (tmp_path / "steady.yaml").write_text("roles: {a: [anna], b: [bo]}\n")
    found = rows(desk(tmp_path))
    assert all(holds for holds, _ in found.values())
    assert found["settings"][1] == f"{tmp_path}/steady.yaml, 2 roles"
    assert found["store"][1] == f"{tmp_path}/store/j.db, 0 runs"
    able = ability()
    assert found["confinement"][1] == (able.words if able.means else f"reads are not confined: {able.words}")


def test_a_store_of_another_program_and_settings_with_findings(tmp_path):
    (tmp_path / "steady.yaml").write_text("roles: 5\n")
    (tmp_path / "j.db").write_bytes(b"not a database" * 100)
    found = rows(desk(tmp_path, store=str(tmp_path / "j.db")))
    assert [what for what, (holds, _) in found.items() if not holds] == ["settings", "store"]
    assert "file is not a database" in found["store"][1]
