"""What a statement of SQL does, as far as its words tell: whether it only reads, and whether a rollback takes it back.

Pure; called by `sql` for its effect and its plan. This is not what holds a read to reading: that is the transaction,
which the database itself keeps read-only. It is for what a read-only transaction lets through: functions that act on
the server (`pg_terminate_backend`), and statements that end a transaction by themselves (in MySQL every DDL does). A
function of somebody's own can hide either, so the rights of the database role stay the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from ..errors import BadInput
from ..expressions import sql
from ..expressions.places import in_sql
from ..expressions.sql import CODE, HOLE, IDENTIFIER, MYSQL, POSTGRESQL, SIGN, WORD, Token
from ..model import Effect, Literal, Secret, Text, Value

READS: Mapping[str, frozenset[str]] = {
    POSTGRESQL: frozenset({"select", "with", "values", "table", "show", "explain"}),
    MYSQL: frozenset({"select", "with", "values", "table", "show", "explain", "describe", "desc"}),
}
"""The words that a statement which only reads begins with."""

EXPLAINED = frozenset({"select", "with", "values", "table", "insert", "update", "delete", "merge", "replace"})
"""The words of statements that EXPLAIN takes."""

CONTROL = frozenset({"begin", "commit", "rollback", "start", "end", "abort", "savepoint", "release", "xa"})
"""Statements that would steer the transaction, which is the step's."""

ACTS: Mapping[str, re.Pattern[str]] = {
    POSTGRESQL: re.compile(
        r"pg_(terminate_backend|cancel_backend|reload_conf|rotate_logfile\w*|promote|switch_(wal|xlog)"
        r"|create_restore_point|(start|stop)_backup|backup_(start|stop)|(wal|xlog)_replay_(pause|resume)"
        r"|log_backend_memory_contexts|log_standby_snapshot|(create|drop|copy)_\w*replication_slot"
        r"|replication_slot_advance|sync_replication_slots|logical_slot_get_\w+|logical_emit_message"
        r"|replication_origin_\w+|(try_)?advisory_\w+|notify|file_(write|unlink|rename|sync)|stat_reset\w*"
        r"|stat_statements_reset|import_system_collations|extension_config_dump|restore_\w+|clear_\w+_stats)"
        r"|lo_\w+|lo(read|write)|dblink\w*|query_to_xml\w*|database_to_xml\w*|setval|nextval|http_(post|put|patch|delete)"
    ),
    MYSQL: re.compile(
        r"get_lock|release_lock|release_all_locks|sys_(exec|eval|set)|setval|nextval|service_(get|release)_\w+"
        r"|group_replication_\w+|asynchronous_connection_failover_\w+|gtid_\w*wait\w*"
    ),
}
"""Functions that act on the server, or outside of it, though nothing in a table changes."""

AT_ONCE: Mapping[str, re.Pattern[str]] = {
    POSTGRESQL: re.compile(
        r"vacuum\b|cluster\b|alter system\b|(create|drop|alter) (database|tablespace|subscription)\b"
        r"|(create( unique)?|drop) index concurrently\b|reindex.* concurrently\b|reindex( \(.*\))? (system|database)\b"
        r"|checkpoint\b|load\b|discard all\b|alter table .* detach partition .* concurrently\b|listen\b|unlisten\b"
    ),
    MYSQL: re.compile(
        r"(?!(insert|update|delete|replace|select|with|values|table|set @[^@]|do|call|show|explain|describe|desc)\b)"
    ),
}
"""Statements that no transaction can hold: they are carried out where they stand, and cannot be taken back.

In MySQL it is everything but the few that a transaction can hold: DDL, KILL, SET GLOBAL, FLUSH, ANALYZE and what comes.
"""


class Statement(Struct, frozen=True):
    """One statement as its dialect reads it."""

    dialect: str
    tokens: tuple[Token, ...]
    text: str

    @property
    def words(self) -> str:
        """The statement in one line, in lower case, without comments and with texts left out."""
        return " ".join("''" if t.kind == sql.TEXT else t.text for t in self.tokens)

    @property
    def first(self) -> str:
        """The word that it begins with, behind brackets."""
        found = next((t for t in self.tokens if not (t.kind == SIGN and t.text == "(")), None)
        return found.text if found is not None and found.kind == WORD else ""

    def names(self) -> set[str]:
        """All words and names in it."""
        return {t.text for t in self.tokens if t.kind in {WORD, IDENTIFIER}}


def pieces_of(text: Text) -> list[str | None]:
    """The text with None for all that is bound."""
    return [part.text if isinstance(part, Literal) else None for part in text.parts]


def _label(part: Value | Secret) -> str:
    return f"secrets.{part.name}" if isinstance(part, Secret) else "..."


def parsed(text: Text, dialect: str, what: str) -> Statement:
    """The one statement in a text. Raises BadInput for none, for several, and for a misplaced placeholder."""
    pieces = pieces_of(text)
    labels = [_label(part) for part in text.parts if not isinstance(part, Literal)]
    for wrong in in_sql(pieces, labels, dialect):
        raise BadInput(f"{what}: {wrong.message}", wrong.hint)
    found = sql.read(pieces, dialect)
    if found.open:
        raise BadInput(f"{what} ends {found.open}", "close it")
    tokens = list(found.tokens)
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise BadInput(f"{what} holds no statement", "write one, such as `select 1`")
    if any(t.kind == SIGN and t.text == ";" for t in tokens):
        raise BadInput(f"{what} holds more than one statement", "give `execute` a list: all of it is one transaction")
    return Statement(dialect, tuple(tokens), text.masked())


def acts(statement: Statement) -> str:
    """What in it does more than a rollback takes back; '' when nothing does."""
    pattern = ACTS[statement.dialect]
    return next((t.text for t in statement.tokens if t.kind in {WORD, IDENTIFIER} and pattern.fullmatch(t.text)), "")


def no_read(statement: Statement) -> str:
    """Why a statement is not known to only read; '' when it is."""
    if any(t.kind == CODE for t in statement.tokens):
        return "it holds a comment that is run (`/*! */`)"
    if any(t.kind == IDENTIFIER and t.text.startswith("u&") for t in statement.tokens):
        return 'it holds a name that is spelled out (`U&""`)'
    if statement.first not in READS[statement.dialect]:
        return f"it begins with {statement.first.upper() or 'no word'}"
    if acting := acts(statement):
        return f"{acting} acts on the server"
    words = f"{statement.words} "
    if statement.first == "explain" and re.search(r"^explain \(?(.*, )?\s*(analyze|analyse)\b", words):
        inner = re.search(r"\b(insert|update|delete|merge|replace|create|execute|refresh)\b", words)
        if inner:
            return f"EXPLAIN ANALYZE carries the {inner[1].upper()} out"
    if statement.first in {"select", "with", "values", "table"}:
        return _writes(statement)
    return ""


def _writes(statement: Statement) -> str:
    """What a SELECT or WITH holds that writes or locks."""
    plain = [t.text if t.kind == WORD else "" for t in statement.tokens]
    for before, word, after in zip(["", *plain], plain, [*plain[1:], ""], strict=False):
        if word == "into":
            return "INTO writes what it finds"
        if word in {"insert", "update", "delete", "merge"} and not before and after:
            return f"it holds {word.upper()}"
        if word == "for" and after in {"update", "share", "no", "key"}:
            return f"FOR {after.upper()} locks what it finds"
        if word == "lock" and after == "in":
            return "LOCK IN SHARE MODE locks what it finds"
        if word == "next" and after == "value":
            return "NEXT VALUE FOR moves a sequence"
    return ""


def alone(statement: Statement) -> str:
    """Why no transaction can hold a statement; '' when one can."""
    found = AT_ONCE[statement.dialect].match(statement.words.lstrip("( "))
    return f"{statement.first.upper() or 'it'} is carried out at once, and no rollback takes it back" if found else ""


def steers(statement: Statement) -> str:
    """The word with which a statement would steer the transaction; '' when it does not."""
    words = statement.words
    if statement.first in CONTROL or words.startswith(("prepare transaction", "set transaction", "set autocommit")):
        return statement.first.upper()
    return ""


def effect_of(texts: Sequence[str]) -> Effect:
    """The effect of statements as an author wrote them, whatever the dialect."""
    found = Effect.READ
    for text in texts:
        for dialect in sql.DIALECTS:
            found = max(found, _effect(_as_written(text, dialect)), key=list(Effect).index)
    return found


def _as_written(text: str, dialect: str) -> Statement:
    plain = re.sub(r"\{%.*?%\}|\{#.*?#\}", " ", text, flags=re.DOTALL)
    pieces: list[str | None] = []
    for number, piece in enumerate(re.split(r"\{\{.*?\}\}", plain, flags=re.DOTALL)):
        pieces += [None, piece] if number else [piece]
    return Statement(dialect, sql.read(pieces, dialect).tokens, text)


def _effect(statement: Statement) -> Effect:
    words = statement.names()
    if statement.first in {"drop", "truncate", "delete"} or (statement.first == "with" and "delete" in words):
        return Effect.DESTRUCTIVE
    if statement.first == "update" and "where" not in words:
        return Effect.DESTRUCTIVE
    return Effect.CHANGE if no_read(statement) else Effect.READ


def holes(statement: Statement) -> int:
    """How many placeholders it has."""
    return sum(t.kind == HOLE for t in statement.tokens)
