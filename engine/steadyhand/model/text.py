"""Rendered text that remembers where each piece came from.

A template never becomes a plain string: it becomes a `Text`, a sequence of parts. What the author wrote is `Literal`,
what a value put in is `Value` (already quoted for the place it stands in), and a secret is a `Secret`, a name without
a value. Masking and quoting therefore belong to the value, and no code path can show a secret by forgetting to hide it.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

MASK = "•••"


class Syntax(Enum):
    """What language a template's text will be read as, which decides how a substituted value is quoted."""

    PLAIN = "plain"
    """Prose and whole values: nothing is quoted (prompts, headers, argv elements, environment values, bodies)."""
    SHELL = "shell"
    """A POSIX shell command: every value is exactly one quoted word."""
    URL = "url"
    """A URL: every value is percent-encoded as one component."""
    JSON = "json"
    """JSON text written by hand: every value is one JSON value."""
    SQL = "sql"
    """SQL text: every value becomes a bound parameter."""


class Literal(Struct, frozen=True, tag="literal"):
    """Text that stands in the runbook itself."""

    text: str


class Value(Struct, frozen=True, tag="value", omit_defaults=True):
    """A substituted value: `raw` as it was, `text` as it must stand here (quoted, encoded).

    `known` is false in a dry run for what only a real run can tell: then both are its name in brackets. `data` says
    that `raw` is JSON, for a value that was no text where its type is kept (a parameter of SQL).
    """

    raw: str
    text: str
    known: bool = True
    data: bool = False


class Secret(Struct, frozen=True, tag="secret"):
    """A secret by name. Its value is looked up when the step starts, and never before."""

    name: str


Part = Literal | Value | Secret


class Text(Struct, frozen=True):
    """A rendered template."""

    parts: tuple[Part, ...]

    def masked(self) -> str:
        """As a person may see it: secrets are dots."""
        return "".join(MASK if isinstance(p, Secret) else p.text for p in self.parts)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets in it, in order of appearance."""
        return tuple(p.name for p in self.parts if isinstance(p, Secret))


def plain(text: str) -> Text:
    """Text without any substituted part."""
    return Text((Literal(text),))
