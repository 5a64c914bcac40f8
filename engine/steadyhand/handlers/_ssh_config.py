"""What an OpenSSH configuration says of a host: `Host` with patterns, `Match`, `Include`, and the keys that are used.

Called by _ssh_route when a connection is made. Read here and not by the client's own reader, which knows no `Include`,
asks the DNS for this machine's name whenever a key file is named, and takes brackets in patterns for classes.
The first value that is found for a key counts; files of keys add up. Values come back as words.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from ..errors import Refused

DEEPEST = 16
"""How many files may include each other in a chain; as in OpenSSH."""
COLLECTED = frozenset({"identityfile", "certificatefile"})
"""Keys whose values add up."""
WHOLE = frozenset({"proxycommand"})
"""Keys whose value is the rest of the line, as it stands."""

Found = dict[str, list[str]]


class Asked:
    """Who is asked about: the name as it was given, the user who would log in, and our own home and name."""

    def __init__(self, host: str, user: str, home: str, own: str) -> None:
        self.host = host
        self.user = user
        self.home = home
        self.own = own


def lookup(paths: Sequence[str], asked: Asked) -> Found:
    """What the files say, the earlier ones first. A file that is not there says nothing. Raises Refused."""
    found: Found = {}
    for final in (False, True):
        for path in paths:
            _File(asked, found, final=final).read(path, active=True, depth=0)
    return found


class _File:
    """Reads one pass over a file and what it includes. `Match final` holds in the second pass alone."""

    def __init__(self, asked: Asked, found: Found, *, final: bool) -> None:
        self._asked = asked
        self._found = found
        self._final = final

    def read(self, path: str, *, active: bool, depth: int) -> None:
        if depth > DEEPEST:
            raise Refused(f"{path} includes itself, or too many others", "look at the Include lines of ~/.ssh/config")
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            return
        except OSError as problem:
            raise Refused(f"{path} cannot be read: {problem.strerror}", "check its permissions") from problem
        here = active
        for number, line in enumerate(lines, 1):
            key, words = parsed(line, f"{path}:{number}")
            if key == "host":
                here = active and matches(words, self._asked.host)
            elif key == "match":
                here = active and self._matched(words, f"{path}:{number}")
            elif key == "include" and here:
                for included in self._files(words, path):
                    self.read(included, active=here, depth=depth + 1)
            elif key and here:
                self._keep(key, words)

    def _keep(self, key: str, words: list[str]) -> None:
        if key in COLLECTED:
            self._found.setdefault(key, []).extend(w for w in words if w not in self._found.get(key, ()))
        else:
            self._found.setdefault(key, words)

    def _files(self, words: Sequence[str], path: str) -> Iterator[str]:
        for word in words:
            whole = word.replace("~", self._asked.home, 1) if word.startswith("~/") else word
            yield from sorted(glob.glob(os.path.join(self._asked.home, ".ssh", whole))) or _none(word, path)

    def _matched(self, words: Sequence[str], where: str) -> bool:
        rest = list(words)
        while rest:
            word = rest.pop(0).lower()
            negated, word = word.startswith("!"), word.removeprefix("!")
            if word in {"all", "final", "canonical"}:
                holds = {"all": True, "final": self._final, "canonical": False}[word]
            elif rest:
                holds = self._criterion(word, rest.pop(0), where)
            else:
                raise Refused(f"{where}: `Match {word}` names nothing", "correct the line")
            if holds is negated:
                return False
        return True

    def _criterion(self, word: str, value: str, where: str) -> bool:
        asked = self._asked
        known = {
            "host": self._found.get("hostname", [asked.host])[0],
            "originalhost": asked.host,
            "user": self._found.get("user", [asked.user or asked.own])[0],
            "localuser": asked.own,
        }
        if word not in known:
            hint = "name another file as the target's `config:`, or `none`"
            raise Refused(f"{where}: `Match {word}` is not understood here", hint)
        return matches(value.split(","), known[word])


def _none(word: str, path: str) -> list[str]:
    """A pattern that names no file includes nothing, as in OpenSSH."""
    del word, path
    return []


def parsed(line: str, where: str) -> tuple[str, list[str]]:
    """The key, in lower case, and its words. Empty for what says nothing."""
    found = re.match(r"\s*(\w+)(?:\s*=\s*|\s+)(.*)", line)
    if found is None:
        return "", []
    key, rest = found[1].lower(), found[2].strip()
    if key in WHOLE:
        return key, [rest]
    try:
        return key, shlex.split(rest, comments=True)
    except ValueError:
        raise Refused(f"{where}: a quote is not closed", "correct the line") from None


def matches(patterns: Sequence[str], name: str) -> bool:
    """Whether a name is meant by patterns with * and ?, of which one with ! before it excludes it."""
    found = False
    for pattern in patterns:
        if wild(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def wild(pattern: str, name: str) -> bool:
    """Whether a pattern with * and ? is that name, in any case."""
    parts = {"*": ".*", "?": "."}
    spelled = "".join(parts.get(char) or re.escape(char) for char in pattern.lower())
    return re.fullmatch(spelled, name.lower(), re.DOTALL) is not None


def expanded(text: str, tokens: Mapping[str, str]) -> str:
    """%h, %p and the like filled in; %% is a percent sign, and a token that is not known stays."""
    return re.sub(r"%(.)", lambda m: "%" if m[1] == "%" else tokens.get(m[1], m[0]), text)
