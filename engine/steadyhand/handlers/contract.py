"""The suite that every handler passes, the built-in ones too: for the authors of step kinds.

A package that brings a handler subclasses `HandlerContract` in its tests, says which cases to try, and runs pytest.
Each promise of the seam (protocol.py) is one test. Real hands are lent by `bench.BenchHands`; nothing is mocked. This
is the only module in here that needs pytest.

    class TestMemcached(HandlerContract):
        handler = memcached
        changes = {"address": plain("db2:11211"), "flush": True}

        @pytest.fixture
        def ordinary(self, server):
            return Case({"address": plain(server.address)})
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from msgspec import Struct, field

from ..errors import BadInput, BadResponse, Cancelled, HandlerError, Refused, TimedOut, Unreachable
from ..model import MASK, Effect, HandlerSpec, Need, Param, Plan, Result, Target, canonical, secrets_in
from .bench import READABLE, BenchHands
from .protocol import Handler, Preflighted

NAMED = (Unreachable, Refused, TimedOut, Cancelled, BadResponse, BadInput)
TYPES = frozenset({"text", "integer", "number", "boolean", "duration", "size", "list", "map", "any"})
PIECE = 1024 * 1024
"""Bytes that a handler may hold of a stream at a time."""


class Case(Struct, frozen=True):
    """Something to try: rendered parameters (texts are `Text` values), and what the hands should have for it."""

    params: Mapping[str, Any]
    target: Target | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    confine: str = ""


class HandlerContract:
    """The promises of the handler seam. A subclass gives `handler`, `changes` and the cases.

    `changes` has a value for each parameter that is not the one in the ordinary case. `stream` names the sink that
    the `big` case fills with more than `READABLE` bytes. `grace` is how many seconds a handler may take to end once
    it was told to, or once its time is over.
    """

    handler: ClassVar[Any]
    changes: ClassVar[Mapping[str, Any]] = {}
    stream: ClassVar[str] = "stdout"
    grace: ClassVar[float] = 7.0

    # --- the cases

    @pytest.fixture
    def ordinary(self) -> Case:
        """Something that ends well within a second."""
        raise NotImplementedError("give an `ordinary` case")

    @pytest.fixture
    def failing(self) -> Case:
        """Something that the handler cannot carry out, and has to say so with a named failure."""
        raise NotImplementedError("give a `failing` case")

    @pytest.fixture
    def slow(self) -> Case:
        """Something that would take longer than a minute. (Needed when the capabilities say `cancel`.)"""
        raise NotImplementedError("give a `slow` case, or say that the handler cannot be cancelled")

    @pytest.fixture
    def big(self) -> Case:
        """Something that gives several MiB of output. (Needed when the capabilities say `stream`.)"""
        raise NotImplementedError("give a `big` case, or say that the handler does not stream")

    @pytest.fixture
    def secret(self) -> Case:
        """Something with a secret among its parameters; `secrets` has its value, which is eight characters at least."""
        raise NotImplementedError("give a `secret` case")

    # --- what the engine knows without hands

    def test_the_specification_is_complete(self) -> None:
        """Name, summary, results with descriptions, and no reference to what is not there."""
        spec = self._spec()
        assert spec.name, "the step kind needs a name"
        assert spec.summary, "`summary` says in a sentence what a step does"
        assert spec.results, "`results` names what `perform` returns"
        assert spec.version, "`version` tells which rules a run was started with"
        wordless = [name for name, words in spec.results.items() if not words.strip()]
        assert not wordless, f"results without a description: {wordless}"
        names = [param.name for param in spec.params]
        assert len(names) == len(set(names)), "a parameter is named twice"
        assert not spec.short or spec.short in names, f"`short` is {spec.short!r}, which is no parameter"
        assert all(name in names for group in spec.one_of for name in group), "`one_of` names no parameter"
        unknown = set(spec.default_expect) - set(spec.results)
        assert not unknown, f"`default_expect` speaks of {unknown}, which are no results"

    def test_every_parameter_is_described(self) -> None:
        """A description, an example and a known type for each parameter and each field of it."""
        incomplete = [problem for param in self._spec().params for problem in _incomplete(param, "")]
        assert not incomplete, "; ".join(incomplete)

    def test_the_effect_is_told_for_any_parameters(self) -> None:
        """The effect is inferred from parameters as written, whatever stands there."""
        spec = self._spec()
        written: list[dict[str, Any]] = [{}, {param.name: param.example for param in spec.params}]
        written += [{param.name: "{{ inputs.x }}"} for param in spec.params]
        assert all(isinstance(spec.effect_of(params), Effect) for params in written)

    # --- planning

    def test_a_plan_is_the_same_every_time(self, ordinary: Case) -> None:
        """Nothing but the parameters decides: no clock, no chance, no order of keys."""
        first, second = self._plan(ordinary), self._plan(ordinary)
        backwards = self._plan(Case(dict(reversed(list(ordinary.params.items()))), ordinary.target))
        assert first == second
        assert first.digest == second.digest == backwards.digest, "the digest depends on more than the parameters"

    def test_a_plan_is_plain_data(self, ordinary: Case) -> None:
        """What is approved, recorded and compared is JSON, with its secrets by name."""
        plan = self._plan(ordinary)
        assert plan.handler == self._spec().name
        assert plan.preview.strip(), "`preview` is what a person approves"
        assert canonical(plan.request), "`request` must be JSON values and texts"

    def test_a_plan_does_not_touch_its_parameters(self, ordinary: Case) -> None:
        """Planning is pure."""
        before = canonical(ordinary.params)
        self._plan(ordinary)
        assert canonical(ordinary.params) == before

    def test_every_parameter_is_covered_by_the_digest(self, ordinary: Case) -> None:
        """A yes is a yes to this: any change of a parameter voids it."""
        spec = self._spec()
        forgotten = [param.name for param in spec.params if param.name not in self.changes]
        assert not forgotten, f"`changes` has no value for {forgotten}"
        digests = {"": self._plan(ordinary).digest}
        for name, value in self.changes.items():
            params = {**_without_rivals(spec, ordinary.params, name), name: value}
            digests[name] = self._plan(Case(params, ordinary.target)).digest
        twins = [name for name, digest in digests.items() if name and digest == digests[""]]
        assert not twins, f"a change of {twins} leaves the digest as it was: an approval would cover both"

    # --- secrets

    def test_a_secret_is_planned_by_its_name(self, secret: Case) -> None:
        """A plan knows no secret's value, and its preview shows dots."""
        plan = self._plan(secret)
        planned = canonical(plan.request) + plan.preview
        assert secret.secrets, "the `secret` case needs a secret"
        assert secrets_in(plan.request) >= set(secret.secrets), "`request` has lost a secret: keep the Text as it is"
        assert MASK in plan.preview, f"`preview` should show {MASK} where a secret stands"
        assert not [name for name, value in secret.secrets.items() if value in planned], "a secret's value is planned"

    def test_a_secret_is_revealed_when_it_is_performed_and_not_before(self, secret: Case) -> None:
        """As late as can be: neither planning nor preflight."""
        hands = _hands(secret)
        plan = self._plan(secret)
        if isinstance(self.handler, Preflighted):
            self.handler.preflight(plan, hands)
        early = set(hands.revealed) - (_login(secret) if self._spec().capabilities.remote else set())
        assert not early, f"`preflight` may log in with the secrets of the target, and needs no other: {early}"
        self._perform(plan, hands)
        assert set(hands.revealed) == set(secret.secrets)

    # --- performing

    def test_the_result_is_what_the_specification_promises(self, ordinary: Case) -> None:
        """Every name is described, and an expectation finds what it speaks of."""
        result = self._perform(self._plan(ordinary), _hands(ordinary))
        undescribed = set(result.values) - set(self._spec().results)
        assert not undescribed, f"`results` does not describe {undescribed}"
        assert set(self._spec().default_expect) <= set(result.values)
        assert canonical(result.values), "results must be JSON values"

    def test_performing_leaves_the_plan_as_it_was(self, ordinary: Case) -> None:
        """The next attempt uses the same plan."""
        plan = self._plan(ordinary)
        before = (plan.digest, canonical(plan.request))
        self._perform(plan, _hands(ordinary))
        assert (plan.digest, canonical(plan.request)) == before

    def test_preflight_gives_rows(self, ordinary: Case) -> None:
        """What is needed, whether it holds, and how to get it."""
        if not isinstance(self.handler, Preflighted):
            pytest.skip("this handler has no preflight")
        for need in self.handler.preflight(self._plan(ordinary), _hands(ordinary)):
            assert isinstance(need, Need)
            assert need.what
            assert need.holds or need.why, f"{need.what}: say what was found"
            assert need.holds is not False or need.how, f"{need.what}: say how to get it"

    def test_a_failure_is_one_of_the_named_ones(self, failing: Case) -> None:
        """What could not be told is said by name; anything else is a bug of the handler."""
        with pytest.raises(HandlerError) as caught:
            self._perform(self._plan(failing), _hands(failing))
        assert isinstance(caught.value, NAMED), f"{type(caught.value).__name__} is no named failure"
        assert caught.value.message, "a failure says what happened"

    def test_output_goes_to_a_sink_in_pieces(self, big: Case) -> None:
        """Memory stays the same, however much comes."""
        if not self._spec().capabilities.stream:
            pytest.skip("this handler does not stream")
        hands = _hands(big)
        self._perform(self._plan(big), hands)
        sink = hands.sink(self.stream)
        assert sink.size > READABLE, f"the `big` case gave {sink.size} bytes on {self.stream}: it needs more"
        assert sink.largest <= PIECE, f"{sink.largest} bytes came at once: hand them over as they come"

    # --- stopping

    def test_it_ends_soon_when_it_is_cancelled(self, slow: Case) -> None:
        """Cancelled, within the grace."""
        self._needs_cancel()
        hands = _hands(slow, timeout=60.0)
        threading.Timer(0.2, hands.cancel).start()
        took = self._ends_with(Cancelled, slow, hands)
        assert took < 0.2 + self.grace, f"it took {took:.1f} s to end"

    def test_what_is_cancelled_before_does_not_start(self, slow: Case) -> None:
        """Cancelled, though nobody called after `on_cancel`."""
        self._needs_cancel()
        hands = _hands(slow, timeout=60.0)
        hands.cancel()
        took = self._ends_with(Cancelled, slow, hands)
        assert took < self.grace, f"it took {took:.1f} s to end"

    def test_the_deadline_is_kept(self, slow: Case) -> None:
        """TimedOut, within the grace."""
        self._needs_cancel()
        took = self._ends_with(TimedOut, slow, _hands(slow, timeout=0.4))
        assert took < 0.4 + self.grace, f"it took {took:.1f} s to end"

    # --- how

    def _spec(self) -> HandlerSpec:
        spec: HandlerSpec = self.handler.spec
        assert isinstance(self.handler, Handler), "a handler has `spec`, `plan` and `perform`"
        return spec

    def _plan(self, case: Case) -> Plan:
        plan: Plan = self.handler.plan(case.params, case.target)
        return plan

    def _perform(self, plan: Plan, hands: BenchHands) -> Result:
        try:
            result: Result = self.handler.perform(plan, hands)
        finally:
            hands.connections.close()
        return result

    def _needs_cancel(self) -> None:
        if not self._spec().capabilities.cancel:
            pytest.skip("this handler cannot be cancelled")

    def _ends_with(self, failure: type[HandlerError], case: Case, hands: BenchHands) -> float:
        plan, start = self._plan(case), time.monotonic()
        with pytest.raises(failure):
            self._perform(plan, hands)
        return time.monotonic() - start


def _hands(case: Case, timeout: float = 30.0) -> BenchHands:
    return BenchHands(timeout=timeout, secrets=case.secrets, confine=case.confine)


def _login(case: Case) -> frozenset[str]:
    """The secrets that the case's target is reached with."""
    return secrets_in(case.target.params) if case.target is not None else frozenset()


def _without_rivals(spec: HandlerSpec, params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The parameters without those that may not stand beside `name`."""
    rivals = {other for group in spec.one_of if name in group for other in group}
    return {key: value for key, value in params.items() if key not in rivals}


def _incomplete(param: Param, inside: str) -> list[str]:
    """What is missing in a parameter's description, and in those of its fields."""
    name = f"{inside}{param.name}"
    found = [] if param.description.strip() else [f"{name} has no description"]
    if param.example is None or param.example in ("", [], {}):
        found.append(f"{name} has no example")
    if param.type not in TYPES:
        found.append(f"{name} is of no known type ({param.type!r})")
    return found + [problem for inner in param.fields for problem in _incomplete(inner, f"{name}.")]


__all__ = ["BenchHands", "Case", "HandlerContract"]
