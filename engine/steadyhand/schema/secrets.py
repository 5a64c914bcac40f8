"""Reads where secrets come from. Called for runbooks (load.py) and settings (settings.py)."""

from __future__ import annotations

from ..model import SecretSource
from ..source import Node, builtin
from .reader import Reader
from .tables import SOURCES, Field


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
            found[key.text] = SecretSource(key.text, kinds[0].text, builtin(inner)[kinds[0].text])
        elif len(kinds) > 1 or not inner.entries:
            reader.say("SH104", inner.span, f"secret `{key.text}` needs one source", f"one of {', '.join(SOURCES)}")
    return found
