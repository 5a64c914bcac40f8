"""`shell` plans what would run, keeps secrets off the command line, and hands bytes over as they are."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steadyhand.errors import BadInput
from steadyhand.expressions import render_text
from steadyhand.expressions.values import SecretRef
from steadyhand.handlers import shell
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import Effect, Literal, Need, Secret, Syntax, Target, Text, Value, canonical, plain

PASSWORD = Text((Secret("db_password"),))
HOSTILE = [
    '"; touch /tmp/pwned #', "$(touch /tmp/pwned)", "`touch /tmp/pwned`", "a\nb", "'", "''\"'", "\\", "-rf /", "*", "~root",
    "$HOME", "${STEADY_RUN}", "!!", "\x1b[31m", "", " ", "ü→\U0001f600", "\udcff\udc80", "x" * 100_000, "a\tb", "&& false",
]  # fmt: skip


def text(*parts) -> Text:
    return Text(tuple(Literal(part) if isinstance(part, str) else part for part in parts))


def rendered(template: str, **names) -> Text:
    secrets = {"db_password": SecretRef("db_password")}
    return render_text(template, {"inputs": names, "secrets": secrets}, Syntax.SHELL)


def ran(params, **more) -> tuple[dict, BenchHands]:
    hands = BenchHands(**more)
    return dict(shell.perform(shell.plan(params, None), hands).values), hands


# --- the plan


def test_a_command_text():
    plan = shell.plan({"text": rendered("psql -h {{ inputs.host }} -Atc 'select 1'", host="db1")}, None)
    assert plan.preview == "psql -h 'db1' -Atc 'select 1'"
    assert [word.masked() for word in plan.request["argv"]] == ["/bin/sh", "-c", "psql -h 'db1' -Atc 'select 1'"]
    assert plan.request["env"] == {}


def test_an_argument_list():
    plan = shell.plan({"argv": [plain("df"), plain("-P"), plain("/srv/my files"), plain("")]}, None)
    assert plan.preview == "df -P '/srv/my files' ''"


def test_everything_else_is_shown_below_the_command():
    params = {
        "text": plain("psql"),
        "env": {"PGPASSWORD": PASSWORD, "PGHOST": plain("db 1")},
        "cwd": plain("/srv/my app"),
        "stdin": plain("select 1;\n"),
        "shell": plain("/bin/bash"),
    }
    assert shell.plan(params, None).preview.splitlines() == [
        "psql",
        "# with PGPASSWORD=•••",
        "# with PGHOST='db 1'",
        "# in '/srv/my app'",
        "# by /bin/bash",
        "# reading 'select 1;\\n'",
    ]


def test_a_long_input_is_cut_in_the_preview_and_not_in_the_digest():
    first = shell.plan({"text": plain("cat"), "stdin": plain("x" * 1000 + "a")}, None)
    second = shell.plan({"text": plain("cat"), "stdin": plain("x" * 1000 + "b")}, None)
    assert first.preview == f"cat\n# reading {'x' * 200!r} ... (1,001 characters)"
    assert first.digest != second.digest


def test_numbers_and_booleans_that_placeholders_gave_are_text():
    plan = shell.plan({"argv": [plain("echo"), 3, True, 1.5], "env": {"N": 7}}, None)
    assert plan.preview == "echo 3 true 1.5\n# with N=7"


def test_a_secret_in_a_text_is_a_variable_of_its_environment():
    plan = shell.plan({"text": rendered("mysql -p{{ secrets.db_password }} -e {{ inputs.sql }}", sql="x y")}, None)
    assert plan.request["argv"][2].masked() == "mysql -p\"${STEADY_SECRET_db_password}\" -e 'x y'"
    assert plan.request["argv"][2].secrets == ()
    assert plan.request["env"] == {"STEADY_SECRET_db_password": PASSWORD}
    assert plan.preview == "mysql -p••• -e 'x y'"


def test_a_secret_whose_name_is_no_variable_is_spelled_out():
    """`${db-password}` would be the text `password` for a shell."""
    params = {"text": text("echo ", Secret("db-password"), " ", Secret("db.password"))}
    names = list(shell.plan(params, None).request["env"])
    assert names == ["STEADY_SECRET_db_password_d3e2ce8b", "STEADY_SECRET_db_password_7eec0574"]
    values, _ = ran(params, secrets={"db-password": "one", "db.password": "two"})
    assert values["stdout"] == "one two\n"


def test_a_secret_in_an_argument_list_is_noted():
    plan = shell.plan({"argv": [plain("curl"), text("-u", "ops:", Secret("db_password")), PASSWORD]}, None)
    assert plan.preview.splitlines() == [
        "curl -uops:••• •••",
        "# db_password will stand in the process list, for every user of this machine; `env` is safer",
    ]
    assert plan.request["argv"][1].secrets == ("db_password",)


@pytest.mark.parametrize(
    ("params", "target", "message", "hint"),
    [
        ({"argv": []}, None, "`argv` names no program", "give at least the program, as its first item"),
        ({"argv": [plain("")]}, None, "`argv` names no program", "give at least the program, as its first item"),
        (
            {"argv": [plain("ls")], "shell": plain("/bin/bash")},
            None,
            "`shell` reads `text`, and `argv` needs no shell",
            "remove `shell`, or write `text`",
        ),
        (
            {"text": plain("ls")},
            Target("app", "ssh", {}),
            "a `shell` step runs on this machine and takes no target",
            "use `ssh` for other machines",
        ),
    ],
)
def test_what_cannot_be_planned(params, target, message, hint):
    with pytest.raises(BadInput) as caught:
        shell.plan(params, target)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_command_changes_something_unless_it_says_otherwise():
    assert shell.spec.effect_of({"text": "ls"}) is Effect.CHANGE
    assert not shell.spec.effect_known


# --- what arrives


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v)[:20])
def test_a_value_arrives_as_it_is_through_every_parameter(value, tmp_path):
    expected = value.encode("utf-8", "surrogateescape")
    for params in (
        {"text": rendered("printf %s {{ inputs.x }}", x=value)},
        {"argv": [plain("printf"), plain("%s"), text(Value(value, value))]},
        {"text": plain('printf %s "$X"'), "env": {"X": plain(value)}},
        {"text": plain("cat"), "stdin": plain(value)},
    ):
        got = bytearray()
        hands = BenchHands(cwd=str(tmp_path), tap=lambda _, data, got=got: got.extend(data))
        assert shell.perform(shell.plan(params, None), hands).values["exit_code"] == 0
        assert bytes(got) == expected, params
    assert not os.path.exists("/tmp/pwned")
    assert os.listdir(tmp_path) == []


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
@settings(max_examples=25, deadline=None)
def test_any_value_and_any_secret_is_one_word(value):
    command = rendered("printf '%s|' {{ inputs.x }} -{{ inputs.x }}- {{ secrets.db_password }}x", x=value)
    values, _ = ran({"text": command}, secrets={"db_password": value})
    assert values["stdout"] == f"{value}|-{value}-|{value}x|"


def test_undecodable_output_comes_back_as_the_bytes_it_was():
    values, _ = ran({"argv": [plain("printf"), plain("\\377\\200")]})
    assert values["stdout"] == "\udcff\udc80"


def test_the_child_sees_the_step_and_no_secret_on_its_command_line():
    command = rendered("tr '\\0' ' ' </proc/$$/cmdline; echo $STEADY_STEP; : {{ secrets.db_password }}")
    values, hands = ran({"text": command}, secrets={"db_password": "hunter2hunter2"})
    assert "hunter2" not in values["stdout"]
    assert '"${STEADY_SECRET_db_password}"' in values["stdout"]
    assert values["stdout"].endswith(" step\n")
    assert hands.revealed == ["db_password"]


def test_the_folder_is_read_from_that_of_the_hands(tmp_path):
    (tmp_path / "in side").mkdir()
    assert (
        ran({"text": plain("pwd"), "cwd": plain("in side")}, cwd=str(tmp_path))[0]["stdout"] == f"{tmp_path}/in side\n"
    )
    assert ran({"text": plain("pwd")}, cwd=str(tmp_path))[0]["stdout"] == f"{tmp_path}\n"
    assert ran({"text": plain("pwd"), "cwd": plain("/")}, cwd=str(tmp_path))[0]["stdout"] == "/\n"


def test_another_shell(tmp_path):
    other = tmp_path / "other"
    other.write_text('#!/bin/sh\necho "other $1 $2"\n')
    other.chmod(0o700)
    values, _ = ran({"text": plain("true"), "shell": plain(str(other))})
    assert values["stdout"] == "other -c true\n"


def test_the_result():
    values, _ = ran({"text": plain("echo out; echo err >&2; exit 3")})
    assert 0 < values.pop("duration") < 10_000_000
    assert values == {"exit_code": 3, "stdout": "out\n", "stderr": "err\n", "signal": "", "held_open": False}
    assert ran({"text": plain("kill -9 $$")})[0] | {"duration": 0} == {
        "exit_code": -9, "stdout": "", "stderr": "", "signal": "SIGKILL", "duration": 0, "held_open": False,
    }  # fmt: skip


def test_an_input_that_has_no_bytes():
    with pytest.raises(BadInput) as caught:
        ran({"text": plain("cat"), "stdin": plain("\ud800")})
    assert caught.value.message == "`stdin` holds half a character (a lone surrogate), which has no bytes"


# --- preflight


def rows(params, **more):
    return shell.preflight(shell.plan(params, None), BenchHands(**more))


def test_preflight_looks_for_program_and_folder(tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    assert rows({"text": plain("x")}) == [Need("program /bin/sh", True)]
    assert rows({"argv": [plain("env")]}) == [Need("program env", True)]
    assert rows({"argv": [plain("no-such-x")]}) == [
        Need("program no-such-x", False, "not on PATH", "install no-such-x"),
    ]
    assert rows({"argv": [plain("tool")], "env": {"PATH": plain(str(tmp_path))}}) == [Need("program tool", True)]
    assert rows({"argv": [plain("./tool")], "cwd": plain(".")}, cwd=str(tmp_path)) == [
        Need("program ./tool", True),
        Need(f"folder {tmp_path}/.", True),
    ]
    assert rows({"argv": [plain("./tool")], "cwd": plain("/no/such")}) == [
        Need(
            "program ./tool", False, "not there, or not to be executed", "check the path, and that it may be executed"
        ),
        Need("folder /no/such", False, "there is no such folder", "create it, or change `cwd`"),
    ]


def test_preflight_reveals_nothing():
    assert rows({"argv": [PASSWORD], "cwd": PASSWORD}) == []


def test_planning_starts_nothing_and_imports_nothing_heavy():
    code = (
        "import sys; from steadyhand.handlers import shell; from steadyhand.model import plain;"
        "shell.plan({'argv': [plain('x y')]}, None);"
        "print([m for m in ('subprocess', 'selectors', 'shutil', 'threading') if m in sys.modules])"
    )
    values, _ = ran({"argv": [plain(sys.executable), plain("-c"), plain(code)]})
    assert values["stdout"] == "[]\n", values["stderr"]


def test_a_plan_is_text_and_names():
    assert "hunter2" not in canonical(shell.plan({"text": text("echo ", Secret("db_password"))}, None).request)
