"""What goes wrong with a template or an expression, in words for the person who wrote it.

Called by every module of this room. `TemplateError` is raised while a run goes on, `Problem` is found beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ..errors import SteadyError


class TemplateError(SteadyError):
    """A template or an expression cannot give a value: what it would do is not done."""


class NulByte(TemplateError):
    """A value holds a NUL, which no command line can carry."""


class NotYetKnown(TemplateError):
    """A value is asked for that only the run itself will show (dry run, plan). `label` says which."""

    def __init__(self, label: str) -> None:
        super().__init__(f"`{label}` is not known yet", "it is known only once the step that gives it has run")
        self.label = label


class Problem(Struct, frozen=True):
    """A finding about one template. `offset` counts characters from its start.

    `kind` is 'error', or 'raw' where the author turned quoting off, which is allowed and flagged.
    """

    message: str
    offset: int
    hint: str = ""
    kind: str = "error"


def nearest(word: str, known: Iterable[object]) -> str:
    """The known word that was most likely meant, or ''."""
    from difflib import get_close_matches  # noqa: PLC0415 needed only when something is wrong

    words = [k for k in known if isinstance(k, str)][:1000]
    swapped = [k for k in words if len(word) > 2 and sorted(k) == sorted(word)]
    found = swapped or get_close_matches(word, words, n=1, cutoff=0.6)
    return found[0] if found else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """Names as a person reads them: `a, b, c and 7 more`."""
    known = sorted(str(n) for n in names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
