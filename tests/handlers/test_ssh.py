"""`ssh` plans what a person can approve, runs it on a real server, and never takes an unknown end for a known one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest

from steadyhand.errors import BadInput, Cancelled, Refused, TimedOut, Unreachable
from steadyhand.expressions import render_text
from steadyhand.handlers import _ssh, ssh
from steadyhand.handlers.bench import BenchHands
from steadyhand.handlers.contract import Case, HandlerContract
from steadyhand.model import Effect, Literal, Secret, Syntax, Target, Text, plain, secrets_in

from ..realparts import until
from ..realparts.sshd import sshd
from .machines import Desk, alive, as_text, gone, target
from .test_shell import HOSTILE

PASSWORD = Text((Secret("pw"),))
APP = Target("app", "ssh", as_text({"hosts": ["app1"], "user": "ops", "jump": "bastion"}))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sshd")
    with sshd(folder) as started:
        yield started


@pytest.fixture
def desk(server):
    with Desk(target(server)) as found:
        yield found


class TestContract(HandlerContract):
    handler = ssh
    changes: ClassVar = {
        "text": plain("true "), "argv": [plain("true")], "script": plain("true"), "interpreter": plain("/bin/bash"),
        "copy": as_text({"content": "x", "to": "/tmp/x"}), "fetch": as_text({"from": "/etc/hosts"}), "env": as_text({"A": "b"}),
        "cwd": plain("/tmp"), "stdin": plain("x"), "sudo": True,
    }  # fmt: skip

    @pytest.fixture
    def ordinary(self, server):
        return Case({"text": plain("echo hi")}, target(server))

    @pytest.fixture
    def failing(self, server):
        return Case({"argv": [plain("no-such-program")]}, target(server))

    @pytest.fixture
    def slow(self, server):
        return Case({"text": plain("sleep 100")}, target(server))

    @pytest.fixture
    def big(self, server):
        return Case({"text": plain("head -c 5000000 /dev/zero")}, target(server))

    @pytest.fixture
    def secret(self, server):
        return Case({"text": Text((Literal("echo "), Secret("pw")))}, target(server), {"pw": "correct-horse"})


# --- the plan


def preview(place: Target = APP, **params) -> list[str]:
    return ssh.plan(as_text(params), place).preview.splitlines()


def test_a_command_and_where_it_runs():
    plan = ssh.plan({"text": plain("uptime")}, APP)
    assert plan.preview.splitlines() == ["uptime", "# on app1 as ops", "# through bastion"]
    assert plan.targets == ("app/app1",)


def test_everything_that_an_approval_should_know():
    assert preview(
        argv=["restart", "a b"], env={"A": "1 2"}, cwd="/srv", stdin="x\n", sudo={"user": "postgres", "password": PASSWORD}
    ) == [
        "restart 'a b'", "# with A='1 2'", "# in /srv", "# reading 'x\\n'", "# as postgres (sudo, with a password)",
        "# on app1 as ops", "# through bastion",
    ]  # fmt: skip
    assert preview(script="set -e\nuptime", interpreter="bash -s") == [
        "set -e", "uptime", "# by bash -s", "# on app1 as ops", "# through bastion",
    ]  # fmt: skip
    assert preview(copy={"content": "a\nb", "to": "/x", "mode": "0600"})[:3] == [
        "copy the text below to /x, mode 0600",
        "a",
        "b",
    ]
    assert preview(copy={"from": "a b", "to": "/x"})[:2] == [
        "copy 'a b' to /x",
        "# the file as it is when the step starts",
    ]
    assert preview(fetch={"from": "/var/log/a b"})[0] == "fetch '/var/log/a b'"


def test_another_way_to_the_host_is_another_digest():
    def digest(**params):
        return ssh.plan({"text": plain("x")}, Target("app", "ssh", as_text({"hosts": ["app1"], **params}))).digest

    ways = [
        {},
        {"user": "a"},
        {"user": "b"},
        {"port": 1},
        {"jump": "c"},
        {"key": "k"},
        {"agent": False},
        {"known_hosts": "f"},
    ]
    ways += [{"config": "none"}, {"password": PASSWORD}, {"keepalive": 1_000_000}, {"connect_timeout": 1_000_000}]
    assert len({digest(**way) for way in ways}) == len(ways)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"argv": []}, "names no program"),
        ({"argv": ["-rf"]}, "names no program"),
        ({"argv": ["true"], "interpreter": "sh"}, "`interpreter` reads"),
        ({"text": "x", "interpreter": "'"}, "is no interpreter"),
        ({"text": "x", "env": {"A-B": "c"}}, "is no name of a variable"),
        ({"text": "x", "env": {"A;touch /tmp/pwned": "c"}}, "is no name of a variable"),
        ({"text": "x", "sudo": {"who": "a"}}, "`sudo` is true, or a map"),
        ({"text": "x", "sudo": {"user": "-u root"}}, "is no user"),
        ({"script": "x", "stdin": "y"}, "comes over standard input"),
        ({"copy": {"to": "/x"}}, "one of `from` and `content`"),
        ({"copy": {"content": "a", "from": "b", "to": "/x"}}, "one of `from` and `content`"),
        ({"copy": {"content": "a", "to": "/x/"}}, "names a folder"),
        ({"copy": {"content": "a", "to": "/x", "mode": "rw"}}, "is no file mode"),
        ({"copy": {"content": "a", "to": "/x"}, "sudo": True}, "`sudo` has no meaning"),
        ({"fetch": {"from": "/x/stdout"}}, "cannot be called 'stdout'"),
        ({"fetch": {"from": "/x", "max_size": 0}}, "above 0"),
    ],
)
def test_what_cannot_be_carried_out_is_said_when_it_is_planned(params, words):
    with pytest.raises(BadInput, match=words):
        ssh.plan(as_text(params), APP)


def test_a_secret_stands_on_no_command_line():
    plan = ssh.plan({"text": Text((Literal("login "), Secret("db-pw")))}, APP)
    assert plan.preview.splitlines()[0] == "login •••"
    assert not secrets_in(plan.request["argv"])
    assert secrets_in(plan.request["env"]) == {"db-pw"}
    for params in ({"argv": [plain("x"), PASSWORD]}, {"text": plain("x"), "cwd": PASSWORD}):
        with pytest.raises(BadInput, match="every user of that machine would see it"):
            ssh.plan(params, APP)


def test_values_are_quoted_for_shells_and_for_nothing_else():
    script = render_text("print({{ inputs.x }})", {"inputs": {"x": "\\"}}, Syntax.SHELL)
    with pytest.raises(BadInput, match="would be quoted for a shell"):
        ssh.plan({"script": script, "interpreter": plain("python3 -")}, APP)
    assert ssh.plan({"script": script, "interpreter": plain("/bin/bash -s")}, APP)
    assert ssh.plan({"script": plain("print(1)"), "interpreter": plain("python3 -")}, APP)


@pytest.mark.parametrize(
    ("params", "effect"),
    [
        ({"text": "uptime"}, Effect.CHANGE), ({"fetch": {"from": "/x"}}, Effect.READ), ({"copy": {}}, Effect.CHANGE),
        ({"fetch": {}, "copy": {}}, Effect.CHANGE), ({}, Effect.CHANGE),
    ],
)  # fmt: skip
def test_the_effect(params, effect):
    assert ssh.effect_of(params) is effect


@pytest.mark.parametrize(
    ("params", "program"),
    [
        ({"text": "uptime"}, "uptime"), ({"text": "/usr/bin/df -P"}, "/usr/bin/df"), ({"text": "A=1 x"}, ""),
        ({"text": "a;b"}, ""), ({"argv": ["df", "-P"]}, "df"), ({"argv": ["d f"]}, ""), ({"script": "x"}, ""),
    ],
)  # fmt: skip
def test_the_program_that_a_preflight_looks_for(params, program):
    assert ssh.plan(as_text(params), APP).request["program"] == program


def test_the_client_is_not_imported_for_a_plan():
    code = "import sys; from steadyhand.handlers import ssh; assert 'paramiko' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_client_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(Refused) as caught:
        ssh.perform(ssh.plan({"text": plain("x")}, APP), BenchHands())
    assert (caught.value.message, caught.value.hint) == (
        "`ssh` needs the package paramiko", "pip install 'steadyhand[ssh]'",
    )  # fmt: skip
    with pytest.raises(Refused, match="needs the package paramiko"):
        ssh.perform(ssh.plan(as_text({"fetch": {"from": "/x"}}), APP), BenchHands())


# --- commands


def test_both_streams_and_the_exit_code(desk, server):
    done = desk.ran(text="echo out; echo err >&2; exit 3")
    assert {k: v for k, v in done.items() if k != "duration"} == {
        "exit_code": 3, "stdout": "out\n", "stderr": "err\n", "signal": "", "held_open": False, "host": server.host,
    }  # fmt: skip
    assert done["duration"] > 0


def test_the_signal_that_ended_it(desk):
    done = desk.ran(text="kill -9 $$")
    assert (done["exit_code"], done["signal"]) == (-9, "SIGKILL")


def test_input_variables_and_folder(desk, tmp_path):
    done = desk.ran(
        text='cat; echo "$A|$STEADY_FENCE"; pwd',
        stdin="in\n",
        env={"A": "1 '2'"},
        cwd=str(tmp_path),
        environment={"X": "y"},
    )
    assert done["stdout"] == f"in\n1 '2'|run-1:1\n{tmp_path}\n"


def test_a_script_leaves_nothing_behind(desk):
    done = desk.ran(script="a=1\nps -o args= -p $$\necho $a", interpreter="/bin/bash -s")
    assert done["stdout"] == "/bin/bash -s\n1\n"


def test_other_interpreters(desk):
    assert desk.ran(text="[[ a == a ]] && echo yes", interpreter="/bin/bash")["stdout"] == "yes\n"
    done = desk.ran(script="import os\nprint(os.environ['A'])", interpreter="python3 -", env={"A": "b"})
    assert done["stdout"] == "b\n"


def test_hostile_values_arrive_as_they_are_and_do_nothing(desk):
    """All of them in one step, each way."""
    values = [value for value in HOSTILE if len(value) < 1000]
    template = "printf '%s\\0' " + " ".join(f"{{{{ inputs.v{n} }}}}" for n in range(len(values)))
    script = render_text(template, {"inputs": {f"v{n}": value for n, value in enumerate(values)}}, Syntax.SHELL)
    names = [f"V{n}" for n in range(len(values))]
    read = "printf '%s\\0' " + " ".join(f'"${name}"' for name in names)
    secrets = {f"s{n}": value for n, value in enumerate(values)}
    hidden = [Text((Secret(name),)) for name in secrets]
    ways = [
        {"text": script},
        {"script": script},
        {"argv": [plain("printf"), plain("%s\\0"), *map(plain, values)]},
        {"text": plain(read), "env": dict(zip(names, map(plain, values), strict=True))},
        {"text": plain(read), "env": dict(zip(names, hidden, strict=True))},
        {"text": Text((Literal("printf '%s\\0'"), *(part for text in hidden for part in (Literal(" "), *text.parts))))},
        {"text": plain("cat"), "stdin": plain("".join(f"{value}\0" for value in values))},
    ]  # fmt: skip
    for way in ways:
        assert desk.ran(**way, secrets=secrets)["stdout"].split("\0")[:-1] == values, way
    assert not os.path.exists("/tmp/pwned")


def test_a_long_value_arrives(desk):
    assert desk.ran(argv=["printf", "%s", "x" * 100_000])["stdout"] == "x" * 100_000


def test_every_byte_but_nul_arrives_in_a_variable(desk):
    value = bytes(range(1, 256)).decode("utf-8", "surrogateescape") + "\n\n"
    for env in ({"A": plain(value)}, {"A": PASSWORD}):
        done = desk.ran(text='printf %s "$A"', env=env, secrets={"pw": value})
        assert done["stdout"] == value


def test_nul_is_data_on_standard_input_and_refused_elsewhere(desk):
    assert desk.ran(text="cat", stdin="a\0b")["stdout"] == "a\0b"
    for params in (
        {"argv": ["echo", "a\0b"]},
        {"text": "echo", "env": {"A": PASSWORD}},
        {"text": "echo", "env": {"A": "\0"}},
    ):
        with pytest.raises(BadInput, match="NUL"):
            desk.ran(**params, secrets={"pw": "a\0b"})


def test_a_secret_is_in_no_process_list(desk):
    done = desk.ran(
        text=Text((Literal("ps -eo args; test "), Secret("pw"), Literal(" = correct-horse && echo same"))),
        env={"B": PASSWORD},
        secrets={"pw": "correct-horse-battery"},
    )
    assert "correct-horse-battery" not in done["stdout"]
    assert "STEADY_SECRET_pw" in done["stdout"]


def test_a_large_input_and_a_large_output_at_once(desk):
    done = desk.ran(text="tee /dev/stderr | sha256sum", stdin="x" * 3_000_000)
    assert desk.hands.sink("stderr").size == 3_000_000
    assert done["stdout"].startswith(subprocess.run(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x | sha256sum"], check=False, capture_output=True, text=True).stdout[:64])  # fmt: skip


def test_a_command_that_does_not_read_its_input(desk):
    assert desk.ran(text="exit 0", stdin="x" * 5_000_000)["exit_code"] == 0


def test_a_command_line_that_no_kernel_takes_is_refused_before_it_is_sent(desk):
    with pytest.raises(BadInput, match="a command line takes"):
        desk.ran(text=f"true # {'x' * 200_000}")
    assert desk.ran(script=f"echo yes # {'x' * 200_000}")["stdout"] == "yes\n"


def test_what_was_started_and_still_holds_the_output_open(desk):
    done = desk.ran(text="sleep 60 & echo $!")
    pid = int(done["stdout"])
    assert done["held_open"]
    assert alive(pid)
    os.kill(pid, 9)


def test_what_never_began_is_refused_and_certain(desk):
    for params, words in (
        ({"argv": ["no-such"]}, "no such program"),
        ({"text": "x", "cwd": "/no/such"}, "cannot be entered"),
    ):
        with pytest.raises(Refused, match=words) as caught:
            desk.ran(**params)
        assert not caught.value.unsure


def test_a_login_shell_that_talks_and_one_that_runs_nothing(desk, tmp_path):
    for command, words in (('echo hello; echo world >&2; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"', ""), ("echo only files here >&2; exit 1", "only files here")):  # fmt: skip
        with sshd(tmp_path / str(len(words)), config=f"ForceCommand {command}") as other, Desk(target(other)) as there:
            if words:
                with pytest.raises(Refused, match=words) as caught:
                    there.ran(text="uptime")
                assert not caught.value.unsure
            else:
                done = there.ran(text="echo hi; echo err >&2")
                assert (done["stdout"], done["stderr"]) == ("hello\nhi\n", "err\n")


# --- ending


def test_what_is_cancelled_is_ended_on_the_machine_with_all_that_it_started(desk, tmp_path):
    pids = tmp_path / "pids"
    params = {
        "text": plain(f"setsid -f true; (sleep 301 & echo $! >> {pids}; wait) & sleep 302 & echo $! >> {pids}; wait")
    }
    hands = BenchHands(timeout=30, connections=desk.connections)
    ended: list[Exception] = []

    def go() -> None:
        try:
            ssh.perform(ssh.plan(params, desk.place), hands)
        except Cancelled as problem:
            ended.append(problem)

    thread = threading.Thread(target=go)
    thread.start()
    until(lambda: pids.exists() and len(pids.read_text().split()) == 2, "the commands")
    hands.cancel()
    thread.join(10)
    assert ended
    assert ended[0].unsure
    assert [gone(int(pid)) for pid in pids.read_text().split()] == [True, True]


def test_a_command_that_will_not_end_is_killed(desk, tmp_path):
    pid = tmp_path / "pid"
    with pytest.raises(TimedOut, match="SIGKILL ended it") as caught:
        desk.ran(text=f'trap "" INT TERM; echo $$ > {pid}; while :; do sleep 0.1; done', timeout=0.6)
    assert caught.value.unsure
    assert gone(int(pid.read_text()))


def test_a_connection_that_is_lost_while_it_runs_is_neither_success_nor_failure(desk, server):
    threading.Timer(0.4, server.cut).start()
    with pytest.raises(Unreachable, match="lost while the command ran") as caught:
        desk.ran(text="sleep 3")
    assert caught.value.unsure
    assert desk.ran(text="echo again")["stdout"] == "again\n"


def test_a_connection_that_died_before_is_made_anew(desk, server):
    desk.ran(text="true")
    server.cut()
    assert desk.ran(text="echo again")["stdout"] == "again\n"


def test_a_connection_that_is_silent_is_not_waited_for_for_ever(server):
    """The server's process is stopped: nothing is closed, and nothing answers."""
    with Desk(target(server, connect_timeout=1_000_000)) as there:
        there.ran(text="true")
        stopped = server.sessions()
        for pid in stopped:
            os.kill(pid, 19)
        start = time.monotonic()
        assert there.ran(text="echo again")["stdout"] == "again\n"
        assert time.monotonic() - start < 5
        for pid in stopped:
            os.kill(pid, 18)


# --- one connection


def test_one_connection_serves_a_run(desk, server):
    before = server.log.count("Accepted publickey")
    threads = [threading.Thread(target=lambda: desk.ran(text="sleep 0.2")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.log.count("Accepted publickey") == before + 1


def test_a_server_with_fewer_sessions_is_waited_for(tmp_path):
    done: list[dict] = []
    with sshd(tmp_path / "few", config="MaxSessions 1") as few, Desk(target(few)) as there:
        place, connections = there.place, there.connections

        def go() -> None:
            hands = BenchHands(timeout=20, connections=connections)
            done.append(dict(ssh.perform(ssh.plan({"text": plain("sleep 0.1; echo x")}, place), hands).values))

        threads = [threading.Thread(target=go) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [one["stdout"] for one in done] == ["x\n"] * 3


def test_other_handlers_run_commands_on_the_same_connection(desk, server):
    before = server.log.count("Accepted publickey")
    connection = ssh.plan({"text": plain("x")}, desk.place).request["connection"]
    found = _ssh.run(
        ["sh", "-c", "cat; echo e >&2; exit 4"], connection, BenchHands(connections=desk.connections), stdin=b"in"
    )
    assert (found.exit_code, found.stdout, found.stderr) == (4, "in", "e\n")
    desk.ran(text="true")
    assert server.log.count("Accepted publickey") == before + 1


def test_a_preflight_says_what_is_there(desk, server):
    def rows(place, **params):
        needs = ssh.preflight(ssh.plan(as_text(params), place), BenchHands(connections=desk.connections))
        return [(need.what, need.holds) for need in needs]

    login = f"login to {server.host} as {server.user}"
    assert rows(desk.place, text="uptime") == [(login, True), (f"program uptime on {server.host}", True)]
    assert rows(desk.place, argv=["no-such"]) == [(login, True), (f"program no-such on {server.host}", False)]
    assert rows(desk.place, copy={"from": "/no/such", "to": "/x"}) == [("file /no/such", False), (login, True)]
    nowhere = target(server, known_hosts="/dev/null")
    assert rows(nowhere, text="x") == [(f"login to {server.host}", False)]


def test_a_plan_is_for_one_machine(server):
    with pytest.raises(BadInput, match="has 2 hosts") as caught:
        ssh.plan({"text": plain("x")}, Target("app", "ssh", as_text({"hosts": ["a", "b"]})))
    assert caught.value.hint == "write `each: {target: app}` beside the step"


def test_memory_stays_the_same_however_much_comes(server, tmp_path):
    place = target(server)
    code = (
        "import resource, sys; from steadyhand.handlers import ssh; from steadyhand.handlers.bench import BenchHands;"
        "from steadyhand.model import Target, plain; from tests.handlers.machines import as_text;"
        f"place = Target('t', 'ssh', as_text({ {k: v if not isinstance(v, Text) else v.masked() for k, v in place.params.items() if k != 'hosts'}!r} | {{'hosts': [plain({server.host!r})]}}));"
        "h = BenchHands(timeout=60); ssh.perform(ssh.plan({'text': plain('head -c ' + sys.argv[1] + ' /dev/zero')}, place), h);"
        "print(h.sink('stdout').size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); h.connections.close()"
    )

    def peak(size):
        run = subprocess.run(
            [sys.executable, "-c", code, str(size)],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        came, memory = run.stdout.split()
        assert int(came) == size, run.stderr
        return int(memory)

    assert peak(100_000_000) - peak(1_000_000) < 20_000
