"""The document is the program: whatever fits it or does not, each answer is one that the document tells of.

Schemathesis makes requests from the document, against a real server over HTTP: all its checks are on, and its seed is
fixed. It takes a minute at the most; STEADY_DEEP=1 makes it take more examples.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .served import api, waiting

CONFIG = Path(__file__).with_name("schemathesis.toml")
DEEP = os.environ.get("STEADY_DEEP") == "1"


def fuzzed(folder: Path, *more: str, person: str = "admin") -> str:
    """What schemathesis has to say about the API, as somebody."""
    with api(folder) as (client, server):
        waiting(client)
        url = f"{str(client.base_url).rstrip('/')}/openapi.json"
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIG), "run", url,
                "--header", f"Authorization: Bearer test-{person}", "--checks", "all", "--seed", "4711", "--no-color",
                "--generation-deterministic", "--suppress-health-check", "all", *more,
            ],
            cwd=folder, capture_output=True, text=True, check=False, timeout=3000 if DEEP else 600,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(done.stdout[-200_000:] + done.stderr[-2_000:], pytrace=False)
        assert client.get("health").json() == {"status": "ok"}
        assert server.services.journal.verify_store() == ()
        return done.stdout


@pytest.mark.timeout(3100)
@pytest.mark.slow
def test_whatever_is_sent_the_answer_is_one_of_the_documents(tmp_path: Path) -> None:
    said = fuzzed(tmp_path, "--max-examples", "200" if DEEP else "4")
    assert "Tested: 28" in said


@pytest.mark.timeout(700)
@pytest.mark.slow
def test_who_may_nothing_is_told_so_everywhere(tmp_path: Path) -> None:
    said = fuzzed(tmp_path, "--max-examples", "1", "--phases", "examples,fuzzing", person="nobody")
    assert "Tested: 28" in said
