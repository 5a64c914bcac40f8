"""Settings (steady.yaml): where the journal lies, where runbooks are, who has which role, how people are reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ..errors import Diagnostic
from ..model import HandlerSpec, SecretSource, Target
from ..source import Node, parse
from .changes import Changes, read_changes
from .people import Directory, read_directory
from .reader import Reader
from .references import undeclared
from .routes import Route, read_routes, read_services
from .secrets import read_secrets
from .serving import Serving, read_serving
from .tables import SETTINGS
from .targets import read_places

if TYPE_CHECKING:
    from .asks import Asking
    from .intakes import IntakeSpec


class Settings(Struct, frozen=True):
    """What steady.yaml says; everything may be left out. `roles` maps a role to the people who have it.

    `policy` maps an effect to `asked` or `unasked`, for gates with `auto: true` in mode `auto`.
    """

    store: str = ""
    library: tuple[str, ...] = ()
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contacts: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Target] = field(default_factory=dict)
    channels: Mapping[str, Target] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    changes: Changes = Changes()
    intakes: Mapping[str, IntakeSpec] = field(default_factory=dict)
    """Who may post alerts, by name."""
    asks: tuple[Asking, ...] = ()
    """Where open questions are told."""
    confine: str = ""
    """`required`: every read on this machine must say `confine: true`; '' leaves it to the runbooks."""
    rules: tuple[str, ...] = ()
    policy: Mapping[str, str] = field(default_factory=dict)
    server: Serving = Serving()
    directory: Directory = Directory()
    """`people`, `groups` and `login`: who may use a server."""
    routes: tuple[Route, ...] | None = None
    """Which alerts start which runbooks; None where nothing is said, so that only the runbooks' own `alerts:` do."""
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each service needs."""


_PLACES = (
    "targets", "channels", "secrets", "changes", "intake", "asks", "server", "people", "groups", "login",
    "routes", "services",
)  # fmt: skip


def read_settings(
    text: str | bytes, name: str, specs: Mapping[str, HandlerSpec]
) -> tuple[Settings | None, tuple[Diagnostic, ...]]:
    """The settings of a document, and everything that is wrong with it. None when there is none."""
    root, found = parse(text, name)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    mapping = reader.mapping(root, "the settings") if root is not None else None
    if mapping is None:
        return None, tuple(reader.found)
    given = reader.fields(mapping, "settings", "the settings")
    plain = {f.name: reader.value(f, given[f.name]) for f in SETTINGS if f.name in given and f.name not in _PLACES}
    secrets = read_secrets(reader, given.get("secrets"))
    channels = read_places(reader, specs, given.get("channels"), "channels")
    settings = Settings(
        store=plain.get("store") or "",
        library=tuple(plain.get("library") or ()),
        roles={role: tuple(people) for role, people in (plain.get("roles") or {}).items()},
        contacts=plain.get("contacts") or {},
        targets=read_places(reader, specs, given.get("targets")),
        channels=channels,
        secrets=secrets,
        directory=read_directory(reader, given, secrets),
        changes=read_changes(reader, given.get("changes")),
        intakes=_intakes(reader, given.get("intake"), secrets),
        asks=_asks(reader, given.get("asks"), channels, secrets),
        confine=plain.get("confine") or "",
        rules=tuple(plain.get("rules") or ()),
        policy=(plain.get("policy") or {}).get("auto") or {},
        server=read_serving(reader, given.get("server")),
        routes=read_routes(reader, given.get("routes")),
        services=read_services(reader, given.get("services")),
    )
    for section in ("targets", "channels"):
        if section in given:
            undeclared(reader, given[section], {"secrets": tuple(settings.secrets)})
    return settings, tuple(sorted(reader.found, key=lambda d: (d.span, d.code)))


def _intakes(reader: Reader, node: Node | None, secrets: Collection[str]) -> Mapping[str, IntakeSpec]:
    if node is None:
        return {}
    from .intakes import read_intakes  # noqa: PLC0415 only for a server: a cold `validate` does without

    return read_intakes(reader, node, secrets)


def _asks(
    reader: Reader, node: Node | None, channels: Mapping[str, Target], secrets: Collection[str]
) -> tuple[Asking, ...]:
    if node is None:
        return ()
    from .asks import read_asks  # noqa: PLC0415 only for a server: a cold `validate` does without

    return read_asks(reader, node, channels, secrets)
