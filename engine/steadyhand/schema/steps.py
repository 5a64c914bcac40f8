"""Reads steps: one kind each, what stands beside it, and the edges that lead on."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from typing import Any

from .. import model as m
from ..errors import Span
from ..source import Mapping, Node, Scalar, Sequence, builtin
from .edges import Edges, Ids
from .fields import SLUG, Field
from .kinds import Kinds
from .operations import FIELDS, Operations
from .reader import Reader, kind_of, shown
from .tables import STEP, TABLES
from .values import schema_problems


class Steps:
    """Reads the steps of one document."""

    def __init__(self, reader: Reader, operations: Operations, specs: Map[str, m.HandlerSpec]) -> None:
        self._reader = reader
        self._operations = operations
        self._edges = Edges(reader, specs)
        self._kinds = tuple(specs)
        self._kinds_of = Kinds(reader, self._kinds)
        self._fields = {field.name: field for field in STEP}
        self._operation_field = Field("operation", "object", "", {"shell": "uptime"}, of="operation")

    # --- graphs of steps

    def graph(self, node: Node, what: str, *, branch: bool = False) -> dict[str, m.Step]:
        """All steps of a map, in order. The edges are completed with the defaults of the format."""
        mapping = self._reader.mapping(node, what)
        if mapping is None:
            return {}
        if not mapping.entries:
            self._reader.say("SH102", mapping.span, f"{what} holds no step", "add a step")
        order = [key.text for key, _ in mapping.entries]
        ids = dict.fromkeys(order).keys()
        steps: dict[str, m.Step] = {}
        for number, (key, value) in enumerate(mapping.entries):
            self._slug(key, "a step's id")
            following = order[number + 1] if number + 1 < len(order) else ("end.healthy" if branch else "")
            step = self.step(key.text, key.span, value, ids, following)
            if step is not None:
                steps[key.text] = step
        return steps

    def _slug(self, key: Scalar, what: str) -> None:
        if not re.match(SLUG, key.text):
            message = f"{what} cannot be {key.text!r}"
            self._reader.say("SH201", key.span, message, "use lower-case letters, digits, - and _; begin with a letter")

    def step(self, name: str, span: Span, node: Node, ids: Ids, following: str) -> m.Step | None:
        """One step; None when it has no kind that can be read."""
        mapping = self._reader.mapping(node, f"step `{name}`")
        if mapping is None:
            return None
        given = self._kinds_of.given(name, mapping)
        kind = self._kinds_of.kind(name, mapping, given)
        plain = self._plain(given)
        self._operations.item = _item(given.get("each"))
        self._operations.wave = _wave(given.get("each"))
        if not kind:
            self._without_kind(given, ids)
            return None
        body = self._body(kind, mapping, given, ids)
        if body is None:
            return None
        gate = self._gate(given["gate"], ids) if "gate" in given and kind != "gate" else None
        step = m.Step(
            id=name,
            title=plain.get("title", name),
            body=body,
            next={},
            description=plain.get("description", ""),
            verification=plain.get("purpose") == "verification",
            gate=gate,
            each=self._each(given["each"]) if "each" in given else None,
            verify=self._verify(given["verify"]) if "verify" in given else None,
            undo=self._undo(given["undo"]) if "undo" in given else None,
            capture=self._captures(given["capture"]) if "capture" in given else {},
            lock=tuple(plain.get("lock", ())),
            max_visits=plain.get("max_visits", 0),
            span=span,
        )
        return self._edges.complete(step, kind, given.get("next"), ids, following)

    def _plain(self, given: dict[str, Node]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in ("title", "description", "purpose", "lock", "max_visits"):
            if name in given:
                value = self._reader.value(self._fields[name], given[name])
                if value is not None:
                    values[name] = value
        for name in ("title", "description"):
            if isinstance(given.get(name), Scalar):
                self._reader.as_it_stands(given[name], name)
        return values

    # --- bodies

    def _without_kind(self, given: dict[str, Node], ids: Ids) -> None:
        """What can be said of a step all the same, so that all its findings come at once."""
        self._operations.beside(given)
        if "gate" in given:
            self._gate(given["gate"], ids)
        for name, read in (("each", self._each), ("verify", self._verify), ("undo", self._undo)):
            if name in given:
                read(given[name])
        written = given.get("next")
        for edge in dict(written.entries).values() if isinstance(written, Mapping) else (written,):
            if edge is not None:
                self._edges.edge(edge, ids)

    def _body(self, kind: str, mapping: Mapping, given: dict[str, Node], ids: Ids) -> m.Body | None:
        if kind in self._kinds:
            return m.Do(self._operations.read(kind, mapping, given))
        node = given[kind]
        match kind:
            case "diagnose":
                return self._diagnose(node, given, ids)
            case "parallel":
                return self._parallel(node)
            case "set":
                return self._set(node, given)
            case "gate":
                gate = self._gate(node, ids)
                return m.Confirm(gate) if gate else None
            case _:
                return self._asking(kind, node)

    def _asking(self, kind: str, node: Node) -> m.Body | None:
        """The kinds whose body is a plain object."""
        values = self._reader.object(kind, node, f"`{kind}`")
        missing = [f.name for f in TABLES[kind] if f.required and f.name not in (values or {})]
        if values is None or missing:
            return None
        self._operations.templates(node)
        judge = self._operations.kept if kind == "call" else self._operations.shown
        judge(node)
        gate = m.Gate(values.get("prompt", ""), tuple(values.get("roles", ())), within=values.get("within", 0))
        match kind:
            case "choose":
                if not values["options"]:
                    self._reader.say("SH102", node.span, "`options` holds no option", "add an id and what it means")
                    return None
                return m.Choose(values["options"], gate)
            case "ask":
                return m.Ask(gate, values.get("fact", ""), self._schema(node))
            case "manual":
                effect = m.Effect(values.get("effect", "change"))
                return m.Manual(values["instructions"], gate, values.get("evidence", False), effect)
            case "wait":
                return m.Wait(values["for"])
            case _:
                return m.Call(values["runbook"], values.get("inputs", {}))

    def _schema(self, node: Node) -> dict[str, Any]:
        found = node.get("schema") if isinstance(node, Mapping) else None
        return self.schema(found) if found is not None else {}

    def schema(self, node: Node) -> dict[str, Any]:
        """A JSON Schema, checked."""
        mapping = self._reader.mapping(node, "`schema`")
        value: dict[str, Any] = builtin(mapping) if mapping else {}
        for keyword, problem in schema_problems(value):
            inner = mapping.get(keyword) if mapping and keyword else None
            self._reader.say("SH601", (inner or node).span, problem)
        return value

    def _diagnose(self, node: Node, given: dict[str, Node], ids: Ids) -> m.Diagnose | None:
        mapping = self._reader.mapping(node, "`diagnose`")
        if mapping is None:
            return None
        checks = tuple(check for key, value in mapping.entries if (check := self._check(key, value, ids)) is not None)
        otherwise = self._edges.edge(given["otherwise"], ids) if "otherwise" in given else ""
        if not mapping.entries:
            self._reader.say("SH102", mapping.span, "`diagnose` holds no check", "add a check")
        return m.Diagnose(checks, otherwise) if checks else None

    def _check(self, key: Scalar, node: Node, ids: Ids) -> m.Check | None:
        self._slug(key, "a check's id")
        mapping = self._reader.mapping(node, f"check `{key.text}`")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "check", f"check `{key.text}`", (*FIELDS, *self._kinds))
        operation = self._operation(mapping, given, f"check `{key.text}`", "a check")
        cause = self._reader.text(given["cause"], "`cause`") if "cause" in given else key.text
        if isinstance(given.get("cause"), Scalar):
            self._reader.as_it_stands(given["cause"], "cause")
        fix = self._edges.edge(given["fix"], ids) if "fix" in given else ""
        return m.Check(key.text, cause or key.text, operation, fix) if operation else None

    def _operation(self, mapping: Mapping, given: dict[str, Node], what: str, must_read: str) -> m.Operation | None:
        """The one operation among the keys of a check, verification or capture."""
        kinds = [kind for kind in given if kind in self._kinds]
        if len(kinds) == 1:
            return self._operations.read(kinds[0], mapping, given, must_read=must_read)
        problem = "has two kinds" if kinds else "has no kind"
        self._reader.say("SH104", mapping.span, f"{what} {problem}", f"give one of: {', '.join(self._kinds)}")
        return None

    def _parallel(self, node: Node) -> m.Parallel | None:
        mapping = self._reader.mapping(node, "`parallel`")
        if mapping is None:
            return None
        limit, branches = 0, mapping
        inner = mapping.get("branches")
        if inner is not None:
            field = Field("limit", "integer", "", 3, least=1)
            limited = mapping.get("limit")
            limit = (self._reader.value(field, limited) or 0) if limited is not None else 0
            found = self._reader.mapping(inner, "`branches`")
            if found is None:
                return None
            branches = found
            for key, _ in mapping.entries:
                if key.text not in {"branches", "limit"}:
                    self._reader.unknown(key, ["branches", "limit"], f"`parallel` has no key `{key.text}`")
        read = tuple(b for key, value in branches.entries if (b := self._branch(key, value)) is not None)
        if not branches.entries:
            self._reader.say("SH102", branches.span, "`parallel` holds no branch", "add a branch")
        return m.Parallel(read, limit) if read else None

    def _branch(self, key: Scalar, node: Node) -> m.Branch | None:
        self._slug(key, "a branch's id")
        if isinstance(node, Mapping) and node.get("steps") is not None:
            for inner, _ in node.entries:
                if inner.text != "steps":
                    self._reader.unknown(inner, ["steps"], f"branch `{key.text}` has no key `{inner.text}`")
            steps = self.graph(node.get("steps") or node, f"branch `{key.text}`", branch=True)
            return m.Branch(key.text, steps=steps) if steps else None
        if isinstance(node, Mapping) and node.get("next") is not None:
            hint = "remove it, or write the branch as `steps:`"
            self._reader.say("SH101", node.span, f"branch `{key.text}` is one step, and cannot have `next`", hint)
            return None
        step = self.step(key.text, key.span, node, frozenset(), "end.healthy")
        return m.Branch(key.text, step=step) if step else None

    def _set(self, node: Node, given: dict[str, Node]) -> m.SetFacts | None:
        mapping = self._reader.mapping(node, "`set`")
        if mapping is None:
            return None
        self._operations.templates(mapping)
        self._operations.kept(mapping)
        facts = {key.text: builtin(value) for key, value in mapping.entries}
        return m.SetFacts(facts, self._operations.expect(given.get("expect")))

    # --- what stands beside a kind

    def _gate(self, node: Node, ids: Ids) -> m.Gate | None:
        values = self._reader.object("gate", node, "`gate`")
        if values is None:
            return None
        self._operations.templates(node)
        self._operations.shown(node)
        back = tuple(to for to in values.get("back", ()) if self._goes_back(node, to, ids))
        return m.Gate(**{**values, "roles": tuple(values.get("roles", ())), "back": back})

    def _goes_back(self, node: Node, to: str, ids: Ids) -> bool:
        """Whether a run can be sent back to that step: one beside the gate's own."""
        if to in ids:
            return True
        listed = node.get("back") if isinstance(node, Mapping) else None
        items = listed.items if isinstance(listed, Sequence) else ()
        span = next((item.span for item in items if isinstance(item, Scalar) and item.text == to), node.span)
        hint = self._reader.near(to, [*ids], "steps") if ids else "a branch of one step has no step beside it"
        self._reader.say("SH301", span, f"there is no step `{to}` to go back to", hint)
        return False

    def _each(self, node: Node) -> m.Each | None:
        mapping = self._reader.mapping(node, "`each`")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "each", "`each`")
        if ("in" in given) == ("target" in given):
            self._reader.say(
                "SH102", mapping.span, "`each` needs one of `in` and `target`", "write `each: {in: [...]}`"
            )
        known = {field.name: field for field in TABLES["each"]}
        plain = {
            n: self._reader.value(known[n], given[n]) for n in ("target", "as", "canary", "max_failures") if n in given
        }
        if "in" in given:
            self._operations.templates(given["in"])
            self._operations.kept(given["in"])
        batches = self._batches(given["batch"]) if "batch" in given else ("100%",)
        if plain.get("canary"):
            batches = (plain["canary"], *batches)
        return m.Each(
            items=builtin(given["in"]) if "in" in given else None,
            target=plain.get("target") or "",
            name=plain.get("as") or "item",
            batches=batches,
            max_failures=plain.get("max_failures") or 0,
            between=self._read_only(given["between"], "`between`") if "between" in given else None,
        )

    def _batches(self, node: Node) -> tuple[int | str, ...]:
        """Batch sizes; a finding for each that is none."""
        sizes: list[int | str] = []
        if isinstance(node, Sequence) and not node.items:
            self._reader.say("SH102", node.span, "`batch` holds no size", "write 1, 10% or [1, 10%, 50%]")
        for item in node.items if isinstance(node, Sequence) else (node,):
            text = item.text if isinstance(item, Scalar) else ""
            share = text.removesuffix("%")
            if text.endswith("%") and share.isdecimal() and 0 < int(share) <= 100:
                sizes.append(text)
            elif text.isdecimal() and int(text) > 0:
                sizes.append(int(text))
            else:
                message = f"`batch` must be a count or a share, and is {kind_of(item)}"
                self._reader.say("SH201", item.span, message, "write 1, 10% or [1, 10%, 50%]")
        return tuple(sizes) or ("100%",)

    def _read_only(self, node: Node, what: str) -> m.Operation | None:
        mapping = self._reader.mapping(node, what)
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "operation", what, self._kinds)
        return self._operation(mapping, given, what, what)

    def _verify(self, node: Node) -> m.Verify | None:
        mapping = self._reader.mapping(node, "`verify`")
        if mapping is None:
            return None
        given = self._reader.fields(mapping, "verify", "`verify`", (*FIELDS, *self._kinds))
        operation = self._operation(mapping, given, "`verify`", "`verify`")
        times = {
            field.name: value
            for field in TABLES["verify"]
            if field.name in given and (value := self._reader.value(field, given[field.name])) is not None
        }
        return m.Verify(operation, **times) if operation else None

    def _undo(self, node: Node) -> m.Undo | None:
        mapping = self._reader.mapping(node, "`undo`")
        if mapping is None:
            return None
        none = mapping.get("none")
        if none is not None:
            why = self._reader.text(none, "`none`")
            if not why:
                hint = "say why nothing can or need be taken back"
                self._reader.say("SH102", none.span, "`none` gives no reason", hint)
            return m.Undo(None, why or "")
        given = self._reader.fields(mapping, "operation", "`undo`", self._kinds)
        kinds = [kind for kind in given if kind in self._kinds]
        if len(kinds) != 1:
            self._reader.say(
                "SH104", mapping.span, "`undo` needs one kind, or `none`", f"write {shown({'none': 'why'})}"
            )
            return None
        return m.Undo(self._operations.read(kinds[0], mapping, given))

    def _captures(self, node: Node) -> dict[str, m.Operation]:
        mapping = self._reader.mapping(node, "`capture`")
        if mapping is None:
            return {}
        read = {key.text: self._read_only(value, f"capture `{key.text}`") for key, value in mapping.entries}
        return {name: operation for name, operation in read.items() if operation is not None}


def _item(each: Node | None) -> str:
    """What an item of a wave is called; '' when there is no wave."""
    named = each.get("as") if isinstance(each, Mapping) else None
    return named.text if isinstance(named, Scalar) else "item" if each is not None else ""


def _wave(each: Node | None) -> str:
    """The target over whose hosts a wave goes; '' when it goes over none."""
    target = each.get("target") if isinstance(each, Mapping) else None
    return target.text if isinstance(target, Scalar) else ""
