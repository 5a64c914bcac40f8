"""Could every step be carried out right now?"""

from __future__ import annotations

from steadyhand.app import library, preflight
from steadyhand.app.services import Services
from steadyhand.handlers._confine import ability
from steadyhand.model import Ability

from .desk import calling, desk, one_step, write


def rows(folder, name, **environ):
    services = desk(folder, **environ)
    return {
        f"{row.step}: {row.what}" if row.step else row.what: (row.holds, row.why, row.how)
        for row in preflight.check(services, library.load(services, f"{name}.yaml"), {})
    }


def test_tools_secrets_handlers_and_what_handlers_look_at(tmp_path):
    (tmp_path / "file-secret").write_text("value")
    write(
        tmp_path,
        "needs",
        "requires: {tools: [sh, no-such-tool]}\n"
        "secrets: {env_there: {env: THERE}, env_gone: {env: GONE}, in_file: {file: file-secret}, file_gone: {file: gone}}\n"
        + one_step("shell: {argv: [no-such-program]}"),
    )
    found = rows(tmp_path, "needs", THERE="x")
    assert {what for what, (holds, *_) in found.items() if not holds} == {
        "tool no-such-tool", "secret env_gone", "secret file_gone", "only: program no-such-program",
    }  # fmt: skip
    assert found["tool no-such-tool"] == (False, "not on PATH", "install no-such-tool")
    assert "value" not in str(found)


def test_what_a_called_runbook_needs_counts_too(tmp_path):
    write(tmp_path, "outer", calling("inner"))
    write(tmp_path, "inner", "requires: {tools: [no-such-tool]}\n" + one_step())
    assert not rows(tmp_path, "outer")["only/: tool no-such-tool"][0]


def test_what_the_machine_can_confine_is_said_where_it_matters(tmp_path):
    able = ability()
    write(tmp_path, "must", one_step("shell: 'true'\n    confine: true"))
    write(tmp_path, "may", one_step())
    write(tmp_path, "not", one_step("shell: 'true'\n    confine: false"))
    write(tmp_path, "change", one_step(effect="change"))
    assert rows(tmp_path, "must")["confinement of reads"][:2] == (bool(able.means), able.words)
    assert rows(tmp_path, "may")["confinement of reads"][:2] == (bool(able.means) or None, able.words)
    assert "confinement of reads" not in {**rows(tmp_path, "not"), **rows(tmp_path, "change")}


def test_a_machine_that_cannot_confine(tmp_path):
    class Poor(Services):
        def ability(self):
            return Ability("", "the kernel has no Landlock")

    write(tmp_path, "must", one_step("shell: 'true'\n    confine: true"))
    write(tmp_path, "may", one_step())
    services = Poor(store=str(tmp_path / "j.db"), environ={"PATH": "/usr/bin:/bin"}, cwd=str(tmp_path))
    must, may = (library.load(services, f"{name}.yaml") for name in ("must", "may"))
    told = ("the kernel has no Landlock", "install bubblewrap, or use a kernel with Landlock (Linux 6.12)")
    assert preflight.Row("", "confinement of reads", False, *told) in preflight.check(services, must, {}, remote=False)
    assert preflight.Row("", "confinement of reads", None, *told) in preflight.check(services, may, {})
    assert "confinement" not in str(preflight.check(services, may, {}, remote=False))
