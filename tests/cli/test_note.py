"""`steady note`."""

from .documents import HEALTHY
from .steady import steady


def test_a_note_stands_in_the_transcript_also_after_the_end(tmp_path):
    (tmp_path / "healthy.yaml").write_text(HEALTHY)
    steady(tmp_path, "run", "healthy.yaml")
    assert steady(tmp_path, "note", "last", "the", "page", "was a drill").returncode == 0
    assert "the page was a drill" in steady(tmp_path, "transcript").stdout
    assert steady(tmp_path, "audit", "verify").returncode == 0


def test_without_a_run_it_says_what_to_do(tmp_path):
    done = steady(tmp_path, "note", "last", "x")
    assert (done.returncode, done.stderr) == (
        2, "steady: there is no run yet\n  start one with `steady run RUNBOOK`\n",
    )  # fmt: skip
