"""What a person approves before a `kubectl` step changes something: the verb, the object, the body, the place. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ..model import MASK, Secret, Text
from ..source import format_duration
from ._kube_names import spelled
from ._kube_verbs import DURATIONS, MANY
from ._request import replaced
from ._texts import text_of

SHOWN = 4000
"""Characters of a body that a preview shows."""
_SAID = frozenset(
    {"resource", "name", "argv", "images", "values", "replicas", "body", "apply", "namespace", "stdin", "for"}
)
"""Keys that are told in the first line, or in a line of their own."""
_HOW = ("kubeconfig", "context", "server", "in_cluster", "as_user")


def preview(verb: str, request: Mapping[str, Any], place: Mapping[str, Any], target: str) -> str:
    """The whole of it, secrets as dots."""
    lines = [_first(verb, request), *_circumstances(verb, request, place, target)]
    body = _body(verb, request)
    return "\n".join([*lines, body] if body else lines)


def acted_on(where: str, verb: str, request: Mapping[str, Any], place: Mapping[str, Any]) -> str:
    """What is acted on, for its lock: two ways to write a kind are one place."""
    namespace = _text(request.get("namespace", place.get("namespace", "")))
    named = request.get("resource" if verb == "rollout" else verb)
    text = _text(named) if isinstance(named, Text) and verb not in MANY else verb
    kind, _, name = text.partition("/")
    if not name and "name" not in request and verb not in MANY:
        kind, name = {"logs": "pod", "exec": "pod"}.get(verb, "node"), kind
    return "/".join(part for part in (where, namespace, spelled(kind), name or _text(request.get("name", ""))) if part)


def _text(value: Any) -> str:
    return text_of(value).masked()


def _word(value: Any) -> str:
    """A word as a person would type it."""
    text = text_of(value)
    if not text.secrets:
        return shlex.quote(text.masked())
    return "".join(MASK if isinstance(part, Secret) else part.text and shlex.quote(part.text) for part in text.parts)


def _first(verb: str, request: Mapping[str, Any]) -> str:
    """The verb and what it is about, as a person would say it to kubectl."""
    words = [verb.replace("set_image", "set image").replace("can_i", "auth can-i")]
    words += [_word(request[key]) for key in (verb, "resource", "name") if isinstance(request.get(key), Text)]
    if "argv" in request:
        words += ["--", *map(_word, request["argv"])]
    words += [f"{_word(name)}={_word(image)}" for name, image in request.get("images", {}).items()]
    given = request.get("values", {}).items()
    words += [f"{_word(name)}-" if value is None else f"{_word(name)}={_word(value)}" for name, value in given]
    words += [f"--{key}={_word(request[key])}" for key in ("replicas", "for") if key in request]
    return " ".join(["kubectl", *words])


def _circumstances(verb: str, request: Mapping[str, Any], place: Mapping[str, Any], target: str) -> Iterator[str]:
    """What else an approval should know, a line each."""
    namespace = request.get("namespace", place.get("namespace"))
    if namespace is not None:
        yield f"# in namespace {_text(namespace)}"
    if target:
        shown = ", ".join(f"{key} {_text(place[key])}" for key in _HOW if key in place)
        yield f"# on {target}" + (f" ({shown})" if shown else "")
    for key, value in request.items():
        if key != verb and key not in _SAID:
            yield f"# {key.replace('_', ' ')}: {_told(key, value)}"
    if "stdin" in request:
        yield f"# reading {_text(request['stdin'])[:200]!r}"
    if verb == "drain":
        yield "# every pod on it is evicted, as the disruption budgets allow"


def _told(key: str, value: Any) -> str:
    if key in DURATIONS or (key == "wait" and isinstance(value, int)):
        return format_duration(value)
    return json.dumps(replaced(value, Text.masked), ensure_ascii=False) if not isinstance(value, Text) else _text(value)


def _body(verb: str, request: Mapping[str, Any]) -> str:
    """A patch or a manifest as it would go out, masked and cut."""
    value = request.get({"patch": "body", "apply": "apply"}.get(verb, ""))
    if value is None:
        return ""
    if is_file(value):
        pinned = f"# with the SHA-256 {_text(value['sha256'])}" if "sha256" in value else UNPINNED
        return f"# from the file {_text(value['file'])}\n{pinned}"
    text = json.dumps(replaced(value, Text.masked), indent=2, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n... ({len(text):,} characters)"


UNPINNED = "# whatever it holds by then: give its `sha256` for a yes that covers the content"


def is_file(value: Any) -> bool:
    """Whether what is to be applied stands in a file."""
    return isinstance(value, Mapping) and "file" in value and set(value) <= {"file", "sha256"}
