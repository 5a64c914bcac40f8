"""Text that comes from outside and reaches a place where it is read as a program. Pure.

Called by `checks`. Untrusted is what an alert says (an input that is fed `from:` it, and that its schema does not hold
to harmless characters) and what steps print; facts are as their values. A number is harmless. A placeholder in a shell
text is one quoted word, so what is looked for is the places that quoting does not reach: `raw`, and the word that a
program takes for a program (`sh -c`, `python -c`, `eval`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..expressions import names_in, reading, scan
from ..model import HandlerSpec, Input, Operation, Parallel, Runbook, SetFacts, Step
from .build import of_step
from .findings import Around, Findings
from .kinds import Kinds, schema_kind
from .uses import texts
from .ways import Scope, way

SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "ash", "busybox")
FLAGS: Mapping[str, str] = {
    **dict.fromkeys(SHELLS, r"-[a-z]*c"),
    **dict.fromkeys(("python", "python3"), r"-[A-Za-z]*c"),
    **dict.fromkeys(("perl", "ruby", "node", "lua"), r"-[a-zA-Z]*e|--eval"),
    "php": "-r",
    "psql": r"-[A-Za-z]*c|--command",
    "mysql": "-e|--execute",
}
"""A program, and the option after which it takes a word for a program."""
FIRST = frozenset({"awk", "gawk", "mawk", "sed", "jq", "eval", "sqlite3"})
"""Programs that take a word for a program without an option."""

_HARMLESS = frozenset({"hostname", "ipv4", "ipv6", "ip", "date", "date-time", "duration", "slug"})
_TEXTS = frozenset({"stdout", "stderr", "body", "json", "headers", "url", "object", "rows"})
_IN_SHELL = re.compile(
    r"(?:^|[\s;&|(])(?:eval|(?:\S*/)?(?:"
    + "|".join(f"{re.escape(name)}\\s+(?:-\\S+\\s+)*(?:{flag})" for name, flag in FLAGS.items())
    + r"))\s+$"
)


def worth_it(scopes: Sequence[Scope]) -> bool:
    """Whether there is any place that quoting does not reach."""
    return any(
        _places(operation)
        for scope in scopes
        for step in scope.steps.values()
        if not isinstance(step.body, Parallel)
        for _, operation in of_step(step, "")
    )


def check(runbook: Runbook, scopes: Sequence[Scope], around: Around, found: Findings) -> None:
    """SG015."""
    trust = _Trust(runbook, around.specs)
    for scope in scopes:
        for name, step in scope.steps.items():
            if name not in scope.reached or isinstance(step.body, Parallel):
                continue
            for where, operation in of_step(step, f"{scope.prefix}{name}"):
                for text, names, verb, how in _places(operation):
                    for used in names:
                        why = trust.why(used, step)
                        if why:
                            message = f"`{where}` {verb} `{used}`, {why}, {how} `{_short(text)}`: {way(scope, name)}"
                            found.say("SG015", step.span, message, _HINT)


_HINT = "hand it over as a word of its own (`argv`, `env`, `stdin`), or hold the input to a `pattern`"


def _short(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _places(operation: Operation) -> list[tuple[str, tuple[str, ...], str, str]]:
    """Texts of an operation that are read as programs, with the names in them and what is done with those."""
    if operation.kind == "http":
        return []
    found = [
        (text, names, "puts", "unquoted into") for text in texts(operation.params) if (names := reading.raw_names(text))
    ]
    argv = operation.params.get("argv")
    if isinstance(argv, list):
        found += [(text, names_in(text), "runs", "as a program in") for text in _programs([str(w) for w in argv])]
    for text in texts(operation.params.get("text", "")):
        found += [(text, (name,), "runs", "as a program in") for name in _evaluated(text)]
    return found


def _programs(words: Sequence[str]) -> Iterator[str]:
    """The words of an argument list that a program in it takes for a program."""
    for at, word in enumerate(words):
        name = word.rpartition("/")[2]
        rest = words[at + 1 :]
        taken = ""
        if name in FLAGS:
            flag = next((i for i, one in enumerate(rest) if re.fullmatch(FLAGS[name], one)), len(rest))
            taken = next(iter(rest[flag + 1 : flag + 2]), "")
        elif name in FIRST:
            taken = next((one for one in rest if not one.startswith("-")), "")
        if scan.templated(taken):
            yield taken


def _evaluated(text: str) -> Iterator[str]:
    """The names in a shell text whose word a program takes for a program."""
    pieces = scan.pieces(text)
    before = ""
    for piece in pieces or ():
        if isinstance(piece, str):
            before = piece
        else:
            if _IN_SHELL.search(before):
                yield ".".join([piece.root, *map(str, piece.keys)])
            before = "x"


class _Trust:
    """Where a value comes from."""

    def __init__(self, runbook: Runbook, specs: Mapping[str, HandlerSpec]) -> None:
        self._runbook = runbook
        self._kinds = Kinds(runbook, specs)
        self._facts: dict[str, str] = {}
        self._sources: dict[str, list[Any]] = {}
        for step in runbook.steps.values():
            self._note(step)

    def _note(self, step: Step) -> None:
        for _, operation in of_step(step, ""):
            for name, value in operation.facts.items():
                self._sources.setdefault(name, []).append(value)
        if isinstance(step.body, SetFacts):
            for name, value in step.body.facts.items():
                self._sources.setdefault(name, []).append(value)
        if isinstance(step.body, Parallel):
            for branch in step.body.branches:
                for inner in branch.steps.values():
                    if isinstance(inner.body, SetFacts):
                        self._note(inner)

    def why(self, name: str, step: Step | None = None) -> str:
        """Why a value is not to be trusted; '' when it is."""
        root, _, rest = name.partition(".")
        if self._kinds.of(name) in {"number", "boolean"}:
            return ""
        if root == "alert":
            return "which the alert says"
        if root == "inputs" and rest in self._runbook.inputs:
            given = self._runbook.inputs[rest]
            return "which the alert says" if given.source.startswith("alert") and not confined(given) else ""
        if root == "steps":
            return "" if rest.rpartition(".")[2] in {"outcome", "conclusion"} else "which a step has printed"
        if root == "facts" and rest:
            return self._of_fact(rest.partition(".")[0])
        if root in _TEXTS:
            return "which a step has printed"
        each = step.each if step is not None else None
        if step is not None and each is not None and root == each.name:
            return next((why for text in texts(each.items) for one in _used(text) if (why := self.why(one))), "")
        return ""

    def _of_fact(self, name: str) -> str:
        if name not in self._facts:
            self._facts[name] = ""
            values = [text for value in self._sources.get(name, ()) for text in texts(value)]
            self._facts[name] = next((why for text in values for one in _used(text) if (why := self.why(one))), "")
        return self._facts[name]


def _used(text: str) -> tuple[str, ...]:
    return names_in(text)


def confined(given: Input) -> bool:
    """Whether the schema of an input holds it to values that no program could be written in."""
    schema = given.schema
    if schema_kind(schema) in {"number", "boolean", "null"} or "enum" in schema or "const" in schema:
        return True
    if schema.get("format") in _HARMLESS:
        return True
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or not (pattern.startswith("^") and pattern.endswith("$")) or "|" in pattern:
        return False
    return (
        re.fullmatch(r"(?:[\w/:@%+=,.-]|\\[dw.-]|\[[\w\\/:@%+=,. -]+\]|\{\d*,?\d*\}|[+*?()])*", _unescaped(pattern))
        is not None
    )


def _unescaped(pattern: str) -> str:
    """The inside of an anchored pattern; a bare dot stands for anything, and is made to stand out."""
    inner = pattern[1:-1]
    bare = re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", inner)
    return "\0" if "." in bare else inner
