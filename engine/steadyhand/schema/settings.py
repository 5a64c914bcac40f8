"""Settings (steady.yaml): where the journal lies, where runbooks are, who has which role, how people are reached."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ..errors import Diagnostic
from ..model import Target
from ..source import parse
from .load import targets
from .reader import Reader
from .tables import SETTINGS


class Settings(Struct, frozen=True):
    """What steady.yaml says; everything may be left out. `roles` maps a role to the people who have it."""

    store: str = ""
    library: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)


def read_settings(text: str | bytes, name: str) -> tuple[Settings | None, tuple[Diagnostic, ...]]:
    """The settings of a document, and everything that is wrong with it. None when there is none."""
    root, found = parse(text, name)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    mapping = reader.mapping(root, "the settings") if root is not None else None
    if mapping is None:
        return None, tuple(reader.found)
    given = reader.fields(mapping, "settings", "the settings")
    plain = {f.name: reader.value(f, given[f.name]) for f in SETTINGS if f.name in given and f.name != "targets"}
    settings = Settings(
        store=plain.get("store") or "",
        library=tuple(plain.get("library") or ()),
        roles={role: tuple(people) for role, people in (plain.get("roles") or {}).items()},
        contacts=plain.get("contacts") or {},
        targets=targets(reader, given.get("targets")),
    )
    return settings, tuple(sorted(reader.found, key=lambda d: (d.span, d.code)))
