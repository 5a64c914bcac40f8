"""Services over a folder of a test, with a store of its own."""

from __future__ import annotations

from steadyhand.app.services import Services

ENDS = "fail: end.escalated, error: end.escalated"


def desk(folder, *, store="", config="", **environ):
    return Services(
        store=store or str(folder / "store" / "j.db"),
        config=config,
        environ={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environ},
        cwd=str(folder),
    )


def write(folder, name, body):
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"steadyhand: 1\nname: {path.stem}\ntitle: {path.stem}\n{body}")
    return path


def one_step(body="shell: 'true'", effect="read", ends=f"pass: end.healthy, {ENDS}"):
    return f"steps:\n  only:\n    title: Only\n    {body}\n    effect: {effect}\n    next: {{{ends}}}\n"


def calling(name):
    return f"steps:\n  only:\n    title: Only\n    call: {{runbook: {name}}}\n    next: {{pass: end.healthy, {ENDS}}}\n"
