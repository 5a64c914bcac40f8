"""The published JSON Schemas (2020-12), drawn from the same tables that the checker reads. For editors and for CI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import HandlerSpec, Param, TargetSpec
from .edges import CONCLUSIONS
from .fields import NAME, SLUG, Field
from .sources import SOURCES
from .tables import FLOW, TABLES
from .targets import families
from .values import FORMATS, KEYWORDS, TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DURATION = r"^(\d+(\.\d+)?(us|ms|s|m|h|d))+$"
SIZE = r"^\d+(\.\d+)?\s*(B|KiB|MiB|GiB|kB|MB|GB)$"
_SCALAR = {"type": ["string", "number", "boolean"]}
_BRANCH = {
    "description": "The steps of the branch, as a graph of its own.",
    "examples": [{"look": {"title": "Look", "shell": "uptime", "effect": "read"}}],
}
_FREE = {"^x-": True}
_PATTERN = {
    "description": "A regular expression, which may match anywhere.",
    "examples": ["^orders-"],
    "type": "string",
}
_CONDITION = {
    "anyOf": [
        _SCALAR,
        {"type": "array", "items": _SCALAR, "minItems": 1},
        {"type": "object", "properties": {"matches": _PATTERN}, "required": ["matches"], "additionalProperties": False},
    ]
}
_FIXED = {"description": "The same for every alert.", "examples": [5]}
_OF_ALERT = {
    "anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {"value": _FIXED}, "required": ["value"], "additionalProperties": False},
    ]
}
_ROUTES: Mapping[str, dict[str, Any]] = {
    "match": {"type": "object", "additionalProperties": _CONDITION},
    "inputs_of_alert": {"type": "object", "additionalProperties": _OF_ALERT},
}


def runbook_schema(specs: Mapping[str, HandlerSpec]) -> dict[str, Any]:
    """The schema of a runbook, for these step kinds."""
    emitter = _Emitter(specs)
    return {
        "$schema": DIALECT,
        "title": "Steadyhand runbook",
        "description": "An executable runbook: checks, gates, fixes and how they lead on.",
        **emitter.object("runbook"),
        "$defs": emitter.definitions(),
    }


def settings_schema(specs: Mapping[str, HandlerSpec]) -> dict[str, Any]:
    """The schema of steady.yaml, for these step kinds."""
    emitter = _Emitter(specs)
    return {
        "$schema": DIALECT,
        "title": "Steadyhand settings",
        "description": "Where the journal lies, where runbooks are, who has which role.",
        **emitter.object("settings"),
    }


class _Emitter:
    def __init__(self, specs: Mapping[str, HandlerSpec]) -> None:
        self._specs = specs

    def definitions(self) -> dict[str, Any]:
        kinds = [*self._specs, *(kind for kind in FLOW if kind != "gate")]
        step = self.object("step")
        step["properties"] |= {f.name: self.field(f) for f in TABLES["operation"]} | self._kinds()
        one = [{"required": [kind]} for kind in kinds]
        alone = {"required": ["gate"], "not": {"anyOf": one}}
        operation = self.object("operation")
        operation["properties"] |= self._kinds()
        return {
            "step": {**step, "oneOf": [*one, alone]},
            "operation": {**operation, "oneOf": [{"required": [kind]} for kind in self._specs]},
            **{name: self._with_operation(name) for name in ("verify", "check")},
            **{name: self.object(name) for name in ("each", "link")},
            "edge": {"type": "string", "pattern": rf"^([a-z][a-z0-9_-]*|end\.({'|'.join(CONCLUSIONS)}))$"},
            "schema": _schema_of_schemas(),
        }

    def _with_operation(self, table: str) -> dict[str, Any]:
        found = self.object(table)
        found["properties"] |= {f.name: self.field(f) for f in TABLES["operation"]} | self._kinds()
        found["oneOf"] = [{"required": [kind]} for kind in self._specs]
        return found

    def _kinds(self) -> dict[str, Any]:
        return {name: self._kind(spec) for name, spec in self._specs.items()}

    def _kind(self, spec: HandlerSpec) -> dict[str, Any]:
        beside = {
            "target": {"type": "string", "description": "The target it acts on.", "examples": ["app-hosts"]},
            "timeout": {
                "type": "string",
                "pattern": DURATION,
                "description": "The time for one attempt.",
                "examples": ["5s"],
            },
        }
        whole: dict[str, Any] = {
            "type": "object",
            "properties": {param.name: self.param(param) for param in spec.params} | beside,
            "additionalProperties": spec.open_params,
        }
        required = [param.name for param in spec.params if param.required and not spec.open_params]
        if required:
            whole["required"] = required
        if spec.one_of:
            whole["allOf"] = [{"oneOf": [{"required": [name]} for name in group]} for group in spec.one_of]
        first = spec.params[0]
        example = next((p.example for p in spec.params if p.name == spec.short), {first.name: first.example})
        return {
            "description": spec.summary,
            "examples": [example],
            "anyOf": [whole, _SCALAR] if spec.short else [whole],
        }

    def places(self, what: str) -> dict[str, Any]:
        """Named places, each of one of the families that the handlers bring."""
        kinds = {name: self._family(family) for name, family in families(self._specs, what).items()}
        one = {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": kinds}
        return {"type": "object", "additionalProperties": {**one, "additionalProperties": False}}

    def _family(self, family: TargetSpec) -> dict[str, Any]:
        required = [param.name for param in family.params if param.required]
        shown = [param.name for param in family.params[:2]]
        return {
            "description": family.summary,
            "examples": [{param.name: param.example for param in family.params if param.name in (required or shown)}],
            "type": "object" if required else ["object", "null"],
            "properties": {param.name: self.param(param) for param in family.params},
            "additionalProperties": family.open_params,
            **({"required": required} if required else {}),
        }

    def param(self, param: Param) -> dict[str, Any]:
        kinds: dict[str, dict[str, Any]] = {
            "text": dict(_SCALAR), "integer": {"type": "integer"}, "number": {"type": "number"},
            "boolean": {"type": "boolean"}, "duration": {"type": "string", "pattern": DURATION},
            "size": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": SIZE}]},
            "list": {"type": "array"}, "map": {"type": "object"}, "any": {},
        }  # fmt: skip
        found = kinds[param.type]
        if param.fields:
            found["properties"] = {inner.name: self.param(inner) for inner in param.fields}
            found["additionalProperties"] = False
            required = [inner.name for inner in param.fields if inner.required]
            if required:
                found["required"] = required
        if param.many:
            found = {"anyOf": [found, {"type": "array", "items": found}]}
        return {"description": param.description, "examples": [param.example], **found}

    def object(self, table: str) -> dict[str, Any]:
        """An object of a table: its properties, what is required, and keys beginning with x- free."""
        found: dict[str, Any] = {
            "type": "object",
            "properties": {field.name: self.field(field) for field in TABLES[table]},
            "patternProperties": _FREE,
            "additionalProperties": False,
        }
        required = [field.name for field in TABLES[table] if field.required]
        return {**found, "required": required} if required else found

    def field(self, field: Field) -> dict[str, Any]:
        """One property, with its description and example."""
        return {"description": field.description, "examples": [field.example], **self._type(field)}

    def _type(self, field: Field) -> dict[str, Any]:
        if field.name == "steadyhand":
            return {"const": 1}
        if field.choices:
            return {"enum": list(field.choices)}
        plain: dict[str, dict[str, Any]] = {
            "text": dict(_SCALAR), "slug": {"type": "string", "pattern": SLUG}, "name": {"type": "string", "pattern": NAME},
            "integer": {"type": "integer", **({"minimum": field.least} if field.least is not None else {})},
            "number": {"type": "number"}, "boolean": {"type": "boolean"}, "any": {},
            "duration": {"type": "string", "pattern": DURATION},
            "size": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": SIZE}]},
        }  # fmt: skip
        if field.type in plain:
            return plain[field.type]
        if field.type == "list":
            return {"type": "array", "items": dict(_SCALAR) if field.of == "text" else {}}
        if field.type == "map":
            known: dict[str, dict[str, Any]] = {"text": dict(_SCALAR), "list": {"type": "array", "items": _SCALAR}}
            inner = known.get(field.of, {})
            return {"type": "object", "additionalProperties": inner or True}
        if field.type == "freezes":
            return {"type": "array", "items": self.object("freeze")}
        if field.type == "objects":
            return {"type": "object", "additionalProperties": self.object(field.of)}
        if field.type == "routes":
            return {"type": "array", "items": self.object("route")}
        if field.type == "object":
            whole = self.object(field.of)
            short = any(inner.short for inner in TABLES[field.of])
            return {"anyOf": [whole, _SCALAR]} if short else whole
        return _ROUTES.get(field.type) or self._special(field.type)

    def _special(self, kind: str) -> dict[str, Any]:
        """The types that have a reader of their own."""
        name = {"pattern": SLUG}
        steps = {
            "type": "object",
            "propertyNames": name,
            "additionalProperties": {"$ref": "#/$defs/step"},
            "minProperties": 1,
        }
        branch = {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"steps": {**steps, **_BRANCH}},
                    "required": ["steps"],
                    "additionalProperties": False,
                },
                {"$ref": "#/$defs/step"},
            ]
        }
        branches = {"type": "object", "additionalProperties": branch, "minProperties": 1}
        limited = {
            "type": "object", "required": ["branches"], "additionalProperties": False,
            "properties": {
                "limit": {"type": "integer", "minimum": 1, "description": "How many at once.", "examples": [3]},
                "branches": {**branches, "description": "The branches.", "examples": [{"logs": {"shell": "dmesg"}}]},
            },
        }  # fmt: skip
        sources = {name: self.field(source) for name, source in SOURCES.items()}
        specials: dict[str, dict[str, Any]] = {
            "steps": steps,
            "branches": {"anyOf": [limited, {**branches, "not": {"required": ["branches"]}}]},
            "checks": {"type": "object", "propertyNames": name, "additionalProperties": {"$ref": "#/$defs/check"}, "minProperties": 1},
            "operation": {"$ref": "#/$defs/operation"},
            "captures": {"type": "object", "additionalProperties": {"$ref": "#/$defs/operation"}},
            "verify": {"$ref": "#/$defs/verify"},
            "undo": {"anyOf": [
                {"type": "object", "required": ["none"], "properties": {"none": {
                    "type": "string", "description": "Why.", "examples": ["A restart has nothing to take back"]}}},
                {"$ref": "#/$defs/operation"},
            ]},
            "each": {"$ref": "#/$defs/each"},
            "batch": {"anyOf": [_BATCH, {"type": "array", "items": _BATCH, "minItems": 1}]},
            "next": {"anyOf": [
                {"$ref": "#/$defs/edge"},
                {"type": "object", "additionalProperties": {"$ref": "#/$defs/edge"}},
            ]},
            "expect": {"anyOf": [{"type": ["string", "boolean", "number"]}, {"type": "object"}]},
            "schema": {"$ref": "#/$defs/schema"},
            "links": {"type": "array", "items": {"$ref": "#/$defs/link"}},
            "inputs": {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": {"$ref": "#/$defs/schema"}},
            "secrets": {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": {
                "type": "object", "properties": sources, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}},
            "targets": self.places("targets"),
            "channels": self.places("channels"),
            "intakes": {"type": "object", "propertyNames": name, "additionalProperties": self.object("intake")},
            "asks": {"type": "array", "items": self.object("ask_people")},
        }  # fmt: skip
        return specials[kind]


_BATCH = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^([1-9]\d?|100)%$|^[1-9]\d*$"}]}


def _schema_of_schemas() -> dict[str, Any]:
    """The part of JSON Schema that inputs may use."""
    described = {
        keyword: {"description": f"JSON Schema: {keyword}.", "examples": [_EXAMPLES.get(keyword, "text")]}
        for keyword in sorted(KEYWORDS)
    }
    described["type"] |= {"anyOf": [{"enum": list(TYPES)}, {"type": "array", "items": {"enum": list(TYPES)}}]}
    described["format"] |= {"enum": list(FORMATS)}
    described["from"] = {
        "description": "Where an alert supplies it.",
        "examples": ["alert.labels.instance"],
        "type": "string",
    }
    described["required"] = {
        "description": "Whether a value must be given; for an object, the keys it must have.",
        "examples": [False],
        "anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}],
    }
    return {"type": "object", "properties": described, "additionalProperties": False}


_EXAMPLES: dict[str, Any] = {
    "type": "string", "enum": ["a", "b"], "const": "a", "pattern": "^[a-z0-9-]+$", "format": "hostname", "minLength": 1,
    "maxLength": 63, "minimum": 1, "maximum": 10, "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 5,
    "items": {"type": "string"}, "minItems": 1, "maxItems": 10, "uniqueItems": True, "properties": {}, "default": "orders",
    "additionalProperties": False, "title": "Host", "description": "The database host", "examples": ["db1"],
}  # fmt: skip
