"""Reads where secrets come from. Called for runbooks (load.py) and settings (settings.py)."""

from __future__ import annotations

from typing import Any

from ..model import SecretSource
from ..source import Mapping, Node, Scalar, builtin
from .fields import Field
from .reader import Reader, kind_of, shown
from .sources import SOURCES
from .tables import TABLES


def read_secrets(reader: Reader, node: Node | None) -> dict[str, SecretSource]:
    """Secrets by name: each a map with one key, its source."""
    mapping = reader.mapping(node, "`secrets`") if node is not None else None
    found: dict[str, SecretSource] = {}
    for key, value in mapping.entries if mapping else ():
        reader.scalar(Field("a name in `secrets`", "name", "", "password"), key)
        inner = reader.mapping(value, f"`{key.text}`")
        if inner is None:
            continue
        kinds = [kind for kind, _ in inner.entries if kind.text in SOURCES]
        for other, _ in inner.entries:
            if other.text not in SOURCES:
                reader.unknown(other, SOURCES, f"a secret has no source `{other.text}`", "SH101", "sources")
        if len(kinds) == 1:
            at = _at(reader, kinds[0], inner)
            if at is not None:
                found[key.text] = SecretSource(key.text, kinds[0].text, at)
        elif len(kinds) > 1 or not inner.entries:
            reader.say("SH104", inner.span, f"secret `{key.text}` needs one source", f"one of {', '.join(SOURCES)}")
    return found


def _at(reader: Reader, kind: Scalar, inner: Mapping) -> Any:
    """What a source needs, checked; None when it cannot be used."""
    field, node = SOURCES[kind.text], inner.get(kind.text)
    if node is None:
        return None
    if field.type == "text":
        return reader.text(node, f"`{kind.text}`")
    if field.type == "object":
        return _object(reader, field, node)
    value = builtin(node)
    words = isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)
    if words or (isinstance(value, str) and value.strip()):
        return value
    message = f"`{field.name}` must be text or a list of texts, and is {kind_of(node)}"
    reader.say("SH103", node.span, message, f"write `{field.name}: {shown(field.example)}`")
    return None


def _object(reader: Reader, field: Field, node: Node) -> dict[str, Any] | None:
    """A map with known keys, as whole as its table says; None when it is not."""
    found = reader.object(field.of, node, f"`{field.name}`")
    if found is None or not _whole(field.of, found):
        return None
    if "auth" in found and len(found["auth"]) != 1:
        reader.say("SH102", node.span, "`auth` needs one way to log in", "`approle` or `kubernetes`")
        return None
    return found


def _whole(table: str, found: dict[str, Any]) -> bool:
    """Whether all that is required is there, inside it too; what is not has been said."""
    inner = (_whole(one.of, found[one.name]) for one in TABLES[table] if one.type == "object" and one.name in found)
    return all(one.name in found for one in TABLES[table] if one.required) and all(inner)
