"""From a connection request to the hops that lead there: each machine on the way with how it is reached and entered.

Called by _ssh when a step runs. What stands in the target wins over the configuration, which wins over the defaults.
The target's key, user, agent and files serve every hop; its password goes to the host itself and to nobody else.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..errors import BadInput, Refused
from ..model import Text
from . import _ssh_config
from ._ssh_target import NO_JUMP, Address, address

LONGEST_WAY = 8
"""Hops at most: a configuration may send a host through itself."""
SYSTEM = "/etc/ssh/ssh_config"
DEFAULT_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
KNOWN = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
KNOWN_TO_ALL = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
CONNECT, KEEPALIVE = 20.0, 15.0
"""Seconds, unless said."""
PASSED_OVER = ("proxyusefdpass", "pkcs11provider", "securitykeyprovider")
"""Keys that would change how a host is reached or entered, and cannot be honoured: they are refused when set."""


class Hop(Struct, frozen=True):
    """One machine on the way. `host` is how it is called, `address` what is dialled, `name` what its key is filed under
    (without the port). `keys` are files, those that must be there marked by `named`. `password` says whether the
    target's password is for it.
    """

    host: str
    address: str
    port: int
    user: str
    name: str
    keys: tuple[str, ...]
    named: tuple[str, ...]
    certificates: tuple[str, ...]
    agent: str
    only_named: bool
    known_hosts: tuple[str, ...]
    connect_timeout: float
    keepalive: float
    proxy: str = ""
    password: bool = False

    @property
    def shown(self) -> str:
        """The machine as people write it."""
        return f"{self.host}:{self.port}" if self.port != 22 and ":" not in self.host else self.host


class Here(Struct, frozen=True):
    """Our side: the home and name of whoever runs it, its variables, and the folder that paths are read from."""

    home: str
    user: str
    environ: Mapping[str, str]
    cwd: str


def here(cwd: str) -> Here:
    """Our side, now. Raises Refused when nobody knows who we are."""
    home = os.path.expanduser("~")
    try:
        return Here(home, getpass.getuser(), os.environ, cwd)
    except (KeyError, OSError) as problem:
        raise Refused("this user has no name on this machine", "set LOGNAME") from problem


def hops(
    request: Mapping[str, Any],
    side: Here,
    reveal: Callable[[Text | str], str],
    read: Callable[[str], _ssh_config.Lines] = _ssh_config.lines,
) -> tuple[Hop, ...]:
    """The way, the host itself last; `read` reads a file of the configuration. Raises BadInput or Refused."""
    given = {name: reveal(value) if isinstance(value, Text) else value for name, value in request.items()}
    return _Route(given, side, read).way()


class _Route:
    """One request, followed through the configuration."""

    def __init__(self, given: Mapping[str, Any], side: Here, read: Callable[[str], _ssh_config.Lines]) -> None:
        self._side = side
        self._given = given
        self._read = read
        self._files = self._config_files()

    def way(self) -> tuple[Hop, ...]:
        own, said = self._hop(address(self._given["host"]), first=True)
        jumps = self._given["jump"] if "jump" in self._given else self._jumps(said)
        way = [*self._through(jumps, {(own.address, own.port)}), own]
        for hop in way[1:]:
            if hop.proxy:
                raise Refused(f"{hop.host} has a ProxyCommand, and is to be reached through another host", "drop one")
        return tuple(way)

    def _through(self, jumps: Sequence[str], seen: set[tuple[str, int]]) -> list[Hop]:
        """The hops to go through. As in OpenSSH, only the first of several may need others before it."""
        found: list[Hop] = []
        for jump in jumps:
            hop, said = self._hop(address(jump), first=False)
            if (hop.address, hop.port) in seen or len(seen) > LONGEST_WAY:
                raise Refused(f"the way leads through {hop.host} twice", "look at `jump` and ProxyJump")
            seen = {*seen, (hop.address, hop.port)}
            if not found:
                found.extend(self._through(self._jumps(said), seen))
            found.append(hop)
        return found

    def _jumps(self, said: Mapping[str, Sequence[str]]) -> list[str]:
        """Of ProxyJump and ProxyCommand, the one that was found first counts."""
        keys = list(said)
        if "proxycommand" in keys and "proxyjump" in keys and keys.index("proxycommand") < keys.index("proxyjump"):
            return []
        listed = ",".join(said.get("proxyjump", ())).split(",")
        names = [name.strip().removeprefix("ssh://").rstrip("/") for name in listed if name.strip()]
        return [] if [name.lower() for name in names] == [NO_JUMP] else names

    def _hop(self, named: Address, *, first: bool) -> tuple[Hop, dict[str, list[str]]]:
        given, side = self._given, self._side
        asked = _ssh_config.Asked(
            named.host, named.user or (given.get("user", "") if first else ""), side.home, side.user
        )
        said = _ssh_config.lookup(self._files, asked, self._read)
        for key in PASSED_OVER:
            if said.get(key, ["no"])[0].lower() not in {"no", "none"}:
                raise Refused(f"{named.host}: `{key}` of the ssh configuration cannot be honoured", "remove it")
        one = {key: words[0] for key, words in said.items() if words}
        # The target's user and port are for its hosts; on the way, what the configuration says comes first.
        user = named.user or (given.get("user") if first else None) or one.get("user") or given.get("user") or side.user
        port: int = named.port or (int(given.get("port", 0)) if first else 0) or _number(one.get("port", "22"), "Port")
        name = _ssh_config.expanded(one.get("hostname", named.host), {"h": named.host})
        tokens = {"h": name, "n": named.host, "p": str(port), "r": user, "u": side.user, "d": side.home}
        keys, marked = self._keys(said, tokens)
        hop = Hop(
            host=named.host,
            address=name,
            port=port,
            user=user,
            name=one.get("hostkeyalias", name),
            keys=keys,
            named=marked,
            certificates=self._certificates(said, tokens),
            agent=self._agent(one),
            only_named=one.get("identitiesonly", "no").lower() == "yes",
            known_hosts=self._known_hosts(said, tokens),
            connect_timeout=self._seconds("connect_timeout", one.get("connecttimeout", ""), CONNECT),
            keepalive=self._seconds("keepalive", one.get("serveraliveinterval", ""), KEEPALIVE),
            proxy=self._proxy(one, tokens, first=first),
            password=first and "password" in given,
        )
        return hop, said

    # --- one value each

    def _config_files(self) -> tuple[str, ...]:
        given = self._given.get("config")
        if given is None:
            return os.path.join(self._side.home, ".ssh", "config"), SYSTEM
        if given.lower() == "none":
            return ()
        path = self._path(given)
        if not os.path.exists(path):
            raise BadInput(f"there is no ssh configuration {path}", "correct the target's `config:`")
        return (path,)

    def _keys(
        self, said: Mapping[str, list[str]], tokens: Mapping[str, str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The files of keys in the order in which they are tried, and those that must be there."""
        own = [self._path(self._given["key"])] if "key" in self._given else []
        listed = [self._path(_ssh_config.expanded(p, tokens)) for p in said.get("identityfile", ()) if p != "none"]
        usual = [os.path.join(self._side.home, ".ssh", name) for name in DEFAULT_KEYS]
        others = listed or ([] if own or "identityfile" in said else usual)
        return tuple(dict.fromkeys([*own, *others])), tuple(own)

    def _certificates(self, said: Mapping[str, list[str]], tokens: Mapping[str, str]) -> tuple[str, ...]:
        own = [self._given["certificate"]] if "certificate" in self._given else []
        return tuple(self._path(_ssh_config.expanded(p, tokens)) for p in (*own, *said.get("certificatefile", ())))

    def _agent(self, one: Mapping[str, str]) -> str:
        """The socket of the agent; '' when there is none, or when it is not wanted."""
        if not self._given.get("agent", True):
            return ""
        usual = self._side.environ.get("SSH_AUTH_SOCK", "")
        said = one.get("identityagent", "SSH_AUTH_SOCK")
        if said.lower() == "none":
            return ""
        if said.startswith("$"):
            return self._side.environ.get(said[1:], "")
        return usual if said == "SSH_AUTH_SOCK" else self._path(said)

    def _known_hosts(self, said: Mapping[str, list[str]], tokens: Mapping[str, str]) -> tuple[str, ...]:
        if "known_hosts" in self._given:
            return (self._path(self._given["known_hosts"]),)
        files = (*said.get("userknownhostsfile", KNOWN), *said.get("globalknownhostsfile", KNOWN_TO_ALL))
        return tuple(self._path(_ssh_config.expanded(path, tokens)) for path in files if path != "none")

    def _seconds(self, name: str, said: str, usual: float) -> float:
        if name in self._given:
            return float(self._given[name]) / 1_000_000
        return float(_number(said, name)) or usual if said and said.lower() != "none" else usual

    def _proxy(self, one: Mapping[str, str], tokens: Mapping[str, str], *, first: bool) -> str:
        command = one.get("proxycommand", "none")
        # Of ProxyJump and ProxyCommand, the first in the file counts; `jump` of the target comes before both.
        if command.lower() == "none" or (first and "jump" in self._given):
            return ""
        keys = list(one)
        if "proxyjump" in keys and keys.index("proxyjump") < keys.index("proxycommand"):
            return ""
        return _ssh_config.expanded(command, tokens)

    def _path(self, path: str) -> str:
        if path.startswith("~/"):
            return os.path.join(self._side.home, path[2:])
        return os.path.join(self._side.cwd, path)


def _number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise Refused(f"`{what} {text}` of the ssh configuration is no number", "correct it")
    return int(text)
