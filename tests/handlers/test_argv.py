"""Bytes arrive as they are, and what cannot be started says why. Nothing has run then."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.errors import BadInput, HandlerError, Refused
from steadyhand.handlers import _process
from steadyhand.handlers.bench import BenchHands

DUMP = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
HOSTILE = [
    '"; touch /tmp/pwned #', "$(touch /tmp/pwned)", "`touch /tmp/pwned`", "a\nb\r\n", "'", "''\"'", "\\", "-rf", "*", "~",
    "$HOME", "!!", "\x1b[31m", "\x7f", "", " ", "ü→\U0001f600", "\udcff\udc80", "a" * 100_000, "%s{0}{{ x }}",
]  # fmt: skip


def failure(argv, **more) -> tuple[type[HandlerError], str, str]:
    hands = BenchHands()
    with pytest.raises(HandlerError) as caught:
        _process.run(argv, hands, **more)
    assert not caught.value.unsure
    assert hands.children == []
    return type(caught.value), caught.value.message, caught.value.hint


def output(argv, **more) -> bytes:
    got = bytearray()
    hands = BenchHands(tap=lambda stream, piece: got.extend(piece) if stream == "stdout" else None)
    assert _process.run(argv, hands, **more).exit_code == 0
    return bytes(got)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v)[:20])
def test_arguments_and_variables_arrive_as_they_are(value, tmp_path):
    assert output(["/usr/bin/printf", "%s", value]) == encoded(value)
    assert output(["/bin/sh", "-c", 'printf %s "$X"'], env={"X": value}) == encoded(value)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_any_arguments_arrive(words):
    assert output([sys.executable, "-SEc", DUMP, *words]) == b"\0".join(map(encoded, words))


@pytest.mark.parametrize("name", ["a b", "'; rm #", "$(x)", "ü", "\udcff", "-x", "a\nb"])
def test_the_folder_is_taken_as_it_is(name, tmp_path):
    folder = os.fsencode(tmp_path) + b"/" + encoded(name)
    os.mkdir(folder)
    assert output(["/bin/pwd"], cwd=os.fsdecode(folder)) == folder + b"\n"


def test_own_variables_come_on_top_of_the_process_and_those_of_the_hands_on_top_of_them(monkeypatch):
    monkeypatch.setenv("KEPT", "kept")
    monkeypatch.setenv("CHANGED", "old")
    hands = BenchHands(environment={"STEADY_RUN": "run-7"})
    _process.run(["/bin/sh", "-c", 'echo "$KEPT $CHANGED $STEADY_RUN $STEADY_STEP"'], hands,
                 env={"CHANGED": "new", "STEADY_RUN": "mine"})  # fmt: skip
    assert hands.sink("stdout").text() == "kept new run-7 step\n"


def test_the_locale_of_this_process_changes_no_byte():
    code = (
        "from steadyhand.handlers import _process\nfrom steadyhand.handlers.bench import BenchHands\n"
        "h = BenchHands()\n_process.run(['/usr/bin/printf', '%s', '\\u00fc'], h)\nprint(ascii(h.sink('stdout').text()))"
    )
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert output([sys.executable, "-c", code], env=env) == b"'\\xfc'\n"


# --- what cannot be started


def test_a_program_that_is_not_there(tmp_path):
    assert failure(["no-such-program-x"]) == (
        Refused, "no-such-program-x was not found on PATH", "install no-such-program-x, or give its whole path",
    )  # fmt: skip
    assert failure(["/no/such"]) == (Refused, "there is no program /no/such", "check the path, or install it")


def test_path_is_the_one_of_the_step(tmp_path):
    tool = script(tmp_path / "tool", "#!/bin/sh\necho mine")
    assert output(["tool"], env={"PATH": str(tool.parent)}) == b"mine\n"
    assert failure(["printf"], env={"PATH": str(tmp_path / "none")})[1] == "printf was not found on PATH"


def script(path: Path, text: str, mode: int = stat.S_IRWXU) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_program_that_may_not_be_executed(tmp_path):
    path = script(tmp_path / "tool", "#!/bin/sh", stat.S_IRUSR)
    hint = "check that it is a program, and its permissions: chmod +x"
    assert failure([str(path)]) == (Refused, f"{path} may not be executed", hint)
    assert failure([str(tmp_path)]) == (Refused, f"{tmp_path} may not be executed", hint)


def test_a_file_that_is_no_program(tmp_path):
    path = script(tmp_path / "tool", "echo no first line")
    hint = "begin a script with a line like #!/bin/sh"
    assert failure([str(path)]) == (Refused, f"{path} is no program this machine can run", hint)


def test_a_script_whose_interpreter_is_missing(tmp_path):
    path = script(tmp_path / "tool", "#!/no/such/interpreter\n")
    message = f"{path} is there, but what its first line names (#!) is not"
    assert failure([str(path)]) == (Refused, message, "install that interpreter")


def test_a_path_through_a_file(tmp_path):
    path = script(tmp_path / "tool", "")
    assert failure([f"{path}/x"]) == (Refused, f"there is no program {path}/x", "a part of its path is no folder")


def test_a_folder_that_cannot_be_entered(tmp_path):
    path = script(tmp_path / "file", "")
    hint = "create it, or change `cwd`"
    assert failure(["true"], cwd="/no/such") == (
        Refused, "the folder /no/such cannot be entered: No such file or directory", hint,
    )  # fmt: skip
    assert failure(["true"], cwd=str(path)) == (Refused, f"the folder {path} cannot be entered: Not a directory", hint)
    assert failure(["true"], cwd="~/x")[2] == "~ stands for nothing here: write the whole path"


@pytest.mark.parametrize("argv", [[], [""]])
def test_no_program(argv):
    message = "there is no program to start: the first word is empty"
    assert failure(argv) == (BadInput, message, "give at least the program")


@pytest.mark.parametrize(
    ("argv", "more", "what"),
    [
        (["true", "a\0b"], {}, "an argument"),
        (["true"], {"env": {"X": "a\0b"}}, "the variable X"),
        (["true"], {"cwd": "a\0b"}, "the folder"),
    ],
)
def test_a_nul_byte(argv, more, what):
    message = f"{what} holds a NUL byte, which cannot be handed to a program"
    assert failure(argv, **more) == (BadInput, message, "hand the value over through `stdin`")


def test_half_a_character():
    message = "an argument holds half a character (a lone surrogate), which has no bytes"
    hint = "correct it where it comes from: an escape such as \\ud800 in JSON"
    assert failure(["true", "\ud800"]) == (BadInput, message, hint)


@pytest.mark.parametrize("name", ["", "A=B"])
def test_a_name_that_is_none(name):
    assert failure(["true"], env={name: "x"}) == (
        BadInput, f"{name!r} is no name of a variable", "use letters, digits and _",
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="the bound of one argument is Linux's")
def test_an_argument_that_is_too_long():
    message = "one argument or variable is 200,000 bytes long, and the kernel takes less than 131,072"
    assert failure(["true", "x" * 200_000]) == (BadInput, message, "hand the value over through `stdin`")
    assert failure(["true"], env={"X": "x" * 199_998}) == (BadInput, message, "hand the value over through `stdin`")
    assert output(["true", "x" * 131_071]) == b"", "the longest that the kernel takes"
    assert failure(["true", "x" * 131_072])[0] is BadInput


def test_arguments_that_are_too_long_together():
    kind, message, hint = failure(["true", *["x" * 100_000] * 100])
    assert (kind, hint) == (BadInput, "hand the value over through `stdin`")
    assert message.startswith("arguments and environment are 10,0")
    assert message.endswith(" bytes long together, more than the kernel takes")
