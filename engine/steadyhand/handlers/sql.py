"""`sql`: a query that is held to reading, or a change in one transaction that its own expectation commits.

This is the half without hands: the specification, the plan, its preview. The connections are made by `_sql`, and the
clients are imported when a step runs.

What an author may rely on: a placeholder is a bound parameter and never text; a `query` runs in a read-only
transaction that is rolled back; an `execute` is committed only when the step's expectation holds of what it did, and
is rolled back otherwise, so that a step that failed has changed nothing. The few statements that no transaction can
hold (VACUUM, MySQL's DDL) must stand alone, and the preview says that they act at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..model import (
    MASK,
    Capabilities,
    Effect,
    HandlerSpec,
    Literal,
    Need,
    Param,
    Plan,
    Result,
    Syntax,
    Target,
    TargetSpec,
    Text,
    Value,
)
from ._texts import text_of

if TYPE_CHECKING:
    from .protocol import Hands

ISOLATION = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
MAX_ROWS = 1000
MOST_ROWS = 100_000
"""The largest `max_rows`: what is kept of an answer lies in memory, and in the journal."""
TLS = ("VERIFY-FULL", "VERIFY-CA", "REQUIRE", "OFF")
SHOWN = 200
"""Characters of a bound value that a preview shows."""


def effect_of(params: Mapping[str, Any]) -> Effect:
    """A `query` that holds nothing but reads is one; what deletes is destructive."""
    given = params.get("execute", params.get("query", ""))
    texts = [text for text in (given if isinstance(given, (list, tuple)) else [given]) if isinstance(text, str)]
    from . import _statements  # noqa: PLC0415 only where a document has such a step

    found = _statements.effect_of(texts)
    if "query" in params and "execute" not in params:
        return found
    return Effect.CHANGE if found is Effect.READ else found


def _place(name: str, summary: str, port: int, socket: str, options: Mapping[str, str]) -> TargetSpec:
    url = f"{name}://app@db1:{port}/orders"
    return TargetSpec(
        name,
        summary,
        (
            Param("host", "text", "The host; localhost unless said.", "db1.example.com"),
            Param("port", "text", f"The port; {port} unless said.", port),
            Param("socket", "text", "A Unix socket instead of a host.", socket),
            Param("database", "text", "The database.", "orders"),
            Param("user", "text", "The user to log in as.", "steady"),
            Param("password", "text", "The password.", "{{ secrets.db_password }}"),
            Param("url", "text", "All of it as one address, instead of the keys above.", url),
            Param(
                "tls",
                "text",
                "How the server is checked. verify-full unless said; on this machine (loopback, socket), encrypted "
                "when the server offers it.",
                "verify-full",
                choices=TLS,
            ),
            Param("ca", "text", "A file of the authorities to trust, instead of the system's.", "/etc/ssl/db-ca.pem"),
            Param("cert", "text", "A file with our certificate.", "/etc/ssl/me.pem"),
            Param("key", "text", "A file with its key.", "/etc/ssl/me.key"),
            Param("options", "map", "Settings of the session, by name.", dict(options)),
            Param("connect_timeout", "duration", "The time to connect; 10s unless said.", "5s"),
        ),
    )


spec = HandlerSpec(
    name="sql",
    summary="Ask a database, or change it in one transaction.",
    short="query",
    params=(
        Param(
            "query",
            "text",
            "A statement that reads. It runs in a read-only transaction. Every placeholder is a bound parameter.",
            "select count(*) from orders where app = {{ inputs.app }}",
            syntax=Syntax.SQL,
        ),
        Param(
            "execute",
            "text",
            "A statement that changes something, or a list of them: one transaction, committed only when `expect` "
            "holds. Every placeholder is a bound parameter.",
            "delete from sessions where app = {{ inputs.app }}",
            syntax=Syntax.SQL,
            many=True,
        ),
        Param("isolation", "text", "The isolation; that of the server unless said.", "serializable", choices=ISOLATION),
        Param("max_rows", "integer", f"The rows that are kept; {MAX_ROWS} unless said. All are counted.", 50),
        Param("lock_timeout", "duration", "How long to wait for a lock that somebody else holds.", "5s"),
    ),
    one_of=(("query", "execute"),),
    results={
        "rows": "how many rows came back or, when a statement gives none back, how many it changed (all statements)",
        "records": "the rows that came back from the last statement that gave any, as maps, at most `max_rows`",
        "value": "the first column of the first of them; null when there is none",
        "columns": "the names of their columns",
        "committed": "whether a change was committed; false for a query, and when the expectation did not hold",
        "truncated": "whether there were more rows than are kept",
        "duration": "microseconds from the first statement to the end",
        "server": "what answered, such as PostgreSQL 15.18",
    },
    effect_of=effect_of,
    effect_known=True,
    capabilities=Capabilities(cancel=True, stream=True, dry_run=True, remote=True),
    targets=(
        _place("postgresql", "A PostgreSQL database.", 5432, "/run/postgresql", {"search_path": "shop"}),
        _place(
            "mysql",
            "A MySQL or MariaDB database.",
            3306,
            "/run/mysqld/mysqld.sock",
            {"time_zone": "+00:00"},
        ),
    ),
    target_required=True,
    modules=("psycopg", "pymysql"),
    extra="sql",
)


def plan(params: Mapping[str, Any], target: Target | None) -> Plan:
    """The statements as they would be sent, their values beside them. Raises BadInput."""
    if target is None:
        raise BadInput(
            "an `sql` step needs a target", "add `target:`, declared under `targets:` as postgresql or mysql"
        )
    place = {name: value for name, value in target.params.items() if value is not None}
    _check_place(target.name, place)
    statements, what = _statements_of(params)
    at_once = _check(statements, what, target.kind)
    request = {
        "database": {**place, "kind": target.kind, "name": target.name},
        what: statements,
        "isolation": _choice(params, "isolation", ISOLATION),
        "max_rows": _bounded(params.get("max_rows", MAX_ROWS)),
        "lock_timeout": params.get("lock_timeout", 0),
        "at_once": at_once,
    }
    return Plan("sql", "\n".join(_shown(request, what)), request, (f"{target.name}/{address(place)}",))


def perform(plan: Plan, hands: Hands) -> Result:
    """Carry it out, once."""
    from . import _sql  # noqa: PLC0415 the clients are not for `validate`

    return _sql.perform(plan.request, hands)


def preflight(plan: Plan, hands: Hands) -> list[Need]:
    """Whether the database can be reached, logged in to, and does what is asked."""
    from . import _sql  # noqa: PLC0415 the clients are not for `validate`

    return _sql.preflight(plan.request, hands)


def dry_run(plan: Plan, hands: Hands) -> Result:
    """What the database would do, as EXPLAIN tells it: nothing is carried out, no lock is taken, no trigger runs."""
    from . import _sql  # noqa: PLC0415 the clients are not for `validate`

    return _sql.explain(plan.request, hands)


# --- checks that need no hands


def _statements_of(params: Mapping[str, Any]) -> tuple[list[Text], str]:
    if ("query" in params) == ("execute" in params):
        raise BadInput("`sql` needs one of `query` and `execute`", "`query` reads, `execute` changes something")
    if "query" in params:
        return [text_of(params["query"])], "query"
    given = params["execute"]
    found = [text_of(text) for text in (given if isinstance(given, (list, tuple)) else [given])]
    if not found:
        raise BadInput("`execute` holds no statement", "give at least one")
    return found, "execute"


def _check(statements: Sequence[Text], what: str, dialect: str) -> str:
    """What of it acts at once, whatever becomes of the transaction; '' for nothing. Raises BadInput."""
    from . import _statements as s  # noqa: PLC0415 only when a step is planned

    found = [s.parsed(text, dialect, f"`{what}`") for text in statements]
    if what == "query":
        reason = s.no_read(found[0])
        if reason:
            raise BadInput(f"this `query` is not known to only read: {reason}", "write it as `execute`, with a gate")
        return ""
    for statement in found:
        if steering := s.steers(statement):
            raise BadInput(f"`execute` holds {steering}: the transaction is the step's", "leave it out")
        if (lonely := s.alone(statement)) and len(found) > 1:
            raise BadInput(f"{lonely}: it cannot stand beside others", "make it a step of its own")
    if lonely := s.alone(found[0]):
        return lonely
    acting = next((name for one in found if (name := s.acts(one))), "")
    return f"{acting} acts at once, and no rollback takes it back" if acting else ""


def _check_place(name: str, place: Mapping[str, Any]) -> None:
    ways = [key for key in ("url", "socket", "host") if key in place]
    if len(ways) > 1:
        raise BadInput(f"target {name} has both `{ways[0]}` and `{ways[1]}`", "give one of them")
    beside = [key for key in ("port", "database", "user", "password") if key in place]
    if "url" in place and beside:
        raise BadInput(f"target {name} has `url`, and `{beside[0]}` beside it", "write it into the address")
    if "key" in place and "cert" not in place:
        raise BadInput(f"target {name} has a `key` and no `cert`", "name the file of the certificate")
    port = text_of(place.get("port", 1)).masked()
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadInput(f"target {name} has no port {port[:40]}", "a port is a number from 1 to 65535")
    _choice(place, "tls", TLS)


def _choice(params: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """One of the words that are allowed, in lower case; '' when it is not given."""
    if name not in params:
        return ""
    word = text_of(params[name]).masked()
    if word.upper() not in choices:
        raise BadInput(f"`{name}` cannot be {word[:40]!r}", f"one of {', '.join(choices).lower()}")
    return word.lower()


def _bounded(rows: Any) -> int:
    if not isinstance(rows, int) or not 0 <= rows <= MOST_ROWS:
        raise BadInput(f"`max_rows` cannot be {rows}", f"a whole number from 0 to {MOST_ROWS:,}")
    return rows


# --- the preview: what a person approves


def address(place: Mapping[str, Any]) -> str:
    """Where the database is, without its secrets: user@host:port/database."""
    if "url" in place:
        whole = text_of(place["url"]).masked()
        return re.sub(r"^\w+://", "", re.sub(r":[^:@/]*@", "@", whole)).partition("?")[0]
    user = f"{text_of(place['user']).masked()}@" if "user" in place else ""
    database = f"/{text_of(place['database']).masked()}" if "database" in place else ""
    if "socket" in place:
        return f"{user}{text_of(place['socket']).masked()}{database}"
    host = text_of(place.get("host", "localhost")).masked()
    port = f":{text_of(place['port']).masked()}" if "port" in place else ""
    return f"{user}{host}{port}{database}"


def _shown(request: Mapping[str, Any], what: str) -> Iterator[str]:
    number = 0
    for text in request[what]:
        lines = []
        written = ""
        for part in text.parts:
            if isinstance(part, Literal):
                written += part.text
                continue
            number += 1
            written += f"${number}"
            lines.append(f"-- ${number} = {_bound(part)}")
        yield written.strip()
        yield from lines
    if request["isolation"]:
        yield f"-- isolation: {request['isolation']}"
    becomes = "in a read-only transaction"
    if what == "execute":
        becomes = request["at_once"] or "in a transaction, committed when the expectation holds"
    yield f"-- {becomes}; on {request['database']['name']}, {address(request['database'])}"


def _bound(part: Any) -> str:
    if not isinstance(part, Value):
        return MASK
    if not part.known:
        return part.raw
    text = part.raw if part.data else "'" + part.raw.replace("'", "''") + "'"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ... ({len(text):,} characters)"
