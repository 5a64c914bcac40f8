"""`steady resume`."""

from .documents import ASKS, HEALTHY
from .steady import steady


def test_a_run_that_waits_still_waits(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    done = steady(tmp_path, "resume", "last")
    assert done.returncode == 4
    assert "act approve --resume" in done.stderr


def test_the_file_may_change_or_go_the_run_does_not(tmp_path):
    (tmp_path / "asks.yaml").write_text(ASKS)
    steady(tmp_path, "run", "asks.yaml")
    (tmp_path / "asks.yaml").write_text(ASKS.replace("echo", "echo changed"))
    steady(tmp_path, "answer", "last", "act", "approve")
    (tmp_path / "asks.yaml").unlink()
    assert steady(tmp_path, "resume", "last").returncode == 0
    assert (tmp_path / "effect").read_text() == "ops\n"


def test_what_has_ended_is_not_begun_again(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    steady(tmp_path, "run", "healthy.yaml")
    done = steady(tmp_path, "resume", "last")
    assert done.returncode in {0, 2}
    assert "ended" in done.stderr + done.stdout
