"""Rendering: templates and names in, text that remembers its parts (or plain values) out.

Called by the core when a step is about to start. Every function raises TemplateError and nothing else, whatever the
template and the values are. A value never becomes template text: what a placeholder gave is not looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model.plans import Json, Requested
from ..model.text import Literal, Part, Secret, Syntax, Text, Value, plain
from .failures import NotYetKnown, NulByte, TemplateError
from .lookup import Absent, resolve
from .places import misplaced
from .quoting import DEEPEST, QUOTE, as_text, native, no_data
from .scan import Placeholder, pieces, plain_name, templated
from .values import Given, Raw, SecretRef, Unknown
from .work import OUTPUT

_Names = Mapping[str, Any]


def render_text(source: str, names: _Names, syntax: Syntax = Syntax.PLAIN, *, tolerate_unknown: bool = False) -> Text:
    """A template for a text position: always a Text, each value quoted for the syntax.

    With `tolerate_unknown`, what is not known yet stands there as its name in brackets, and a template that depends
    on it (`{% if %}`) becomes that name as a whole.
    """
    if not templated(source):
        return _checked(plain(source), syntax)
    try:
        return _assembled(_expanded(source, names), syntax, tolerate=tolerate_unknown)
    except NotYetKnown as problem:
        if tolerate_unknown:
            return _unknown(Unknown(problem.label))
        raise


def render_value(
    value: Requested, names: _Names, syntax: Syntax = Syntax.PLAIN, *, tolerate_unknown: bool = False
) -> Requested:
    """Every template in a value rendered: strings become Text, except that a string which is one placeholder and
    nothing else gives its value as it is (a list, a number); a text or a secret is a Text there as well.
    """

    def string(source: str) -> Requested:
        try:
            found = _single(source, names)
            if found is None or isinstance(found.value, Raw):
                return render_text(source, names, syntax, tolerate_unknown=tolerate_unknown)
            return _requested(found.value, found.label, syntax, tolerate=tolerate_unknown)
        except NotYetKnown as problem:
            if tolerate_unknown:
                return _unknown(Unknown(problem.label))
            raise

    return _walked(value, string)


def render_native(value: Requested, names: _Names) -> Json:
    """Every template in a value rendered to plain data: a string that is one placeholder and nothing else gives its
    value as it is, any other string a string. Raises TemplateError for a secret: plain data is kept and shown.
    """

    def string(source: str) -> Json:
        if not templated(source):
            return source
        found = _single(source, names)
        if found is not None:
            return native(_no_secret(found), found.label)
        text = _assembled(_expanded(source, names), Syntax.PLAIN, tolerate=False)
        if text.secrets:
            raise _kept(text.secrets[0])
        return "".join(p.text for p in text.parts if not isinstance(p, Secret))

    return _walked(value, string)


def evaluate(source: str, names: _Names) -> Json:
    """The value of an expression, written without braces. Raises TemplateError for a secret."""
    found = _evaluated(source, names)
    return native(_no_secret(found), found.label)


def _no_secret(found: Given) -> Any:
    if isinstance(found.value, SecretRef):
        raise _kept(found.value.name)
    return found.value


def _kept(name: str) -> TemplateError:
    return TemplateError(
        f"`secrets.{name}` is a secret, and this value would be kept and shown",
        "use the secret where a step takes it: in a command, a header, a variable",
    )


def _evaluated(source: str, names: _Names) -> Given:
    name = plain_name(source)
    if name is not None:
        return _looked_up(name, names)
    from . import sandbox  # noqa: PLC0415 imports the template engine

    found = sandbox.run(source, names, expression=True)
    assert isinstance(found[0], Given)  # noqa: S101 an expression gives one value
    return found[0]


def _expanded(source: str, names: _Names) -> list[str | Given]:
    """Literal text and values in order."""
    found = pieces(source)
    if found is not None:
        return [_looked_up(p, names) if isinstance(p, Placeholder) else p for p in found]
    from . import sandbox  # noqa: PLC0415 imports the template engine

    return sandbox.run(source, names)


def _looked_up(placeholder: Placeholder, names: _Names) -> Given:
    try:
        value = resolve(names, placeholder.root, placeholder.keys)
    except TemplateError:
        raise
    except Exception as problem:  # noqa: BLE001 names may be looked up by code that fails
        raise TemplateError(f"`{placeholder.label}` cannot be looked up: {problem}") from None
    if isinstance(value, Absent):
        raise value.error()
    return Given(value, placeholder.label)


def _single(source: str, names: _Names) -> Given | None:
    """What a string gives that is one placeholder and nothing else (but line ends), or None when it is not."""
    source = source.rstrip("\n")
    if not (source.startswith("{{") and source.endswith("}}")):
        return None
    found = pieces(source)
    if found is not None:
        first = found[0]
        return _looked_up(first, names) if len(found) == 1 and isinstance(first, Placeholder) else None
    from . import sandbox  # noqa: PLC0415 imports the template engine

    if not sandbox.analysed(source).single:
        return None
    value = sandbox.run(source, names)[0]
    return value if isinstance(value, Given) else None


def _walked(value: Any, string: Any, depth: int = 0) -> Any:
    """A value with every string in it replaced."""
    if isinstance(value, str):
        return string(value)
    if depth == DEEPEST:
        raise TemplateError(f"the value is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        return {key: _walked(inner, string, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_walked(inner, string, depth + 1) for inner in value]
    return value


def _requested(value: Any, label: str, syntax: Syntax, *, tolerate: bool, depth: int = 0) -> Requested:
    """A value as it goes to a handler: texts and secrets as Text, also inside lists and maps."""
    if isinstance(value, (str, SecretRef, Unknown)):
        return _assembled([Given(value, label)], syntax, tolerate=tolerate)
    if isinstance(value, (Mapping, list, tuple)) and depth < DEEPEST:

        def inner(item: Any) -> Requested:
            return _requested(item, label, syntax, tolerate=tolerate, depth=depth + 1)

        if isinstance(value, Mapping):
            return {as_text(key, label): inner(item) for key, item in value.items()}
        return [inner(item) for item in value]
    return native(value, label)


def _assembled(found: list[str | Given], syntax: Syntax, *, tolerate: bool) -> Text:
    """Pieces put together, each value quoted for where it stands."""
    parts: list[Part] = []
    before = ""
    size = 0
    for piece in found:
        part = Literal(piece) if isinstance(piece, str) else _part(piece, syntax, before, tolerate=tolerate)
        text = part.name if isinstance(part, Secret) else part.text
        size += len(text)
        if size > OUTPUT:
            raise TemplateError(f"the rendered text is longer than {OUTPUT:,} characters")
        before += text
        parts.append(part)
    _placed(parts, found, syntax)
    return _checked(Text(tuple(_merged(parts))), syntax)


def _part(given: Given, syntax: Syntax, before: str, *, tolerate: bool) -> Part:
    value = given.value
    if isinstance(value, SecretRef):
        return _secret(value, syntax)
    if isinstance(value, Unknown) and tolerate:
        return Value(value.mark, value.mark, known=False)
    if isinstance(value, (SecretRef, Unknown)):
        raise no_data(value, given.label)
    return QUOTE[syntax](value, given.label, before)


def _secret(secret: SecretRef, syntax: Syntax) -> Secret:
    if syntax is Syntax.JSON:
        raise TemplateError(
            f"`secrets.{secret.name}` cannot stand in JSON text: its quotes are not known before it is",
            "give the body as a map instead of text",
        )
    return Secret(secret.name)


def _placed(parts: list[Part], found: list[str | Given], syntax: Syntax) -> None:
    """Raises TemplateError for a value in a place where its quoting would not be read."""
    if syntax not in {Syntax.SHELL, Syntax.JSON, Syntax.SQL}:
        return
    flow: list[str | None] = []
    labels: list[str] = []
    for part, piece in zip(parts, found, strict=True):
        if isinstance(piece, str) or isinstance(piece.value, Raw):
            flow.append("" if isinstance(part, Secret) else part.text)
        else:
            flow.append(None)
            labels.append(piece.label)
    for wrong in misplaced(flow, labels, syntax):
        raise TemplateError(wrong.message, wrong.hint)


def _merged(parts: list[Part]) -> list[Part]:
    """Without empty literals, and with neighbouring ones joined."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            found[-1] = Literal(last.text + part.text)
        elif not isinstance(part, Literal) or part.text:
            found.append(part)
    return found


def _checked(text: Text, syntax: Syntax) -> Text:
    if syntax is Syntax.SHELL and any(isinstance(p, Literal) and "\0" in p.text for p in text.parts):
        raise NulByte("the command holds a NUL byte, which no command line can carry")
    return text


def _unknown(value: Unknown) -> Text:
    return Text((Value(value.mark, value.mark, known=False),))
