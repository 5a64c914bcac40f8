"""The names that templates may use, at a place in a run."""

from __future__ import annotations

import pytest

from steadyhand.core.names import names
from steadyhand.core.paths import locate
from steadyhand.expressions import SecretRef, Unknown

from .playbook import ENDS, Play

BODY = f"""\
inputs: {{h: {{type: string, default: x}}}}
secrets: {{k: {{env: K}}}}
targets: {{app: {{ssh: {{hosts: [p, q]}}}}}}
steps:
  a: {{title: A, shell: x, effect: read, next: {{pass: b, {ENDS}}}}}
  b: {{title: B, shell: y, effect: read, each: {{in: [7], as: n}}, next: {{pass: end.healthy, {ENDS}}}}}
"""


def test_everything_that_is_known():
    play = Play(BODY, inputs={"h": "db1"}, alert={"labels": {"i": "z"}}, contacts={"t": "#t"}, probe=True)
    play.came("a", values={"stdout": "out"}, facts={"f": 3})
    known = names(play.state, locate(play.runbook, play.state, "b[7]"))
    assert known["inputs"] == {"h": "db1"}
    assert known["facts"] == {"f": 3}
    assert known["n"] == 7
    assert known["secrets"] == {"k": SecretRef("k")}
    assert known["run"] == {"id": "r1", "runbook": "x", "mode": "guided", "requester": "starter", "started_at": 1}
    assert known["alert"] == {"labels": {"i": "z"}}
    assert known["steps"]["a"]["stdout"] == "out"
    assert known["steps"]["a"]["outcome"] == "pass"
    with pytest.raises(KeyError):
        known["steps"]["b"]["stdout"]


def test_what_has_not_happened_is_unknown_in_a_dry_run():
    play = Play(BODY)
    known = names(play.state, locate(play.runbook, play.state, "a"), tolerate=True)
    assert isinstance(known["facts"]["anything"], Unknown)
    assert isinstance(known["steps"]["b"], object)
