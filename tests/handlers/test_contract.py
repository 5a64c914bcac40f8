"""The suite for handler authors, run over every handler there is, and over handlers that break each promise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest

from steadyhand.errors import Cancelled
from steadyhand.handlers import http, shell
from steadyhand.handlers.contract import BenchHands, Case, HandlerContract
from steadyhand.model import Capabilities, HandlerSpec, Literal, Need, Param, Plan, Result, Secret, Text, plain

from ..realparts import missing
from .cages import MEANS, usable
from .servers import closed_port, raw, request_of, web
from .test_exchange import no_proxies

__all__ = ["no_proxies"]

EXAMPLE = Path(__file__).parents[2] / "examples/handler-package"


def text(*parts) -> Text:
    return Text(tuple(Literal(part) if isinstance(part, str) else part for part in parts))


class TestShell(HandlerContract):
    handler = shell
    changes: ClassVar = {
        "text": plain("true"),
        "argv": [plain("true")],
        "env": {"A": plain("b")},
        "cwd": plain("/"),
        "stdin": plain("x"),
        "shell": plain("/bin/bash"),
    }

    @pytest.fixture(params=MEANS)
    def confine(self, request):
        """The suite is run as it is, and confined by each means that this machine has."""
        return usable(request.param)

    @pytest.fixture
    def ordinary(self, confine):
        return Case({"text": plain("echo hello"), "env": {"B": plain("c")}}, confine=confine)

    @pytest.fixture
    def failing(self, confine):
        return Case({"argv": [plain("no-such-program-x")]}, confine=confine)

    @pytest.fixture
    def slow(self, confine):
        return Case({"text": plain("sleep 61 & sleep 61")}, confine=confine)

    @pytest.fixture
    def big(self, confine):
        return Case({"text": plain("head -c 5000000 /dev/zero")}, confine=confine)

    @pytest.fixture
    def secret(self, confine):
        return Case({"text": text("test -n ", Secret("password"))}, secrets={"password": "opensesame"}, confine=confine)


class TestShellArgv(TestShell):
    @pytest.fixture
    def ordinary(self, confine):
        return Case({"argv": [plain("echo"), plain("hello")], "env": {"B": plain("c")}}, confine=confine)

    @pytest.fixture
    def secret(self, confine):
        return Case(
            {"argv": [plain("echo"), text("-p", Secret("password"))]},
            secrets={"password": "opensesame"},
            confine=confine,
        )

    changes: ClassVar = {name: value for name, value in TestShell.changes.items() if name != "shell"}

    def test_every_parameter_is_covered_by_the_digest(self, ordinary):
        """`shell` may not stand beside `argv`: the text's own run of the suite covers it."""
        base = shell.plan(ordinary.params, None).digest
        found = {name: shell.plan({**ordinary.params, name: value}, None).digest for name, value in self.changes.items()
                 if name != "text"}  # fmt: skip
        assert len({base, *found.values()}) == len(found) + 1


class TestHttp(HandlerContract):
    handler = http
    stream = "body"
    grace = 0.5
    changes: ClassVar = {
        "url": plain("http://other/"),
        "method": plain("POST"),
        "headers": {"X-A": plain("b")},
        "query": {"a": plain("b")},
        "body": plain("x"),
        "json": {"a": 1},
        "form": {"a": plain("b")},
        "auth": {"bearer": plain("x")},
        "tls": {"verify": False},
        "redirects": True,
        "max_size": 5,
    }

    @pytest.fixture
    def host(self):
        with web() as (host, _):
            yield host

    @pytest.fixture
    def ordinary(self, host):
        return Case({"url": plain(f"http://{host}/health")})

    @pytest.fixture
    def failing(self):
        return Case({"url": plain(f"http://{closed_port()}/")})

    @pytest.fixture
    def slow(self):
        with raw(lambda c: (request_of(c), time.sleep(30))) as host:
            yield Case({"url": plain(f"http://{host}/"), "method": plain("POST")})

    @pytest.fixture
    def big(self):
        with web(lambda path, _: (200, [], b"x" * 5_000_000)) as (host, _):
            yield Case({"url": plain(f"http://{host}/")})

    @pytest.fixture
    def secret(self, host):
        headers = {"X-Key": text("k ", Secret("key"))}
        auth = {"bearer": text(Secret("token"))}
        secrets = {"key": "opensesame", "token": "mellonmellon"}
        return Case({"url": plain(f"http://{host}/"), "headers": headers, "auth": auth}, secrets=secrets)


def test_the_example_package_passes_its_own_tests(tmp_path):
    """As its author would run them: pytest in its folder, the package on the path."""
    if shutil.which("memcached") is None:
        missing("memcached", "memcached")
    env = {**os.environ, "PYTHONPATH": str(EXAMPLE / "src")}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "t")]
    done = subprocess.run(words, cwd=EXAMPLE, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


# --- the suite can fail: one handler for each broken promise


class Sound:
    """A small handler that keeps every promise."""

    spec = HandlerSpec(
        name="sound",
        summary="Prints.",
        params=(Param("text", "text", "What to print.", "x"),),
        results={"printed": "how much"},
        default_expect={"printed": 1},
        capabilities=Capabilities(cancel=True, stream=True),
    )

    def plan(self, params, target):
        return Plan("sound", params["text"].masked(), {"text": params["text"]})

    def perform(self, plan, hands):
        data = hands.reveal(plan.request["text"]).encode()
        if data == b"slow" and hands.wait(30):
            raise Cancelled("stopped")
        for _ in range(3 if data == b"big" else 1):
            hands.sink("stdout").write(data * (1 if data != b"big" else 200_000))
        return Result({"printed": len(data)})


@pytest.fixture
def contract():
    """The suite over a handler, without pytest around it."""

    class Suite(HandlerContract):
        handler: ClassVar = Sound()
        changes: ClassVar = {"text": plain("y")}
        grace: ClassVar = 1.0

    return Suite


ORDINARY = Case({"text": plain("x")})
SECRET = Case({"text": text("a ", Secret("key"))}, secrets={"key": "opensesame"})
SLOW = Case({"text": plain("slow")})
BIG = Case({"text": plain("big")})


def test_a_sound_handler_passes(contract):
    suite = contract()
    suite.test_the_specification_is_complete()
    suite.test_every_parameter_is_covered_by_the_digest(ORDINARY)
    suite.test_a_secret_is_planned_by_its_name(SECRET)
    suite.test_a_secret_is_revealed_when_it_is_performed_and_not_before(SECRET)
    suite.test_performing_leaves_the_plan_as_it_was(ORDINARY)
    suite.test_output_goes_to_a_sink_in_pieces(BIG)
    suite.test_it_ends_soon_when_it_is_cancelled(SLOW)


class ShowsSecrets(Sound):
    def plan(self, params, target):
        return Plan("sound", "prints", {"text": params["text"]})


class LosesSecrets(Sound):
    def plan(self, params, target):
        return Plan("sound", params["text"].masked(), {"text": plain(params["text"].masked())})


class Forgets(Sound):
    def plan(self, params, target):
        return Plan("sound", "prints", {})


class Random(Sound):
    def plan(self, params, target):
        return Plan("sound", "prints", {"at": time.perf_counter_ns()})


class NoData(Sound):
    def plan(self, params, target):
        return Plan("sound", "prints", {"text": object()})


class Eager(Sound):
    def preflight(self, plan, hands):
        hands.reveal(plan.request["text"])
        return [Need("it", True)]


class Mute(Sound):
    def preflight(self, plan, hands):
        return [Need("it", False, "it is gone")]


class Mutates(Sound):
    def perform(self, plan, hands):
        plan.request["again"] = True
        return super().perform(plan, hands)


class Undescribed(Sound):
    def perform(self, plan, hands):
        return Result({"printed": 1, "more": 2})


class Hoards(Sound):
    def perform(self, plan, hands):
        hands.sink("stdout").write(b"x" * 5_000_000)
        return Result({"printed": 1})


class Quiet(Sound):
    def perform(self, plan, hands):
        return Result({"printed": 1})


class Unnamed(Sound):
    def perform(self, plan, hands):
        raise ValueError("x")


class Deaf(Sound):
    def perform(self, plan, hands):
        time.sleep(1.5)
        raise Cancelled("at last")


def spec(**more) -> type[Sound]:
    from msgspec.structs import replace

    return type("Wrong", (Sound,), {"spec": replace(Sound.spec, **more)})


@pytest.mark.parametrize(
    ("broken", "check", "case"),
    [
        (spec(results={}), "the_specification_is_complete", None),
        (spec(results={"printed": " "}), "the_specification_is_complete", None),
        (spec(short="nothing"), "the_specification_is_complete", None),
        (spec(one_of=(("text", "nothing"),)), "the_specification_is_complete", None),
        (spec(default_expect={"nothing": 1}), "the_specification_is_complete", None),
        (spec(params=(Param("text", "text", "", "x"),)), "every_parameter_is_described", None),
        (spec(params=(Param("text", "text", "d", None),)), "every_parameter_is_described", None),
        (spec(params=(Param("text", "test", "d", "x"),)), "every_parameter_is_described", None),
        (spec(params=(Param("a", "map", "d", {"b": 1}, fields=(Param("b", "any", "", 1),)),)),
         "every_parameter_is_described", None),
        (spec(effect_of=lambda params: "read"), "the_effect_is_told_for_any_parameters", None),
        (Random, "a_plan_is_the_same_every_time", ORDINARY),
        (NoData, "a_plan_is_plain_data", ORDINARY),
        (Forgets, "every_parameter_is_covered_by_the_digest", ORDINARY),
        (spec(params=(*Sound.spec.params, Param("more", "text", "d", "x"))),
         "every_parameter_is_covered_by_the_digest", ORDINARY),
        (ShowsSecrets, "a_secret_is_planned_by_its_name", SECRET),
        (LosesSecrets, "a_secret_is_planned_by_its_name", SECRET),
        (Eager, "a_secret_is_revealed_when_it_is_performed_and_not_before", SECRET),
        (Quiet, "a_secret_is_revealed_when_it_is_performed_and_not_before", SECRET),
        (Mute, "preflight_gives_rows", ORDINARY),
        (Mutates, "performing_leaves_the_plan_as_it_was", ORDINARY),
        (Undescribed, "the_result_is_what_the_specification_promises", ORDINARY),
        (Hoards, "output_goes_to_a_sink_in_pieces", BIG),
        (Quiet, "output_goes_to_a_sink_in_pieces", BIG),
        (Unnamed, "a_failure_is_one_of_the_named_ones", ORDINARY),
        (Sound, "a_failure_is_one_of_the_named_ones", ORDINARY),
        (Deaf, "it_ends_soon_when_it_is_cancelled", SLOW),
        (Quiet, "it_ends_soon_when_it_is_cancelled", SLOW),
        (Quiet, "what_is_cancelled_before_does_not_start", SLOW),
        (Sound, "the_deadline_is_kept", SLOW),
    ],
)  # fmt: skip
def test_a_broken_promise_is_found(contract, broken, check, case):
    contract.handler = broken()
    with pytest.raises((AssertionError, pytest.fail.Exception, TypeError, ValueError)):
        getattr(contract(), f"test_{check}")(*([case] if case else []))


def test_bench_hands_come_with_the_contract():
    assert BenchHands().remaining() > 0
