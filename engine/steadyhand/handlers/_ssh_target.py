"""Machines that are reached by SSH: the family of targets, and from a rendered target to a connection request.

Pure. `ssh` plans with it, and so does every handler that can run a command on another machine: it names `FAMILY` in its
specification, puts `connection(target)` into its plan, and hands that to `_ssh.run` when the step runs. A connection
request is what the author wrote, secrets by name; what ~/.ssh/config adds is read when the connection is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..errors import BadInput
from ..model import Param, Target, TargetSpec, Text
from ._texts import text_of

NO_JUMP = "none"
"""What `jump` says when there is to be none, whatever the configuration says."""

FAMILY = TargetSpec(
    name="ssh",
    summary="Machines that are reached by SSH.",
    hosts="hosts",
    params=(
        Param(
            "hosts",
            "list",
            "The machines: names, addresses or aliases of the configuration, each as [user@]host[:port].",
            ["app1", "app2"],
            required=True,
            secret=False,
        ),
        Param("user", "text", "Who logs in; the configuration's, else your own name.", "ops"),
        Param("port", "integer", "The port; the configuration's, else 22.", 2222),
        Param("key", "text", "A file with a private key; it is tried first.", "~/.ssh/id_ops"),
        Param("passphrase", "text", "What the key is encrypted with.", "{{ secrets.key_passphrase }}"),
        Param("certificate", "text", "A file with the key's certificate; KEY-cert.pub unless said.", "id_ops-cert.pub"),
        Param("password", "text", "The password, for hosts that ask for one.", "{{ secrets.ops_password }}"),
        Param("agent", "boolean", "Try the keys of the agent (SSH_AUTH_SOCK); true unless said.", False),
        Param(
            "jump",
            "any",
            "The host to go through, or a list of them, each as [user@]host[:port]; `none` for no host at all.",
            "bastion",
        ),
        Param("known_hosts", "text", "A file of host keys, instead of those of the configuration.", "known_hosts"),
        Param("config", "text", "An OpenSSH configuration; ~/.ssh/config unless said, `none` for none.", "ssh_config"),
        Param("connect_timeout", "duration", "How long reaching and logging in may take; 20s unless said.", "5s"),
        Param("keepalive", "duration", "How often a silent connection is kept alive; 15s unless said.", "30s"),
    ),
)
"""The family. Host keys are always checked: there is no parameter that turns it off."""

PLAIN = ("user", "port", "key", "passphrase", "certificate", "password", "agent", "known_hosts", "config")
SPANS = ("connect_timeout", "keepalive")


class Address(Struct, frozen=True):
    """A machine as an author names it. Port 0: not said."""

    host: str
    user: str = ""
    port: int = 0


def connection(target: Target | None) -> dict[str, Any]:
    """What is needed to reach the one machine of a target. Raises BadInput."""
    if target is None:
        raise BadInput("it is not said which machine is meant", "declare a target of kind ssh, and name it: `target:`")
    hosts = [text_of(host) for host in target.params.get("hosts", ())]
    if len(hosts) != 1:
        what = f"target {target.name} has {len(hosts)} hosts, and a step acts on one at a time"
        hint = (
            f"write `each: {{target: {target.name}}}` beside the step" if hosts else "list at least one under `hosts:`"
        )
        raise BadInput(what, hint)
    host = _unsecret(hosts[0], "hosts")
    address(host)
    request: dict[str, Any] = {"host": host}
    request |= {name: target.params[name] for name in (*PLAIN, *SPANS) if name in target.params}
    if "jump" in target.params:
        request["jump"] = list(_jumps(target.params["jump"]))
    _check(request)
    return request


def address(text: str) -> Address:
    """[user@]host[:port]. Raises BadInput: what is no name of a host goes nowhere near a connection."""
    found = re.fullmatch(
        r"(?:(?P<user>[^@\s:]+(?:@[^@\s:]+)*)@)?"
        r"(?:\[(?P<bracketed>[0-9A-Fa-f:.%\w]+)\]|(?P<v6>[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,})|(?P<name>\w[\w.-]*))"
        r"(?::(?P<port>[0-9]{1,5}))?",
        text,
        re.ASCII,
    )
    port = int(found["port"] or 0) if found else 0
    if found is None or port > 65535 or (found["user"] or "").startswith("-"):
        raise BadInput(f"{text[:80]!r} is no machine", "write it as host, user@host or user@host:port")
    return Address(found["bracketed"] or found["v6"] or found["name"], found["user"] or "", port)


def shown(request: Mapping[str, Any]) -> Iterator[str]:
    """What an approval should know of how the machine is reached, a line each, without the marks of a comment."""
    user = text_of(request["user"]).masked() if "user" in request else ""
    named = address(request["host"])
    yield f"on {request['host']}" + (f" as {user}" if user and not named.user else "")
    if request.get("port") and not named.port:
        yield f"port {request['port']}"
    if request.get("jump"):
        yield f"through {', '.join(request['jump'])}"


def _jumps(given: Any) -> Iterator[str]:
    for one in given if isinstance(given, (list, tuple)) else [given]:
        if not isinstance(one, (Text, str)):
            raise BadInput("`jump` must be a host or a list of hosts", "write jump: bastion")
        for name in _unsecret(text_of(one), "jump").split(","):
            if name.strip().lower() == NO_JUMP:
                return
            address(name.strip())
            yield name.strip()


def _unsecret(text: Text, name: str) -> str:
    if text.secrets:
        raise BadInput(f"`{name}` cannot hold a secret: where a step acts is shown to people", "write the name")
    return text.masked()


def _check(request: Mapping[str, Any]) -> None:
    port = request.get("port", 22)
    if not 0 < port < 65536:
        raise BadInput(f"{port} is no port", "ports go from 1 to 65535")
    for name in SPANS:
        if request.get(name, 1) <= 0:
            raise BadInput(f"`{name}` must be above 0", f"write {name}: 10s")
    for name in ("passphrase", "certificate"):
        if name in request and "key" not in request:
            raise BadInput(f"`{name}` belongs to a `key`", "name the file of the key")
