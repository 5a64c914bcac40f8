"""Bodies that mean what the settings say: JSONPath for where things stand, words for what a status means.

Pure. Called by the readers of generic JSON and of CloudEvents. A path that leads nowhere says nothing; what does not
begin with `$` is the text itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from .. import events as e
from ..expressions import TemplateError
from ..expressions.jsonpath import found, parsed
from ..schema.intakes import IntakeSpec, Shape
from .reading import ALERTS, Unfit, alert, content_identity, fingerprint_of, identity_of, identity_since, kind_of, text

STATUSES: Mapping[str, str] = {
    word: status
    for status, words in {
        "firing": "firing triggered alerting alert alarm open opened problem active fired critical error warning down "
        "failed started created new",
        "acknowledged": "acknowledged acked ack",
        "resolved": "resolved ok okay closed recovered recovery normal cleared inactive healthy up succeeded completed "
        "deactivated",
    }.items()
    for word in words.split()
}
"""What senders call a status. `statuses` of an intake adds to it, and wins."""


def alerts(document: Any, options: IntakeSpec, defaults: Mapping[str, Any]) -> Iterator[e.AlertReceived]:
    """Every alert that a document holds. Raises Unfit. `defaults` are what stands where the mapping says nothing."""
    each = options.mapping.each
    if not each:
        yield _alert(document, document, options, defaults)
        return
    parts = _values(each, document)
    if len(parts) > ALERTS:
        raise Unfit(f"the body holds {len(parts):,} alerts, and at most {ALERTS:,} are taken at once", status=413)
    for part in parts:
        yield _alert(part, document, options, defaults)


def _alert(part: Any, whole: Any, options: IntakeSpec, defaults: Mapping[str, Any]) -> e.AlertReceived:
    shape = options.mapping

    def one(name: str) -> Any:
        path = getattr(shape, name)
        return _first(path, part, whole) if path else defaults.get(name)

    name, labels = text(one("name")), _texts(shape, "labels", part, whole, defaults)
    if not name:
        path = shape.name
        raise Unfit(f"there is no name at {path}", "correct `mapping.name` of this intake")
    status, mark = status_of(one("status"), options), text(one("fingerprint"))
    told = sorted((str(key), _word(value)) for key, value in labels.items())
    fingerprint = fingerprint_of(mark) if mark else fingerprint_of(name, *(f"{k}={v}" for k, v in told))
    since, said = text(one("starts_at")), text(one("identity"))
    return alert(
        options,
        fingerprint=fingerprint,
        identity=identity_of(said) if said else _unnamed(since, fingerprint, status),
        status=status,
        name=name,
        labels=labels,
        annotations=_texts(shape, "annotations", part, whole, defaults),
        details=defaults.get("details"),
        starts_at=one("starts_at"),
        ends_at=one("ends_at"),
        group=text(one("group")),
        url=text(one("url")),
    )


def _unnamed(since: str, fingerprint: str, status: str) -> str:
    return identity_since(since, fingerprint, status) if since else content_identity(fingerprint, status)


def status_of(word: Any, options: IntakeSpec) -> str:
    """What a sender's word means; firing where it says none. Raises Unfit for a word that nobody has explained."""
    said = text(word).strip()
    if not said:
        return "firing"
    known = options.statuses.get(said.casefold()) or STATUSES.get(said.casefold())
    if known is None:
        hint = f"say what it means: `statuses: {{{said[:40]}: firing}}`"
        raise Unfit(f"the status {said[:60]!r} is not known here", hint)
    return known


def _texts(shape: Shape, name: str, part: Any, whole: Any, defaults: Mapping[str, Any]) -> Mapping[str, Any]:
    """Labels or annotations: a map somewhere in the body, or one that is put together."""
    paths = getattr(shape, name)
    if not paths:
        given: Mapping[str, Any] = defaults.get(name) or {}
        return given
    if isinstance(paths, str):
        held = _first(paths, part, whole)
        if held is not None and not isinstance(held, dict):
            raise Unfit(f"at {paths} stands {kind_of(held)}, and `{name}` must be an object", "write a map of paths")
        return held or {}
    found_ = {key: _first(path, part, whole) for key, path in paths.items()}
    return {key: value for key, value in found_.items() if value is not None}


def _word(value: Any) -> str:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else text(value)


def _first(path: str, part: Any, whole: Any) -> Any:
    """What a path leads to: in the alert's own part, else in the whole body."""
    if not path.startswith("$"):
        return path
    values = _values(path, part)
    if not values and part is not whole:
        values = _values(path, whole)
    return values[0] if values else None


def _values(path: str, document: Any) -> list[Any]:
    try:
        return found(parsed(path), document)
    except TemplateError as problem:
        raise Unfit(problem.message, problem.hint) from None
