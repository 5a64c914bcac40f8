"""What may be told of the words that name a store. Called by whoever opens one, or speaks of one."""

from __future__ import annotations

TOLD = {
    *("host", "hostaddr", "port", "dbname", "user", "service", "sslmode", "sslrootcert", "sslcert", "sslkey"),
    *("target_session_attrs", "connect_timeout", "patience", "connections"),
}
"""What may be told of the query of an address; whatever else stands there may be secret, if only by a slip."""


def is_postgresql(url: str) -> bool:
    """Whether it names a database of PostgreSQL."""
    return url.startswith(("postgresql://", "postgres://"))


def shown(url: str) -> str:
    """The name of a store for people: without the passwords of a database."""
    if not is_postgresql(url):
        return url
    place, mark, query = url.partition("://")[2].partition("?")
    login, at, place = place.rpartition("@")
    port = place.partition("/")[0].rpartition(":")[2] if ":" in place else "0"
    if ("@" in query and not at) or not port.rpartition("]")[2].replace(",", "").isdecimal():
        return "postgresql://..."  # a misspelt address: what looks like a port may be a part of the password
    kept = "&".join(word for word in query.split("&") if word.partition("=")[0] in TOLD)
    return f"postgresql://{login.partition(':')[0]}{at}{place}{mark if kept else ''}{kept}"
