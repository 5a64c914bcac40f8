"""Where an operation acts: a target of the runbook or of the settings, one host of it, or channels."""

from __future__ import annotations

import pytest

from steadyhand.core.paths import locate
from steadyhand.core.places import hosts, place_of
from steadyhand.errors import BadInput
from steadyhand.model import HandlerSpec, Param, Target, TargetSpec, secrets_in

from .playbook import ENDS, Play

SSH = TargetSpec(
    "ssh", "Machines.", (Param("hosts", "list", "", ["a"]), Param("password", "text", "", "x")), hosts="hosts"
)
REMOTE = HandlerSpec("ssh", "s", (), targets=(SSH,))
SLACK = TargetSpec("slack", "Slack.", (Param("webhook", "text", "", "x"),))
TELLS = HandlerSpec("notify", "s", (), channels=(SLACK, TargetSpec("console", "Here.", ())))
BODY = f"""\
inputs: {{h: {{type: string, default: x}}}}
secrets: {{k: {{env: K}}}}
targets: {{app: {{ssh: {{hosts: [p, "{{{{ inputs.h }}}}"], password: "{{{{ secrets.k }}}}"}}}}}}
steps:
  a: {{title: A, shell: x, effect: read, next: {{pass: b, {ENDS}}}}}
  b: {{title: B, ssh: y, effect: read, each: {{target: app}}, next: {{pass: end.healthy, {ENDS}}}}}
"""
FAR = {
    "targets": {"far": {"ssh": {"hosts": ["r"], "password": "{{ secrets.k }}"}}, "odd": {"ssh": {}}, "db": {"sql": {}}},
    "secrets": {"k": {"env": "FAR"}, "hook": {"env": "HOOK"}},
    "channels": {"team": {"slack": {"webhook": "{{ secrets.hook }}"}}, "bell": {"bell": {}}},
}


@pytest.fixture
def play():
    return Play(BODY, inputs={"h": "q"}, **FAR)


def operation(play, target):
    from msgspec.structs import replace

    return replace(play.runbook.steps["a"].body.operation, kind="ssh", target=target)


def placed(play, target, spec=REMOTE, params=None, path="a"):
    place = locate(play.runbook, play.state, path)
    return place_of(play.state, place, operation(play, target), spec, params or {}, dry=False)


def test_the_hosts_of_a_target(play):
    place = locate(play.runbook, play.state, "a")
    assert [hosts(play.state, place, t) for t in ("app", "far", "odd")] == [["p", "q"], ["r"], None]
    with pytest.raises(BadInput, match="target none is not known"):
        hosts(play.state, place, "none")


def test_a_target_is_rendered_with_its_secrets_by_name(play):
    found = placed(play, "app")
    assert [h.masked() for h in found.params["hosts"]] == ["p", "q"]
    assert secrets_in(found.params) == {"k"}


def test_the_settings_have_secrets_of_their_own(play):
    assert secrets_in(placed(play, "far").params) == {"settings.k"}


def test_a_wave_over_hosts_acts_on_one_at_a_time(play):
    play.came("a")
    for path, host in (("b[p]", "p"), ("b[q]", "q")):
        found = placed(play, "", path=path)
        assert (found.name, [h.masked() for h in found.params["hosts"]]) == ("app", [host])


def test_no_target_and_none_needed(play):
    assert placed(play, "") is None


@pytest.mark.parametrize(
    ("target", "message"),
    [("none", "target none is not known"), ("db", "a `ssh` step cannot act on db, which is of kind sql")],
)
def test_what_it_cannot_act_on(play, target, message):
    with pytest.raises(BadInput, match=message):
        placed(play, target)


def test_channels_by_name_and_the_console_always(play):
    from steadyhand.model import plain

    found = placed(play, "", TELLS, {"to": [plain("team"), plain("console")]})
    assert (found.kind, list(found.params), secrets_in(found.params)) == (
        "channels",
        ["team", "console"],
        {"settings.hook"},
    )
    assert placed(play, "", TELLS) == Target("console", "channels", {"console": {"console": {}}})
    with pytest.raises(BadInput, match="there is no channel 5"):
        placed(play, "", TELLS, {"to": [5]})
    with pytest.raises(BadInput, match="there is no channel nobody"):
        placed(play, "", TELLS, {"to": plain("nobody")})
    with pytest.raises(BadInput, match="channel bell is of no known kind bell"):
        placed(play, "", TELLS, {"to": plain("bell")})
