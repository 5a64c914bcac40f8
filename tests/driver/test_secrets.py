"""A secret is fetched once, from the real source, and is known to the redactor before anybody has it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.errors import Refused, TimedOut
from steadyhand.model import SecretSource

PATH = os.environ["PATH"]


def store(tmp_path: Path, kind: str, at, *, patience: float = 10.0, **environ: str) -> SecretStore:
    sources = {"key": SecretSource("key", kind, at)}
    return SecretStore(sources, Redactor(), str(tmp_path), {"PATH": PATH, **environ}, patience)


def refused(secrets: SecretStore) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        secrets.reveal("key")
    assert not caught.value.unsure
    return caught.value.message, caught.value.hint


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


class Listening(Redactor):
    """A redactor that notes when it was told what."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def learn(self, name, value):
        self.log.append(f"learned {name}")
        return super().learn(name, value)


# --- revealing


def test_a_variable_is_read(tmp_path):
    assert store(tmp_path, "env", "KEY", KEY="hunter2 ").reveal("key") == "hunter2 "


def test_the_redactor_knows_a_value_before_it_is_returned(tmp_path):
    log: list[str] = []
    redactor = Listening(log)
    secrets = SecretStore({"key": SecretSource("key", "env", "KEY")}, redactor, str(tmp_path), {"KEY": "hunter2"})
    assert redactor.text("hunter2") == "hunter2"
    assert secrets.reveal("key") == "hunter2"
    assert log == ["learned key"]
    assert redactor.text("hunter2") == "[secret key]"
    assert "hunter2" not in repr(secrets)


@pytest.mark.parametrize(("environ", "state"), [({}, "not set"), ({"KEY": ""}, "empty")])
def test_a_missing_variable_is_named(tmp_path, environ, state):
    assert refused(store(tmp_path, "env", "KEY", **environ)) == (
        f"secret key: the variable KEY is {state}",
        "set it where steady is started: `export KEY=...`",
    )


def test_a_file_is_read_without_its_last_newline(tmp_path):
    private(tmp_path / "key.txt", b"line one\nline two\r\n")
    secrets = store(tmp_path, "file", "key.txt")
    assert secrets.reveal("key") == "line one\nline two"
    assert secrets.take_notes() == ()


def test_a_tilde_is_the_home_of_the_environment(tmp_path):
    private(tmp_path / "key", b"hunter2")
    assert store(tmp_path / "elsewhere", "file", "~/key", HOME=str(tmp_path)).reveal("key") == "hunter2"


def test_a_file_that_everybody_can_read_is_noted(tmp_path):
    path = private(tmp_path / "key", b"hunter2\n")
    path.chmod(0o644)
    secrets = store(tmp_path, "file", "key")
    note = f"secret key: everybody on this machine can read {path}: `chmod 600 {path}`"
    assert secrets.check("key") == ("secret key", True, note)
    assert secrets.reveal("key") == "hunter2"
    assert secrets.take_notes() == (note,)


def test_a_short_value_is_noted_and_returned(tmp_path):
    secrets = store(tmp_path, "env", "KEY", KEY="abc")
    assert secrets.reveal("key") == "abc"
    assert secrets.take_notes() == (
        "secret key has fewer than 4 characters: it cannot be told from ordinary text, and is NOT hidden in output",
    )


def test_a_missing_file_is_named(tmp_path):
    path = tmp_path / "no such"
    assert refused(store(tmp_path, "file", "no such")) == (
        f"secret key: cannot read {path}: No such file or directory",
        f"look at it as the user that steady runs as: `ls -l '{path}'`",
    )


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_is_named(tmp_path, content):
    path = private(tmp_path / "key", content)
    assert refused(store(tmp_path, "file", "key")) == (
        f"secret key: the file {path} is empty",
        "write the value into it",
    )


def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert refused(store(tmp_path, "file", "pipe"))[0] == f"secret key: {tmp_path}/pipe is not a regular file"
    assert refused(store(tmp_path, "file", "."))[0] == f"secret key: {tmp_path}/. is not a regular file"


def test_a_huge_file_is_refused(tmp_path):
    path = private(tmp_path / "key", b"x" * (1024 * 1024 + 1))
    assert refused(store(tmp_path, "file", "key"))[0] == f"secret key: {path} is larger than 1 MiB"


def test_a_value_may_hold_nul_and_bytes_that_are_no_text(tmp_path):
    private(tmp_path / "key", b"a\0b\xff\xfec")
    redactor = Redactor()
    secrets = SecretStore({"key": SecretSource("key", "file", "key")}, redactor, str(tmp_path), {})
    assert secrets.reveal("key").encode("utf-8", "surrogateescape") == b"a\0b\xff\xfec"
    assert redactor.bytes(b"<a\0b\xff\xfec>") == b"<[secret key]>"
    assert redactor.text("<a\0b\udcff\udcfec>") == "<[secret key]>"


@pytest.mark.parametrize(
    "at",
    [
        "printf '%s\\n' \"$WORD\"",
        ["printenv", "WORD"],
        ("/bin/sh", "-c", "cat word"),
        "echo noise >&2; cat < word; cd /",
    ],
)
def test_a_command_is_run_in_the_folder_with_the_environment(tmp_path, at):
    private(tmp_path / "word", b"hunter2\n")
    assert store(tmp_path, "command", at, WORD="hunter2").reveal("key") == "hunter2"


def test_a_failing_command_is_named_and_its_output_is_not(tmp_path):
    message, hint = refused(store(tmp_path, "command", "echo hunter2; echo hunter2 >&2; exit 3"))
    assert message == "secret key: its command exited with 3"
    assert hint.startswith("run it by hand, as the user that steady runs as: `echo hunter2;")
    message, hint = refused(store(tmp_path, "command", ["/bin/sh", "-c", 'cat word; kill -9 "$$"']))
    assert message == "secret key: its command was ended by SIGKILL"


def test_a_command_that_prints_nothing_or_is_not_there_is_refused(tmp_path):
    assert refused(store(tmp_path, "command", "true")) == (
        "secret key: its command printed nothing",
        "run it by hand, as the user that steady runs as: `true`",
    )
    message, hint = refused(store(tmp_path, "command", ["no-such-tool", "a b"]))
    assert message == ("secret key: its command cannot be started: [Errno 2] No such file or directory: 'no-such-tool'")
    assert hint == "run it by hand, as the user that steady runs as: `no-such-tool 'a b'`"


@pytest.mark.parametrize("at", ["sleep 60 & echo $! > pid; sleep 60", "sleep 60 & echo $! > pid"])
def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path, at):
    start = time.monotonic()
    with pytest.raises(TimedOut) as caught:
        store(tmp_path, "command", at, patience=0.3).reveal("key")
    assert time.monotonic() - start < 5
    assert caught.value.message == "secret key: its command did not end within 0.3 s"
    assert not caught.value.unsure
    stat = Path("/proc") / (tmp_path / "pid").read_text().strip() / "stat"
    for _ in range(100):
        if not stat.exists() or ") Z" in stat.read_text():
            return
        time.sleep(0.02)
    pytest.fail("the background process of the command lives on")


def test_an_agent_that_a_command_leaves_behind_is_left_alone(tmp_path):
    secrets = store(tmp_path, "command", "sleep 30 >/dev/null & echo $! > pid; echo hunter2")
    assert secrets.reveal("key") == "hunter2"
    pid = int((tmp_path / "pid").read_text())
    time.sleep(0.1)
    assert ") S " in Path(f"/proc/{pid}/stat").read_text()
    os.kill(pid, 9)


def test_a_command_that_never_stops_printing_is_refused_without_taking_the_memory(tmp_path):
    assert refused(store(tmp_path, "command", "yes"))[0] == "secret key: its command printed more than 1 MiB"


def test_a_secret_is_fetched_once_however_many_ask(tmp_path):
    secrets = store(tmp_path, "command", "echo x >> count; sleep 0.1; echo hunter2")
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(secrets.reveal("key"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["hunter2"] * 8
    assert (tmp_path / "count").read_text() == "x\n"


def test_a_refusal_is_not_remembered(tmp_path):
    secrets = store(tmp_path, "file", "key")
    refused(secrets)
    private(tmp_path / "key", b"hunter2")
    assert secrets.reveal("key") == "hunter2"


def test_a_source_that_is_not_known_is_refused(tmp_path):
    message, hint = refused(store(tmp_path, "magic", {}))
    assert message == "secret key comes from magic, which is not known"
    assert hint == "one of env, file, command, kubernetes, vault, keyring"


def test_what_lies_elsewhere_is_asked_for_only_when_it_may_be(tmp_path):
    secrets = store(tmp_path, "vault", {"path": "kv/x", "key": "y", "address": "https://127.0.0.1:1"}, VAULT_TOKEN="t")
    assert secrets.check("key", remote=False) == ("secret key", True, "")
    what, holds, why = secrets.check("key")
    assert (what, holds) == ("secret key", False)
    assert why.startswith("secret key: Vault at https://127.0.0.1:1 cannot be reached")


def test_an_undeclared_secret_is_refused(tmp_path):
    with pytest.raises(Refused, match="secret other is not declared"):
        store(tmp_path, "env", "KEY").reveal("other")


# --- checking


def test_a_check_tells_what_is_there_without_fetching_it(tmp_path):
    private(tmp_path / "key", b"hunter2")
    for kind, at in (("env", "KEY"), ("file", "key"), ("command", "echo x > ran")):
        secrets = store(tmp_path, kind, at, KEY="hunter2")
        assert secrets.check("key") == ("secret key", True, "")
        assert secrets._values == {}
    assert not (tmp_path / "ran").exists()


def test_a_check_tells_what_is_missing(tmp_path):
    assert store(tmp_path, "env", "KEY").check("key") == (
        "secret key",
        False,
        "secret key: the variable KEY is not set: set it where steady is started: `export KEY=...`",
    )
    assert store(tmp_path, "file", "key").check("key")[1:] == (
        False,
        (
            f"secret key: cannot read {tmp_path}/key: No such file or directory: "
            f"look at it as the user that steady runs as: `ls -l {tmp_path}/key`"
        ),
    )


@pytest.mark.parametrize(
    "at", ["no-such-tool --x", ["no-such-tool"], "A=1 no-such-tool", "./no-such-tool", ["./no-such-tool"]]
)
def test_a_check_tells_that_an_executable_is_missing(tmp_path, at):
    what, holds, why = store(tmp_path, "command", at).check("key")
    assert (what, holds) == ("secret key", False)
    word = "./no-such-tool" if "./" in str(at) else "no-such-tool"
    assert why == f"secret key: {word} is not found: install it, or put it on the PATH ({PATH})"


@pytest.mark.parametrize(
    "at", ["cd / && cat key", "if true; then cat key; fi", "./tool x", ["./tool"], ["cat", "x"], "A=1 cat x"]
)
def test_a_check_finds_builtins_and_executables(tmp_path, at):
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    assert store(tmp_path, "command", at).check("key") == ("secret key", True, "")


@pytest.mark.parametrize("at", ["$TOOL get", "(cat x)", "'unclosed"])
def test_a_check_does_not_guess(tmp_path, at):
    assert store(tmp_path, "command", at).check("key") == (
        "secret key",
        True,
        "cannot be told without running its command",
    )


def test_what_is_to_be_said_of_a_secret_is_said_once(tmp_path):
    secrets = store(tmp_path, "env", "KEY", KEY="abc")
    secrets.reveal("key")
    assert len(secrets.take_notes()) == 1
    assert secrets.take_notes() == ()
