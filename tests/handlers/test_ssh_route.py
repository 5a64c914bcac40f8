"""The target wins over the configuration, which wins over the defaults; the password goes to the host alone."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput, Refused
from steadyhand.handlers._ssh_route import Here, here, hops
from steadyhand.handlers._ssh_target import connection
from steadyhand.model import Target, Text

from .machines import as_text


@pytest.fixture
def way(tmp_path):
    """The hops for a target, with a configuration in the home."""
    (tmp_path / ".ssh").mkdir()

    def make(text="", environ=None, **params):
        (tmp_path / ".ssh" / "config").write_text(text)
        side = Here(str(tmp_path), "me", environ or {}, str(tmp_path))
        request = connection(Target("t", "ssh", as_text({"hosts": ["app1"], **params})))
        return hops(request, side, lambda value: value.masked() if isinstance(value, Text) else value)

    return make


def names(found):
    return [f"{hop.user}@{hop.address}:{hop.port}" for hop in found]


def test_the_defaults(way, tmp_path):
    (hop,) = way(environ={"SSH_AUTH_SOCK": "/agent"})
    assert (hop.host, hop.address, hop.name, hop.port, hop.user) == ("app1", "app1", "app1", 22, "me")
    assert hop.keys == tuple(f"{tmp_path}/.ssh/id_{kind}" for kind in ("ed25519", "ecdsa", "rsa"))
    assert (hop.named, hop.agent, hop.only_named, hop.password) == ((), "/agent", False, False)
    assert hop.known_hosts[0] == f"{tmp_path}/.ssh/known_hosts"
    assert (hop.connect_timeout, hop.keepalive, hop.proxy, hop.shown) == (20.0, 15.0, "", "app1")


CONFIG = """\
Host app1
  HostName %h.example
  User conf
  Port 2201
  IdentityFile %d/conf_%r
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ~/mine ~/more
  GlobalKnownHostsFile none
  ConnectTimeout 4
  ServerAliveInterval 5
  HostKeyAlias alias
"""


def test_the_configuration(way, tmp_path):
    (hop,) = way(CONFIG, {"SSH_AUTH_SOCK": "/agent"})
    assert names([hop]) == ["conf@app1.example:2201"]
    assert (hop.host, hop.name, hop.shown) == ("app1", "alias", "app1:2201")
    assert (hop.keys, hop.only_named, hop.agent) == ((f"{tmp_path}/conf_conf",), True, "")
    assert hop.known_hosts == (f"{tmp_path}/mine", f"{tmp_path}/more")
    assert (hop.connect_timeout, hop.keepalive) == (4.0, 5.0)


def test_the_target_wins(way, tmp_path):
    (hop,) = way(
        CONFIG, user="own", port=7, key="key", certificate="cert", known_hosts="~/known", connect_timeout=1_000_000,
        keepalive=2_000_000, password="x",
    )  # fmt: skip
    assert names([hop]) == ["own@app1.example:7"]
    assert hop.keys == (f"{tmp_path}/key", f"{tmp_path}/conf_own")
    assert (hop.named, hop.certificates, hop.known_hosts) == (
        (hop.keys[0],),
        (f"{tmp_path}/cert",),
        (f"{tmp_path}/known",),
    )
    assert (hop.connect_timeout, hop.keepalive, hop.password) == (1.0, 2.0, True)
    assert names(way(CONFIG, hosts=["own@app1:8"], user="x", port=9)) == ["own@app1.example:8"]
    assert names(way(CONFIG, config="none")) == ["me@app1:22"]


def test_the_agent(way):
    environ = {"SSH_AUTH_SOCK": "/agent", "OTHER": "/other"}
    assert way("Host *\nIdentityAgent $OTHER\n", environ)[0].agent == "/other"
    assert way("Host *\nIdentityAgent ~/sock\n", environ)[0].agent.endswith("/sock")
    assert way("", environ, agent=False)[0].agent == ""


JUMPS = """\
Host app1
  ProxyJump ops@b1:2200,b2
Host b1
  ProxyJump b0
  User ignored
Host b2
  HostName two
  ProxyJump nowhere
"""


def test_hosts_to_go_through(way):
    found = way(JUMPS, user="own", port=5, password="secret")
    assert names(found) == ["own@b0:22", "ops@b1:2200", "own@two:22", "own@app1:5"]
    assert [hop.password for hop in found] == [False, False, False, True]
    assert names(way(JUMPS, jump=["b3"])) == ["me@b3:22", "me@app1:22"]
    assert names(way(JUMPS, jump="none")) == ["me@app1:22"]
    assert names(way("Host app1\nProxyJump none\n")) == ["me@app1:22"]


def test_commands_to_go_through(way):
    assert way("Host app1\nUser u\nProxyCommand nc %h %p %r %%\n")[0].proxy == "nc app1 22 u %"
    assert way("Host app1\nProxyCommand none\n")[0].proxy == ""
    both = "Host app1\nProxyCommand nc\nProxyJump b\n"
    assert [hop.proxy for hop in way(both)] == ["nc"]
    assert [hop.proxy for hop in way("Host app1\nProxyJump b\nProxyCommand nc\n")] == ["", ""]
    assert [hop.proxy for hop in way(both, jump="none")] == [""]
    with pytest.raises(Refused, match="has a ProxyCommand, and is to be reached through"):
        way("Host b2\nProxyCommand nc\n", jump=["b1", "b2"])


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("Host app1\nProxyJump app1\n", "twice"),
        ("Host app1\nProxyJump b\nHost b\nProxyJump c\nHost c\nProxyJump b\n", "twice"),
        ("Port x\n", "is no number"),
        ("ProxyUseFdpass yes\n", "cannot be honoured"),
    ],
)
def test_what_cannot_be_honoured_is_refused(way, config, words):
    with pytest.raises(Refused, match=words):
        way(config)


def test_a_configuration_that_is_named_must_be_there(way):
    with pytest.raises(BadInput, match="there is no ssh configuration"):
        way(config="no-such")


def test_this_side():
    assert here("x").cwd == "x"
    assert here("x").user
