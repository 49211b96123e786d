"""JSON schema of Settings, for editors that complete recipes and underline mistakes. Draft 2020-12.

Each class is written once, under $defs; the table of a part is that of the class of its `name`.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from medtrans.core.setting_rows import explanations, members_of
from medtrans.core.settings import Settings, hints_of

LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
PLAIN = {int: "integer", float: "number", str: "string", bool: "boolean", Path: "string", type(None): "null"}
Schema = dict[str, Any]


class SchemaWriter:
    """Collects the definitions of the classes that it meets."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of_class(self, kind: type[Settings], name: str = "") -> Schema:
        """A reference to the table of a class; with a `name`, that of the part of this name."""
        key = f"{kind.__module__.removeprefix('medtrans.')}.{kind.__name__}"
        if key not in self.definitions:
            self.definitions[key] = {}  # A class may hold its own kind.
            hints, texts = hints_of(kind), explanations(kind)
            properties, required = {}, [field.name for field in fields(kind) if _is_required(field)]
            for field in fields(kind):
                properties[field.name] = self.of_hint(hints[field.name]) | _described(texts.get(field.name, ""))
            if name:
                properties["name"], required = {"const": name}, sorted({*required, "name"})
            self.definitions[key] = table(properties, required)
        return {"$ref": f"#/$defs/{key}"}

    def of_parts(self, parts: Mapping[str, type[Settings]], *, may_lack_name: bool = False) -> Schema:
        """The table of one of several parts, by its name; without a name, of any keys."""
        names = {"properties": {"name": {"enum": list(parts)}}, "type": "object"}
        cases = [
            {"if": {"properties": {"name": {"const": name}}, "required": ["name"]}, "then": self.of_class(kind, name)}
            for name, kind in parts.items()
        ]
        return names | {"allOf": cases} | ({} if may_lack_name else {"required": ["name"]})

    def of_hint(self, hint: Any) -> Schema:
        """The schema of a value of this type."""
        origin, parts = get_origin(hint), get_args(hint)
        if origin is Annotated:
            members = members_of(hint)
            if members:
                return self.of_parts(members, may_lack_name=True)
            found = {LIMITS[key]: getattr(note, key, None) for note in parts[1:] for key in LIMITS}
            notes = {key: limit for key, limit in found.items() if limit is not None}
            return self.of_hint(parts[0]) | notes
        if origin is Literal:
            return {"enum": list(parts)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of_hint(part) for part in parts]}
        if origin is tuple:
            return {"type": "array"} | _items([self.of_hint(part) for part in parts if part is not Ellipsis], parts)
        if isinstance(hint, type) and issubclass(hint, Settings):
            return self.of_class(hint)
        return {"type": PLAIN[hint]} if hint in PLAIN else {"type": "object"} if origin in (dict, Mapping) else {}


def table(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    """A table of these keys and no others."""
    needed = {"required": required} if required else {}
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **needed}


def _items(schemas: list[Schema], parts: tuple[Any, ...]) -> Schema:
    if not schemas:
        return {"maxItems": 0}
    if parts[-1] is Ellipsis:
        return {"items": schemas[0]}
    return {"prefixItems": schemas, "minItems": len(schemas), "maxItems": len(schemas)}


def _described(text: str) -> Schema:
    return {"description": text} if text else {}


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING and field.name != "name"
