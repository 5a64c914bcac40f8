"""What this machine has and lacks."""

from __future__ import annotations

from steadyhand.app import doctor
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
    assert found["accounts"][1] == "beside the store, 0 tokens"
    assert found["serving"][1] == "at 127.0.0.1:8420, 0 people, 0 intakes"
    able = ability()
    assert found["confinement"][1] == (able.words if able.means else f"reads are not confined: {able.words}")


def test_a_store_of_another_program_and_settings_with_findings(tmp_path):
    (tmp_path / "steady.yaml").write_text("roles: 5\n")
    (tmp_path / "j.db").write_bytes(b"not a database" * 100)
    found = rows(desk(tmp_path, store=str(tmp_path / "j.db")))
    assert [what for what, (holds, _) in found.items() if not holds] == ["settings", "store"]
    assert "file is not a database" in found["store"][1]


def test_what_a_server_lacks(tmp_path, monkeypatch):
    text = "secrets: {am: {env: AM_TOKEN}}\npeople: {ana: {roles: {viewer: ['*']}}}\n"
    (tmp_path / "steady.yaml").write_text(f"{text}intake: {{alertmanager: {{source: alertmanager, token: [am]}}}}\n")
    holds, told = rows(desk(tmp_path))["serving"]
    assert not holds
    assert told.startswith("at 127.0.0.1:8420, 1 person, 1 intake; intake alertmanager: ")
    assert "AM_TOKEN" in told
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "uvicorn" else object())
    holds, told = rows(desk(tmp_path))["serving"]
    assert holds, "a machine that is to serve nothing lacks nothing"
    assert told == "not here: `steady serve` needs uvicorn (pip install 'steadyhand[server]')"
