"""`steady doctor`."""

import json

from steadyhand.handlers import registry

from .steady import steady


def test_all_is_in_order(tmp_path):
    done = steady(tmp_path, "doctor", "--json")
    rows = {row["what"]: row for row in json.loads(done.stdout)["rows"]}
    assert done.returncode == 0
    assert rows["step kinds"]["detail"] == ", ".join(registry.BUILT_IN)
    assert rows["store"]["detail"].endswith("j.db, 0 runs")


def test_what_is_wrong_is_said_and_fails(tmp_path):
    (tmp_path / "steady.yaml").write_text("rolles: {}\n")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "j.db").write_bytes(b"this is not a database at all, but it is long enough" * 40)
    done = steady(tmp_path, "doctor")
    assert done.returncode == 1
    wrong = [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == ["WRONG  settings", "WRONG  store"]
