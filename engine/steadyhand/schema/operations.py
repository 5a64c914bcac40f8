"""Reads what a handler is to do: its parameters against the handler's specification, its expectation, its effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Map
from typing import Any

from msgspec.structs import replace

from .. import expressions
from ..errors import Severity
from ..model import NOWHERE, Effect, HandlerSpec, Operation, Param, Retry, Syntax
from ..source import Mapping, Node, Scalar, Sequence, builtin, parse_duration, parse_size
from .reader import Reader, kind_of, near, shown, templates_of
from .tables import OPERATION, ROOTS

FIELDS = tuple(field.name for field in OPERATION)
ORDER = [Effect.READ, Effect.CHANGE, Effect.DESTRUCTIVE]


class Operations:
    """Reads operations of one document, given the handlers' specifications."""

    def __init__(self, reader: Reader, specs: Map[str, HandlerSpec]) -> None:
        self._reader = reader
        self._specs = specs
        self._here = NOWHERE
        self.item = ""
        """What an item is called in the step that is read now; '' where there is none."""
        self.wave = ""
        """The target over whose hosts the step that is read now goes; '' where there is none."""
        self.found: list[tuple[Operation, bool]] = []
        """Every operation that was read, and whether it is done for each host of its target."""

    def read(self, kind: str, node: Mapping, given: Map[str, Node], *, must_read: str = "") -> Operation:
        """The operation of a kind in a step's (or check's) map. `must_read` names the place that only allows reads."""
        spec = self._specs[kind]
        params, target, timeout = self._params(spec, given[kind])
        plain = self._plain(given)
        operation = Operation(
            kind=kind,
            params=params,
            effect=Effect.READ,
            target=plain.get("target", target),
            expect=self.expect(given.get("expect"), tuple(spec.results)),
            facts=self._facts(given.get("facts")),
            retry=Retry(**plain["retry"]) if plain.get("retry", {}).get("times") else Retry(0),
            timeout=plain.get("timeout", timeout),
            idempotent=plain.get("idempotent", False),
            confine=plain.get("confine"),
            span=node.span,
        )
        effect = self._effect(spec, params, given.get("effect"), plain.get("effect", ""), must_read)
        if operation.retry.times and effect is not Effect.READ and not operation.idempotent:
            hint = "add `idempotent: true` if doing it twice does no harm; else remove `retry:`"
            why = "a change that seemed to fail may have happened"
            self._reader.say("SH407", given["retry"].span, "a change cannot be retried", hint, why)
        operation = replace(operation, effect=effect)
        self._placed(spec, operation, given[kind])
        return operation

    def _placed(self, spec: HandlerSpec, operation: Operation, node: Node) -> None:
        """Whether it has a target, where the handler cannot work without one."""
        self.found.append((operation, bool(self.wave) and operation.target in {"", self.wave}))
        if spec.target_required and not operation.target and not self.wave:
            hint = f"add `target:` with one of {' or '.join(f.name for f in spec.targets)}, declared under `targets:`"
            self._reader.say("SH402", node.span, f"`{spec.name}` needs a target", hint)

    def _plain(self, given: Map[str, Node]) -> dict[str, Any]:
        """The fields beside the kind that are of plain types."""
        values: dict[str, Any] = {}
        for field in OPERATION:
            if field.name in given and field.name not in {"expect", "facts"}:
                value = self._reader.value(field, given[field.name])
                if value is not None:
                    values[field.name] = value
        return values

    def beside(self, given: Map[str, Node]) -> None:
        """Check the fields beside a kind that is not known."""
        self._plain(given)
        self.expect(given.get("expect"))
        self._facts(given.get("facts"))

    def _effect(
        self, spec: HandlerSpec, params: Map[str, Any], node: Node | None, declared: str, must_read: str
    ) -> Effect:
        inferred = spec.effect_of(params)
        certain = spec.effect_known and not spec.effect_open(params)
        if must_read:
            if declared not in {"", "read"} or (certain and inferred is not Effect.READ):
                span = node.span if node is not None else self._here
                self._reader.say("SH406", span, f"{must_read} may only read", "make it a step of its own, with a gate")
            return Effect.READ
        if not declared:
            return inferred
        effect = Effect(declared)
        if certain and node is not None and ORDER.index(effect) < ORDER.index(inferred):
            what = "a change" if inferred is Effect.CHANGE else "destructive"
            message = f"this is {what}, and cannot be declared `{declared}`"
            self._reader.say("SH405", node.span, message, f"write `effect: {inferred.value}`, or leave it out")
            return inferred
        return effect

    # --- parameters

    def _params(self, spec: HandlerSpec, node: Node) -> tuple[dict[str, Any], str, int]:
        """Parameters by name, and the target and timeout that may stand among them."""
        self._here = node.span
        if not isinstance(node, Mapping):
            return self._short(spec, node), "", 0
        params: dict[str, Any] = {}
        target, timeout = "", 0
        known = {param.name: param for param in spec.params}
        for key, value in node.entries:
            if key.text in known:
                found = self._param(known[key.text], value)
                if found is not None or (known[key.text].nullable and builtin(value) is None):
                    params[key.text] = found
            elif key.text == "target" and isinstance(value, Scalar):
                target = value.text
            elif key.text == "timeout" and isinstance(value, Scalar):
                timeout = self._duration("timeout", value) or 0
            elif spec.open_params:
                params[key.text] = self._any(value)
            else:
                message = f"`{spec.name}` has no parameter `{key.text}`"
                self._reader.say("SH401", key.span, message, near(key.text, [*known, "timeout"], "parameters"))
        self._complete(spec, node)
        for message, hint in spec.problems(params):
            self._reader.say("SH402", node.span, message, hint)
        return params, target, timeout

    def _short(self, spec: HandlerSpec, node: Node) -> dict[str, Any]:
        known = {param.name: param for param in spec.params}
        if isinstance(node, Scalar) and node.value is not None and spec.short in known:
            found = self._param(known[spec.short], node)
            return {} if found is None else {spec.short: found}
        first = spec.params[0]
        example = known[spec.short].example if spec.short in known else {first.name: first.example}
        wanted = "text or a map" if spec.short in known else "a map"
        message = f"`{spec.name}` must be {wanted}, and is {kind_of(node)}"
        self._reader.say("SH403", node.span, message, f"write `{spec.name}: {shown(example)}`")
        return {}

    def _complete(self, spec: HandlerSpec, node: Mapping) -> None:
        given = {key.text for key, _ in node.entries}
        for param in spec.params:
            if param.required and param.name not in given:
                hint = f"add `{param.name}: {shown(param.example)}`"
                self._reader.say("SH402", node.span, f"`{spec.name}` needs the parameter `{param.name}`", hint)
        for group in spec.one_of:
            count = sum(name in given for name in group)
            if count != 1:
                names = " or ".join(f"`{name}`" for name in group)
                message = f"`{spec.name}` needs {'one' if not count else 'only one'} of {names}"
                self._reader.say("SH402", node.span, message, f"give {names}")

    def _param(self, param: Param, node: Node) -> Any:
        match param.type:
            case "text":
                return self._text(param, node)
            case "list" | "map":
                return self._collection(param, node)
            case "any":
                return self._any(node)
            case "duration":
                return self._duration(param.name, node)
            case _:
                return self._number(param, node)

    def _text(self, param: Param, node: Node) -> str | list[str] | None:
        if param.many and isinstance(node, Sequence):
            found = [self._text(replace(param, many=False), item) for item in node.items]
            return [text for text in found if isinstance(text, str)]
        if not isinstance(node, Scalar) or node.value is None:
            self._wrong(param, node, "text")
            return None
        written = node.text.upper() if all(word.isupper() for word in param.choices) else node.text
        if param.choices and "{{" not in node.text and written not in param.choices:
            message = f"`{param.name}` cannot be {node.text!r}"
            self._reader.say("SH201", node.span, message, near(written, param.choices))
            return None
        self.template(node, param.syntax)
        if param.syntax is Syntax.URL:
            self._address(param, node)
        return node.text

    def _address(self, param: Param, node: Scalar) -> None:
        """An address, as far as it is written out."""
        literal = node.text.partition("{{")[0]
        whole = literal == node.text
        begins = re.match(r"https?://", literal, re.IGNORECASE)
        if not begins and (whole or "://" in literal):
            message = f"`{param.name}` is no http or https address: {node.text[:80]!r}"
            self._reader.say("SH403", node.span, message, "begin it with https:// and a host")
        port = re.match(r"https?://[^/?#]*:(\d+)(?:[/?#]|$)", literal, re.IGNORECASE)
        if port and (whole or len(literal) > port.end()) and not 0 < int(port[1]) < 65536:
            self._reader.say("SH403", node.span, f"there is no port {port[1]}", "ports go from 1 to 65535")

    def _collection(self, param: Param, node: Node) -> Any:
        if param.type == "map" and isinstance(node, Mapping):
            return (
                self.fields(param, node)
                if param.fields
                else {k.text: self._any(v, param.syntax) for k, v in node.entries}
            )
        if param.type == "list" and isinstance(node, Sequence):
            return [self._any(item, param.syntax) for item in node.items]
        self._wrong(param, node, f"a {param.type}")
        return None

    def fields(self, param: Param, node: Node) -> dict[str, Any]:
        """The values of a map whose keys are known."""
        if not isinstance(node, Mapping):
            return {}
        known = {field.name: field for field in param.fields}
        values: dict[str, Any] = {}
        for key, value in node.entries:
            if key.text not in known:
                message = f"`{param.name}` has no key `{key.text}`"
                self._reader.say("SH401", key.span, message, near(key.text, known, "keys"))
                continue
            found = self._param(known[key.text], value)
            if found is not None:
                values[key.text] = found
        for field in param.fields:
            if field.required and node.get(field.name) is None:
                hint = f"add `{field.name}: {shown(field.example)}`"
                self._reader.say("SH402", node.span, f"`{param.name}` needs the key `{field.name}`", hint)
        return values

    def _number(self, param: Param, node: Node) -> Any:
        if isinstance(node, Scalar):
            value = node.value
            if isinstance(value, str) and param.type == "size":
                value = parse_size(value)
            fits = {
                "boolean": isinstance(value, bool),
                "integer": isinstance(value, int) and not isinstance(value, bool),
                "size": isinstance(value, int) and not isinstance(value, bool),
                "number": isinstance(value, (int, float)) and not isinstance(value, bool),
            }
            if fits.get(param.type):
                return value
        self._wrong(param, node, f"a {param.type}")
        return None

    def _duration(self, name: str, node: Node) -> int | None:
        found = parse_duration(node.text) if isinstance(node, Scalar) else None
        if found is None:
            self._reader.say(
                "SH403", node.span, f"`{name}` must be a duration, and is {kind_of(node)}", "write 30s, 5m, 1h30m"
            )
        return found

    def _wrong(self, param: Param, node: Node, wanted: str) -> None:
        message = f"`{param.name}` must be {wanted}, and is {kind_of(node)}"
        self._reader.say("SH403", node.span, message, f"write `{param.name}: {shown(param.example)}`")

    def _any(self, node: Node, syntax: Syntax = Syntax.PLAIN) -> Any:
        """Any value, its templates checked."""
        self.templates(node, syntax)
        return builtin(node)

    # --- templates and expectations

    def templates(self, node: Node, syntax: Syntax = Syntax.PLAIN) -> None:
        """Check every template in a value."""
        if isinstance(node, Scalar):
            if isinstance(node.value, str):
                self.template(node, syntax)
        elif isinstance(node, Sequence):
            for item in node.items:
                self.templates(item, syntax)
        else:
            for _, value in node.entries:
                self.templates(value, syntax)

    def kept(self, node: Node) -> None:
        """A finding for every secret in values that are kept as they are, and shown."""
        for scalar, name in self._secrets(node):
            hint = "use the secret where a step takes it: in a command, a header, a variable"
            self._reader.say("SH504", scalar.span, f"`{name}` would be kept and shown here, so it is refused", hint)

    def shown(self, node: Node) -> None:
        """A finding for every secret in words that people read."""
        for scalar, name in self._secrets(node):
            message = f"`{name}` would stand here as dots"
            self._reader.say("SH504", scalar.span, message, "leave it out: nobody may read it")

    def _secrets(self, node: Node) -> Iterator[tuple[Scalar, str]]:
        for scalar in templates_of(node):
            yield from ((scalar, n) for n in expressions.names_in(scalar.text) if n.partition(".")[0] == "secrets")

    def template(self, node: Scalar, syntax: Syntax = Syntax.PLAIN) -> None:
        """Check one template."""
        if "{" not in node.text:
            return
        for problem in expressions.check(node.text, syntax):
            raw = getattr(problem, "kind", "") == "raw"
            code, severity = ("SH503", Severity.WARNING) if raw else ("SH501", Severity.ERROR)
            self._reader.say(code, node.span, problem.message, problem.hint, "", severity)

    def expect(self, node: Node | None, results: tuple[str, ...] = ()) -> str | dict[str, Any] | None:
        """An expectation of what a handler gives (any names when `results` is empty): an expression, or matchers."""
        if node is None:
            return None
        if isinstance(node, Scalar) and node.value is not None:
            problems = expressions.check_expression(node.text)
            for problem in problems:
                self._reader.say("SH502", node.span, problem.message, problem.hint)
            if not problems and results:
                self._names(node, results)
            return node.text
        mapping = self._reader.mapping(node, "`expect`")
        if mapping is None:
            return None
        value: dict[str, Any] = builtin(mapping)
        for path, message, hint in expressions.check_expect(value, results):
            self._reader.say("SH502", _follow(mapping, path).span, message, hint)
        return value

    def _names(self, node: Scalar, results: tuple[str, ...]) -> None:
        """Every name of an expression must come from the result or from the run."""
        known = (*results, *expressions.documents(results), *ROOTS, *filter(None, [self.item]))
        for name in expressions.expression_names(node.text):
            root = name.partition(".")[0]
            if root not in known:
                hint = near(root, known, "names")
                self._reader.say("SH502", node.span, f"there is no `{root}` to judge here", hint)

    def _facts(self, node: Node | None) -> dict[str, Any]:
        if node is None:
            return {}
        mapping = self._reader.mapping(node, "`facts`")
        if mapping is None:
            return {}
        self.templates(mapping)
        self.kept(mapping)
        return {key.text: builtin(value) for key, value in mapping.entries}


def _follow(node: Node, path: tuple[Any, ...]) -> Node:
    """The node at a path of keys and indexes, as far as it goes."""
    for part in path:
        inner: Node | None = None
        if isinstance(node, Mapping):
            inner = node.get(str(part))
        elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
            inner = node.items[part]
        if inner is None:
            return node
        node = inner
    return node
