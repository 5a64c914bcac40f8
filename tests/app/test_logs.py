"""Lines of the log: whole, one a record, without secrets."""

from __future__ import annotations

import io
import json
import logging

import pytest

from steadyhand.app.logs import LONGEST, Lines, set_up, settings_redactor
from steadyhand.driver.redaction import Redactor

from .desk import desk


@pytest.fixture
def out():
    """What the log says, as it is set up by a test; as it was before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("steadyhand")
    before = (list(root.handlers), root.level, ours.level)
    yield io.StringIO()
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def log():
    return logging.getLogger("steadyhand.app.x")


def test_json_is_one_document_a_line(out):
    set_up("json", stream=out)
    log().info("request", extra={"run": "r1", "person": "ana", "route": "/runs/{run}", "status": 200, "duration": 0.1})
    log().warning("two\nlines %s", "\x1b[2J")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info", "event": "request", "logger": "steadyhand.app.x", "run": "r1", "person": "ana",
        "route": "/runs/{run}", "status": 200, "duration": 0.1,
    }  # fmt: skip
    assert second["event"] == "two\\u000alines \\u001b[2J"


def test_text_is_one_line_unless_something_failed(out):
    set_up("text", stream=out)
    log().info("a\nforged line", extra={"origin": "192.0.2.1\nforged"})
    try:
        int("what\nelse")
    except ValueError:
        log().exception("it failed")
    lines = out.getvalue().splitlines()
    assert lines[0].endswith("info    a\\u000aforged line origin=192.0.2.1\\u000aforged")
    assert lines[1].endswith("error   it failed")
    assert all(line.startswith("    ") for line in lines[2:])
    assert lines[-1] == "    ValueError: invalid literal for int() with base 10: 'what\\nelse'"


def test_no_secret_is_in_it(out, tmp_path):
    (tmp_path / "token").write_text("a-file-of-a-secret")
    (tmp_path / "steady.yaml").write_text("secrets: {slack: {env: SLACK}, page: {file: token}}\n")
    set_up("json", settings_redactor(desk(tmp_path, SLACK="hook-xyz-4711")), out)
    log().info("sent to hook-xyz-4711 and a-file-of-a-secret", extra={"person": "hook-xyz-4711"})
    try:
        int("hook-xyz-4711")
    except ValueError:
        log().exception("again")
    assert "hook-xyz-4711" not in out.getvalue()
    assert "a-file-of-a-secret" not in out.getvalue()
    assert out.getvalue().count("slack") >= 3


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcdefgh12345678",
        "basic dXNlcjpodW50ZXIy",
        "GET /x?token=abcdefgh12345678&y=1",
        "postgresql://ana:hunter2hunter2@db/x",
        "password = hunter2hunter2",
        '{"api_key": "abcdefgh12345678"}',
        "cookie: abcdefgh12345678",
    ],
)
def test_what_looks_like_a_credential_is_taken_out(text):
    cleaned = Lines("text").clean(text)
    assert "***" in cleaned
    assert not any(word in cleaned for word in ("abcdefgh12345678", "hunter2", "dXNlcjpodW50ZXIy"))


def test_a_line_is_bounded(out):
    set_up("text", Redactor(), out)
    log().info("x" * 100_000)
    assert len(out.getvalue()) < LONGEST + 100


def test_other_libraries_only_say_what_went_wrong(out):
    set_up("text", stream=out)
    logging.getLogger("httpx").info("GET https://slack.example/hook/secret")
    logging.getLogger("httpx").warning("odd")
    assert "slack" not in out.getvalue()
    assert "odd" in out.getvalue()
