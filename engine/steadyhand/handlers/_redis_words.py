"""Redis commands as words, and what each does: pure tables for `redis`.

A command is split where the author wrote blanks, never inside what a placeholder put in, and its name must be written
out: the effect is told from the runbook, and no value can make another command of it. What is not known here to only
read is a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import BadInput
from ..model import Effect, Literal, Part, Text


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


READS = _set(
    "GET MGET STRLEN GETRANGE SUBSTR EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME SCAN RANDOMKEY DBSIZE DUMP LLEN "
    "LRANGE LINDEX LPOS HGET HMGET HGETALL HLEN HKEYS HVALS HEXISTS HSTRLEN HSCAN HRANDFIELD SCARD SMEMBERS "
    "SISMEMBER SMISMEMBER SRANDMEMBER SSCAN SINTER SUNION SDIFF SINTERCARD ZCARD ZCOUNT ZRANGE ZREVRANGE "
    "ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZSCORE ZMSCORE ZRANK ZREVRANK ZSCAN ZRANDMEMBER "
    "ZLEXCOUNT ZDIFF ZINTER ZUNION ZINTERCARD XLEN XRANGE XREVRANGE XREAD XPENDING BITCOUNT BITPOS GETBIT "
    "BITFIELD_RO GEOPOS GEODIST GEOHASH GEOSEARCH SORT_RO INFO PING ECHO TIME LASTSAVE ROLE EVAL_RO EVALSHA_RO "
    "FCALL_RO"
)
"""Commands that only look. KEYS is not among them: it holds up everybody while it looks (SCAN does not)."""
READS_IN: Mapping[str, frozenset[str]] = {
    name: _set(words)
    for name, words in {
        "ACL": "WHOAMI LIST USERS GETUSER CAT",
        "CLIENT": "LIST INFO ID GETNAME",
        "CLUSTER": "INFO NODES SLOTS SHARDS MYID KEYSLOT COUNTKEYSINSLOT",
        "COMMAND": "COUNT DOCS INFO LIST",
        "CONFIG": "GET",
        "FUNCTION": "LIST STATS",
        "LATENCY": "LATEST HISTORY DOCTOR",
        "MEMORY": "USAGE STATS DOCTOR",
        "MODULE": "LIST",
        "OBJECT": "ENCODING IDLETIME FREQ REFCOUNT",
        "PUBSUB": "CHANNELS NUMSUB NUMPAT",
        "SCRIPT": "EXISTS",
        "SENTINEL": "MASTERS MASTER REPLICAS SENTINELS GET-MASTER-ADDR-BY-NAME CKQUORUM",
        "SLOWLOG": "GET LEN",
        "XINFO": "STREAM GROUPS CONSUMERS",
    }.items()
}
"""Commands with a second word: those words of each that only look."""
CONTAINERS = frozenset(READS_IN) | {"XGROUP", "DEBUG"}
DESTROYS = _set(
    "FLUSHALL FLUSHDB SHUTDOWN DEBUG DEL UNLINK GETDEL HDEL SREM SPOP ZREM ZPOPMIN ZPOPMAX ZREMRANGEBYRANK "
    "ZREMRANGEBYSCORE ZREMRANGEBYLEX LREM LTRIM LPOP RPOP BLPOP BRPOP LMPOP BLMPOP ZMPOP BZMPOP BZPOPMIN BZPOPMAX "
    "XDEL XTRIM REPLICAOF SLAVEOF MIGRATE RESTORE SWAPDB"
)
DESTROYS_IN: Mapping[str, frozenset[str]] = {
    "CLUSTER": frozenset({"RESET", "FLUSHSLOTS", "FORGET"}),
    "FUNCTION": frozenset({"FLUSH", "DELETE", "RESTORE"}),
    "SCRIPT": frozenset({"FLUSH"}),
    "XGROUP": frozenset({"DESTROY"}),
}
NOT_HERE = _set(
    "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR MULTI EXEC DISCARD WATCH "
    "UNWATCH SELECT AUTH HELLO QUIT RESET SYNC PSYNC ASKING READONLY READWRITE"
)
"""Commands about the connection itself, which is the step's, or that have no one answer."""
SCRIPTS = frozenset({"EVAL", "EVALSHA", "FCALL"})
"""Commands that may have changed something before they failed."""
LOGIC = re.compile(r"\{[%#]|\{\{-|-\}\}")
"""What a template may make another command with: statements, and marks that join words."""

_BLANK = re.compile(r"\s+")


def effect_of(given: Any) -> Effect:
    """The effect of a command as it is written. A name that is not written out may be any."""
    texts = [str(item) for item in given] if isinstance(given, (list, tuple)) else _BLANK.split(str(given).strip())
    if any(LOGIC.search(text) for text in ([str(given)] if isinstance(given, str) else texts)):
        return Effect.DESTRUCTIVE
    names = [text.strip("\"'").upper() for text in texts[:2]]
    if names[:1] and names[0] not in CONTAINERS:
        names = names[:1]
    return effect(names)


def effect(names: Sequence[str]) -> Effect:
    """The effect of a command by its one or two names in upper case."""
    if not names or any("{" in name for name in names):
        return Effect.DESTRUCTIVE
    first, second = names[0], names[1] if len(names) > 1 else ""
    if first in READS or second in READS_IN.get(first, ()) or (first == "COMMAND" and not second):
        return Effect.READ
    return Effect.DESTRUCTIVE if first in DESTROYS or second in DESTROYS_IN.get(first, ()) else Effect.CHANGE


def names_of(words: Sequence[Text]) -> tuple[str, ...]:
    """The one or two words that say which command it is, in upper case. Raises BadInput."""
    if not words:
        raise BadInput("`command` is empty", "write a command, as in redis: {command: INFO memory}")
    first = _name(words[0])
    names = (first, _name(words[1])) if first in CONTAINERS and len(words) > 1 else (first,)
    if first in NOT_HERE or names == ("CLIENT", "REPLY"):
        hint = (
            "say it in the target (db, username, password)" if first in {"SELECT", "AUTH", "HELLO"} else "use a client"
        )
        raise BadInput(f"{' '.join(names)} has no meaning in a step: it acts on the connection itself", hint)
    return names


def _name(word: Text) -> str:
    if not all(isinstance(part, Literal) for part in word.parts):
        what = "the name of a Redis command comes from a placeholder, and its effect could be anything"
        raise BadInput(what, "write the command out; placeholders may stand in its arguments")
    return word.masked().upper()


def words_of(text: Text) -> list[Text]:
    """A command as words: split at blanks that are written, outside quotes. Raises BadInput for an open quote."""
    words: list[list[Part]] = []
    quote, inside = "", False
    for char, part in _pieces(text):
        blank = isinstance(part, Literal) and not quote and char.isspace()
        if blank:
            inside = False
            continue
        if not inside:
            words.append([])
            inside = True
        if not isinstance(part, Literal):
            words[-1].append(part)
        elif char == quote:
            quote = ""
        elif not quote and char in {'"', "'"}:
            quote = char
        else:
            words[-1].append(Literal(char))
    if quote:
        raise BadInput(f"`command` has a {quote} without its partner", "give the command as a list of words")
    return [Text(tuple(_merged(parts))) for parts in words]


def _pieces(text: Text) -> Iterator[tuple[str, Part]]:
    for part in text.parts:
        if isinstance(part, Literal):
            yield from ((char, part) for char in part.text)
        else:
            yield "", part


def _merged(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbouring letters as one literal."""
    run = ""
    for part in parts:
        if isinstance(part, Literal):
            run += part.text
            continue
        if run:
            yield Literal(run)
        run = ""
        yield part
    if run:
        yield Literal(run)
