"""`steady show`."""

import json

from .documents import ASKS
from .steady import steady


def test_what_happened_and_what_it_waits_for(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    said = steady(tmp_path, "show").stdout
    assert "? Act for ops?" in said
    assert said.splitlines()[-1].endswith("act approve --resume")


def test_json_has_the_whole_run(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    said = json.loads(steady(tmp_path, "show", "--json").stdout)
    assert "Act for ops?" in json.dumps(said)
