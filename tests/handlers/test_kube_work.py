"""The work beside the attempt's own thread: its end, its time, its package."""

from __future__ import annotations

import subprocess
import sys

import pytest

from steadyhand.errors import Cancelled
from steadyhand.handlers import _kube_work, kubectl
from steadyhand.handlers._kube_verbs import VERBS


def test_every_verb_is_written_somewhere():
    assert set(_kube_work.VERBS) == set(VERBS)


def test_what_is_cancelled_before_is_not_begun(fake):
    hands = fake.hands()
    hands.cancel()
    with pytest.raises(Cancelled, match="before anything was sent"):
        kubectl.perform(fake.plan(list="pods"), hands)


def test_a_bug_stays_a_bug(fake):
    def broken(job):
        raise ZeroDivisionError

    plan = fake.plan(list="pods")
    with pytest.raises(ZeroDivisionError):
        _kube_work.work(plan.request, fake.hands(), broken)


def test_without_its_package_it_says_how_to_get_it():
    """In an interpreter of its own, in which the package cannot be imported."""
    script = """
import sys
sys.modules["kubernetes"] = None
from steadyhand.errors import Refused
from steadyhand.handlers import kubectl
from steadyhand.handlers.bench import BenchHands
from steadyhand.model import plain
try:
    kubectl.perform(kubectl.plan({"list": plain("pods")}, None), BenchHands())
except Refused as problem:
    print(problem.message, "|", problem.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (
        done.stdout.strip() == "`kubectl` steps need the package kubernetes | pip install 'steadyhand[kubernetes]'"
    ), done.stderr


def test_nothing_heavy_is_imported_before_a_step_runs():
    script = "import sys, steadyhand.handlers.kubectl; print([m for m in ('kubernetes', 'urllib3', 'websocket', 'yaml', 'difflib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() in {"[]", "['yaml']"}, done.stderr
