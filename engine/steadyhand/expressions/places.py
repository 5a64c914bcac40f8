"""Whether a placeholder may stand where it stands, and what to write instead.

Called by the check of a document and by the renderer, with the same answer and the same words. Quoting a value is only
half of what makes it data; the other half is that it is put where that quoting is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..model.text import Syntax
from . import shell, sql


class Misplaced(Struct, frozen=True):
    """The placeholder of that index (counted from 0) stands where its value would not stay data."""

    index: int
    message: str
    hint: str


_DROP_QUOTES = "its value is quoted already, and would not be in there"
_NOT_QUOTED = "quotes do not protect a value there"
_VARIABLE = 'give it to a variable in a line of its own before that, `v={placeholder}`, and write `"$v"` here'

_SHELL: Mapping[str, tuple[str, str]] = {
    shell.DOUBLE: (_DROP_QUOTES, "write `{fixed}`"),
    shell.SINGLE: (_DROP_QUOTES, "write `{fixed}`"),
    shell.BACKTICK: (_NOT_QUOTED, "write `$( )` instead of the backticks"),
    shell.HEREDOC: (_NOT_QUOTED, "hand the text over through `stdin:`"),
    shell.COMMENT: (_NOT_QUOTED, "take it out of the comment"),
    shell.EXPANSION: (_NOT_QUOTED, _VARIABLE),
    shell.ARITHMETIC: (_NOT_QUOTED, "compute in the template: `{{{{ {label} | int + 1 }}}}`"),
    shell.DOLLAR: ("some shells read the quotes of its value differently there", "take the `$` away"),
    shell.ESCAPED: ("it would undo the quotes of its value", "take the backslash away"),
    shell.UNCLEAR: ("shells read such text differently", _VARIABLE),
}

_PLACED = {shell.UNCLEAR: "a placeholder where the quoting cannot be told"}


def misplaced(pieces: Sequence[str | None], labels: Sequence[str], syntax: Syntax) -> list[Misplaced]:
    """All misplaced placeholders. `pieces` is the text with None for each of them, `labels` how they are written."""
    find = _FINDERS.get(syntax)
    return find(pieces, labels) if find and None in pieces else []


def _in_shell(pieces: Sequence[str | None], labels: Sequence[str]) -> list[Misplaced]:
    found = []
    for index, context in enumerate(shell.contexts(pieces)):
        if context == shell.BARE:
            continue
        why, hint = _SHELL[context]
        fixed = _without_quotes(pieces, labels, index, "'" if context == shell.SINGLE else '"')
        words = {"label": labels[index], "placeholder": _braced(labels[index]), "fixed": fixed}
        message = f"{_PLACED.get(context, f'a placeholder {context}')}: {why}"
        found.append(Misplaced(index, message, hint.format(**words)))
    return found


def _in_json(pieces: Sequence[str | None], labels: Sequence[str]) -> list[Misplaced]:
    found: list[Misplaced] = []
    quoted, index = False, 0
    for piece in pieces:
        if piece is not None:
            quoted = _string_open(piece, quoted)
            continue
        if quoted:
            hint = f"write `{_braced(labels[index])}` without the quotes; put texts together inside the braces with `~`"
            found.append(Misplaced(index, "a placeholder inside a JSON string: it gives a whole JSON value", hint))
        index += 1
    return found


def in_sql(pieces: Sequence[str | None], labels: Sequence[str], dialect: str = "") -> list[Misplaced]:
    """Without a dialect, what is misplaced in each of them."""
    found = []
    for index, context in enumerate(sql.contexts(pieces, dialect)):
        if context == sql.BARE:
            continue
        why, hint = sql.SAID[context]
        text, word = sql.around(pieces, index, dialect or sql.POSTGRESQL)
        label = _braced(labels[index])
        fixed = sql.fixed(text, labels[index]) if text and text.count("\n") == 0 else label
        fixed = f"cast({fixed} as {word})" if word in sql.TYPES else fixed
        message = f"a placeholder {context}: {why}"
        found.append(Misplaced(index, message, hint.format(fixed=fixed, placeholder=label, word=word)))
    return found


_FINDERS: Mapping[Syntax, Callable[[Sequence[str | None], Sequence[str]], list[Misplaced]]] = {
    Syntax.SHELL: _in_shell,
    Syntax.JSON: _in_json,
    Syntax.SQL: in_sql,
}


def _string_open(text: str, quoted: bool) -> bool:
    """Whether a JSON string is open after the text, given whether one was before it."""
    escaped = False
    for char in text:
        if escaped or not quoted:
            escaped = False
            quoted = quoted or char == '"'
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = False
    return quoted


def _braced(label: str) -> str:
    return f"{{{{ {label} }}}}"


def _without_quotes(pieces: Sequence[str | None], labels: Sequence[str], index: int, quote: str) -> str:
    """The quoted stretch around a placeholder, with its placeholders outside the quotes."""
    holes = [at for at, piece in enumerate(pieces) if piece is None]
    before, after = _until(pieces, holes[index], quote, -1), _until(pieces, holes[index], quote, 1)
    number = index - sum(piece is None for piece in before)
    words = []
    for piece in [*reversed(before), None, *after]:
        if piece is None:
            words.append(_braced(labels[number]))
            number += 1
        elif piece:
            words.append(f"{quote}{piece}{quote}")
    return "".join(words)


def _until(pieces: Sequence[str | None], at: int, quote: str, step: int) -> list[str | None]:
    """The pieces beside one, going in the direction of `step`, cut where the quote stands."""
    found: list[str | None] = []
    at += step
    while 0 <= at < len(pieces):
        piece = pieces[at]
        if piece is not None and quote in piece:
            return [*found, piece.rpartition(quote)[2] if step < 0 else piece.partition(quote)[0]]
        found.append(piece)
        at += step
    return found
