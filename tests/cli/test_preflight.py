"""`steady preflight`: could every step be carried out right now?"""

import json

from .documents import HEALTHY
from .steady import steady

NEEDS = HEALTHY.replace(
    "steps:\n",
    "requires: {tools: [sh, no-such-tool]}\nsecrets: {here: {env: HERE}, gone: {env: GONE}}\nsteps:\n",
).replace("    effect: read\n", "    effect: read\n", 1)


def test_everything_holds(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    done = steady(tmp_path, "preflight", "healthy.yaml")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()[:2]] == [
        ["holds", "step", "needs", "why,", "and", "how", "to", "get", "it"], ["yes", "-", "handler", "shell"],
    ]  # fmt: skip


def test_what_is_missing_is_said_and_fails(tmp_path):
    (tmp_path / "needs.yaml").write_text(NEEDS)
    done = steady(tmp_path, "preflight", "needs.yaml", "--json", HERE="value-of-here")
    rows = {row["what"]: row["holds"] for row in json.loads(done.stdout)["rows"]}
    assert done.returncode == 1
    assert rows["tool sh"]
    assert not rows["tool no-such-tool"]
    assert {what: holds for what, holds in rows.items() if "secret" in what} == {
        "secret here": True,
        "secret gone": False,
    }
    assert "value-of-here" not in done.stdout
