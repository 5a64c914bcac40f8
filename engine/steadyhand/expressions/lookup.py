"""Finding the value of a dotted name, and saying well what is there when it is not found.

Called by the renderer for placeholders that are plain names, and by the sandbox for the same names inside larger
expressions: one meaning, one message. A name reaches items of maps and lists, never attributes of objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from .failures import TemplateError, listed, nearest
from .values import SecretRef, Truncated, Unknown, kind, transformed

Key = str | int

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Absent(Struct, frozen=True):
    """A name that leads nowhere. It is an error only once it is used, so that `default` and `is defined` work."""

    message: str
    hint: str = ""

    def error(self) -> TemplateError:
        """The error to raise when it is used."""
        return TemplateError(self.message, self.hint)


def spelled(root: str, keys: Sequence[Key]) -> str:
    """A name as it is written: `contacts['team-data'].phone`."""
    return root + "".join(_step(key) for key in keys)


def _step(key: Key) -> str:
    return f".{key}" if isinstance(key, str) and _IDENTIFIER.match(key) else f"[{key!r}]"


def dotted(root: str, keys: Sequence[Key]) -> str:
    """A name with dots only: `contacts.team-data.phone`."""
    return ".".join([root, *map(str, keys)])


def resolve(names: Mapping[str, Any], root: str, keys: Sequence[Key]) -> Any:
    """The value of a name, or Absent. Raises TemplateError when it looks into a secret, or at text that was cut."""
    return follow(names[root], root, keys) if root in names else unknown_root(names, root)


def follow(value: Any, root: str, keys: Sequence[Key]) -> Any:
    """What the keys lead to from the value of `root`, or Absent."""
    for at, key in enumerate(keys):
        found = member(value, key, spelled(root, keys[:at]))
        if isinstance(found, Absent):
            return found
        value = found
    if isinstance(value, Truncated):
        raise TemplateError(f"`{spelled(root, keys)}` is not whole: {value.why}", "make the command print less")
    return value


def unknown_root(names: Mapping[str, Any], root: str) -> Absent:
    """What to say of a first name that does not exist."""
    meant = nearest(root, names)
    there = f"there are {listed(names)}" if names else "there are no names at all"
    return Absent(f"`{root}` does not exist here; {there}", f"did you mean `{meant}`?" if meant else "")


def member(value: Any, key: Any, where: str) -> Any:
    """One item of a value, or Absent. `where` is how the value was written, '' when it has no name."""
    if isinstance(value, SecretRef):
        raise transformed(value.name)
    if isinstance(value, Unknown):
        return value[key]
    if isinstance(value, Mapping):
        return _of_map(value, key, where)
    if isinstance(value, (list, tuple, str)) and isinstance(key, int) and not isinstance(key, bool):
        return _of_list(value, key, where)
    return Absent(f"`{where}{_shown(key)}` does not exist; {_said(where)} is {kind(value)}", _index_hint(value, where))


def _of_map(value: Mapping[Any, Any], key: Any, where: str) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        meant = nearest(key, value) if isinstance(key, str) else ""
        there = f"has {listed(value)}" if len(value) else "has nothing"
        hint = f"did you mean `{where}{_step(meant)}`?" if meant else ""
        return Absent(f"`{where}{_shown(key)}` does not exist; {_said(where)} {there}", hint)


def _of_list(value: Sequence[Any], key: int, where: str) -> Any:
    try:
        return value[key]
    except IndexError:
        what = "characters" if isinstance(value, str) else "items"
        return Absent(f"`{where}{_shown(key)}` does not exist; {_said(where)} has {len(value)} {what}")


def _said(where: str) -> str:
    return f"`{where}`" if where else "the value"


def _shown(key: Any) -> str:
    return _step(key) if isinstance(key, (str, int)) else f"[{kind(key)}]"


def _index_hint(value: Any, where: str) -> str:
    return f"write `{where}[0]` for its first item" if isinstance(value, (list, tuple)) else ""
