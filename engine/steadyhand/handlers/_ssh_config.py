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
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..errors import Refused

DEEPEST = 16
"""How many files may include each other in a chain; as in OpenSSH."""
COLLECTED = frozenset({"identityfile", "certificatefile"})
"""Keys whose values add up."""
WHOLE = frozenset({"proxycommand"})
"""Keys whose value is the rest of the line, as it stands."""

Found = dict[str, list[str]]
Lines = tuple[tuple[str, str, list[str]], ...]
"""Where it stands, its key, its words."""


class Asked:
    """Who is asked about: the name as it was given, the user who would log in, and our own home and name."""

    def __init__(self, host: str, user: str, home: str, own: str) -> None:
        self.host = host
        self.user = user
        self.home = home
        self.own = own


def lookup(paths: Sequence[str], asked: Asked, read: Callable[[str], Lines] | None = None) -> Found:
    """What the files say, the earlier ones first. A file that is not there says nothing. Raises Refused.

    `read` may be given to read each file once only: it does what `lines` does.
    """
    found: Found = {}
    for final in (False, True):
        for path in paths:
            _File(asked, found, read or lines, final=final).follow(path, active=True, depth=0)
    return found


def lines(path: str) -> Lines:
    """The lines of a file that say something. Raises Refused."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            texts = file.read().splitlines()
    except FileNotFoundError:
        return ()
    except OSError as problem:
        raise Refused(f"{path} cannot be read: {problem.strerror}", "check its permissions") from problem
    each = ((f"{path}:{number}", *parsed(text, f"{path}:{number}")) for number, text in enumerate(texts, 1))
    return tuple(line for line in each if line[1])


class _File:
    """Reads one pass over a file and what it includes. `Match final` holds in the second pass alone."""

    def __init__(self, asked: Asked, found: Found, read: Callable[[str], Lines], *, final: bool) -> None:
        self._asked = asked
        self._found = found
        self._read = read
        self._final = final

    def follow(self, path: str, *, active: bool, depth: int) -> None:
        if depth > DEEPEST:
            raise Refused(f"{path} includes itself, or too many others", "look at the Include lines of ~/.ssh/config")
        here = active
        for where, key, words in self._read(path):
            if key == "host":
                here = active and matches(words, self._asked.host)
            elif key == "match":
                here = active and self._matched(words, where)
            elif not here:
                continue
            elif key == "include":
                for included in self._files(words):
                    self.follow(included, active=here, depth=depth + 1)
            else:
                self._keep(key, words)

    def _keep(self, key: str, words: list[str]) -> None:
        if key in COLLECTED:
            self._found.setdefault(key, []).extend(w for w in words if w not in self._found.get(key, ()))
        else:
            self._found.setdefault(key, words)

    def _files(self, words: Sequence[str]) -> Iterator[str]:
        """What the patterns name; a pattern that names nothing includes nothing, as in OpenSSH."""
        for word in words:
            whole = word.replace("~", self._asked.home, 1) if word.startswith("~/") else word
            yield from sorted(glob.glob(os.path.join(self._asked.home, ".ssh", whole)))

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


def parsed(line: str, where: str) -> tuple[str, list[str]]:
    """The key, in lower case, and its words. Empty for what says nothing."""
    found = re.match(r"\s*(\w+)(?:\s*=\s*|\s+)(.*)", line)
    if found is None:
        return "", []
    key, rest = found[1].lower(), found[2].strip()
    if key in WHOLE:
        return key, [rest]
    if not any(char in rest for char in "\"'\\#"):
        return key, rest.split()
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
    if "*" not in pattern and "?" not in pattern:
        return pattern.lower() == name.lower()
    parts = {"*": ".*", "?": "."}
    spelled = "".join(parts.get(char) or re.escape(char) for char in pattern.lower())
    return re.fullmatch(spelled, name.lower(), re.DOTALL) is not None


def expanded(text: str, tokens: Mapping[str, str]) -> str:
    """%h, %p and the like filled in; %% is a percent sign, and a token that is not known stays."""
    return re.sub(r"%(.)", lambda m: "%" if m[1] == "%" else tokens.get(m[1], m[0]), text)
