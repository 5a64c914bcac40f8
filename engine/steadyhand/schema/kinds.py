"""Which kind a step has, going by its keys: a misspelt kind is told from a misspelt key. Called for every step."""

from __future__ import annotations

from collections.abc import Iterable

from ..source import Mapping, Node, Scalar
from .operations import FIELDS
from .reader import Reader, near
from .tables import FLOW, STEP

NAMES = tuple(field.name for field in STEP)
CLOSE = 0.75
"""How alike (0 to 1) words are when one is taken for the other: `shel` for `shell`, but not `restart` for `retry`."""
_BESIDE = ("title", "description", "purpose", "each", "verify", "undo", "capture", "lock", "max_visits", "next")


class Kinds:
    """Tells the kinds of one document's steps, given those that handlers carry out."""

    def __init__(self, reader: Reader, kinds: Iterable[str]) -> None:
        self._reader = reader
        self._kinds = tuple(kinds)

    def given(self, name: str, mapping: Mapping) -> dict[str, Node]:
        """The fields of a step, unknown ones reported. What is nearly a kind is read as that one, to find the rest."""
        known = [*NAMES, *FIELDS, *self._kinds]
        given = {key.text: value for key, value in mapping.entries if key.text in known}
        named = bool({*FLOW, *self._kinds} & given.keys())
        for key, value in mapping.entries:
            if key.text in known or key.text.startswith("x-"):
                continue
            meant = "" if named else self._meant(key)
            if named or meant in {*NAMES, *FIELDS} - {*FLOW}:
                self._reader.unknown(key, known, f"step `{name}` has no key `{key.text}`")
                continue
            hint = f"did you mean `{meant}`?" if meant else near(key.text, [*self._kinds, *FLOW], "kinds")
            more = "" if meant else "; or install the plug-in that brings it"
            self._reader.say("SH307", key.span, f"there is no step kind `{key.text}`", f"{hint}{more}")
            if meant:
                given.setdefault(meant, value)
        return given

    def _meant(self, key: Scalar) -> str:
        """The nearest of all that may stand here; '' when none is near."""
        import difflib  # noqa: PLC0415 only when there is a finding

        known = [*self._kinds, *FLOW, *NAMES, *FIELDS]
        return next(iter(difflib.get_close_matches(key.text, known, 1, CLOSE)), "")

    def kind(self, name: str, mapping: Mapping, given: dict[str, Node]) -> str:
        """The one kind of a step; '' with a finding when it has none or two."""
        kinds = [kind for kind in given if kind in self._kinds or (kind in FLOW and kind != "gate")]
        if not kinds and "gate" in given:
            kinds = ["gate"]
        if len(kinds) == 1:
            self._fitting(name, kinds[0], mapping)
            return kinds[0]
        if kinds:
            listed = " and ".join(f"`{kind}`" for kind in kinds)
            self._reader.say("SH104", mapping.span, f"step `{name}` has two kinds, {listed}", "make two steps of it")
        elif not any(d.code == "SH307" and d.span.line >= mapping.span.line for d in self._reader.found[-1:]):
            kinds_known = ", ".join([*self._kinds, *FLOW])
            self._reader.say("SH104", mapping.span, f"step `{name}` has no kind", f"add one of: {kinds_known}")
        return ""

    def _fitting(self, name: str, kind: str, mapping: Mapping) -> None:
        """Keys that this kind of step cannot have."""
        allowed = {kind, "title", "description", "next", "max_visits", "gate", "purpose", "each"}
        if kind in self._kinds:
            allowed |= {*FIELDS, *_BESIDE}
        elif kind == "set":
            allowed |= {"expect"}
        elif kind == "diagnose":
            allowed |= {"otherwise"}
        if kind in {"wait", "set", "ask", "choose", "manual"}:
            allowed -= {"gate", "each"}
        if kind in {"diagnose", "parallel", "gate"}:
            allowed -= {"each"}
        for key, _ in mapping.entries:
            if key.text not in allowed and (key.text in NAMES or key.text in FIELDS):
                message = f"a `{kind}` step cannot have `{key.text}`"
                self._reader.say("SH101", key.span, message, f"remove it from step `{name}`", "nothing would read it")
