"""Rows of settings: key, allowed values, default and meaning of each, read from a Settings class.

For `medtrans list settings`, the reference pages and the JSON schema of a recipe, so that each is written once.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import yaml

from medtrans.core.settings import MemberOf, Settings, hints_of

BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
PLAIN = {int: "integer", float: "number", str: "text", bool: "true, false", Path: "path", type(None): "null"}


class Row(NamedTuple):
    """One setting in words."""

    key: str
    values: str
    default: str
    meaning: str


def allowed_values(hint: Any) -> str:
    """Which values a setting may have, in short."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        members = members_of(hint)
        return ", ".join(members) if members else " ".join(filter(None, (allowed_values(parts[0]), limits(hint))))
    if origin is Literal:
        return ", ".join(map(str, parts))
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(allowed_values(part) for part in parts))
    if origin is tuple:
        return f"list of: {allowed_values(parts[0])}"
    if isinstance(hint, type) and issubclass(hint, Settings):
        return ", ".join(named(hint)) or "table"
    return PLAIN.get(hint, "table" if origin is dict else "value")


def limits(hint: Any) -> str:
    """The bounds of an annotation: ">= 1, < 2"; empty where there are none."""
    notes = get_args(hint)[1:]
    return ", ".join(
        f"{sign} {getattr(note, key)}"
        for note in notes
        for key, sign in BOUNDS.items()
        if getattr(note, key, None) is not None
    )


def members_of(hint: Any) -> dict[str, type[Settings]]:
    """Name → class of the parts that a table of this type may be, by MemberOf; empty for other types."""
    base, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    found = [note for note in notes if isinstance(note, MemberOf)]
    return {name: note.load(name, base, "") for note in found for name in note.allowed(base)}


def all_parts(hint: Any) -> Iterator[Any]:
    """A type and all that it is made of."""
    yield hint
    for part in get_args(hint) if get_origin(hint) not in (Literal, Annotated) else ():
        yield from all_parts(part)


def named(kind: type[Settings]) -> list[str]:
    """The names that a table of this class may have; empty where it has none."""
    hint = hints_of(kind).get("name")
    return [str(name) for name in get_args(hint)] if get_origin(hint) is Literal else []


def rows(kind: type[Settings], above: str = "", values: Callable[[Any], str] = allowed_values) -> Iterator[Row]:
    """A row for each setting; settings within settings follow with dotted keys, except parts that have a name."""
    hints, texts = hints_of(kind), explanations(kind)
    for field in fields(kind):
        if field.name == "name" and get_origin(hints["name"]) is Literal:
            continue
        key, meaning = f"{above}{field.name}", texts.get(field.name, "")
        inner = nested(hints[field.name])
        if inner is None:
            yield Row(key, values(hints[field.name]), default_text(field), meaning)
        else:
            yield Row(key, "table", default_text(field), meaning)
            yield from rows(inner, f"{key}.", values)


def nested(hint: Any) -> type[Settings] | None:
    """The Settings class of a table without a name; None for every other value."""
    if get_origin(hint) in (Union, types.UnionType):
        return next((found for part in get_args(hint) if (found := nested(part))), None)
    plain_class = isinstance(hint, type) and issubclass(hint, Settings)
    has_name = plain_class and "name" in {field.name for field in fields(hint)}
    return hint if plain_class and not has_name else None


def explanations(kind: type) -> dict[str, str]:
    """Field → the string below it, on one line; of a class and of those that it derives from."""
    return {key: " ".join(text.split()) for parent in reversed(kind.__mro__) for key, text in _docstrings(parent)}


def _docstrings(kind: type) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return
    statements = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for field, text in itertools.pairwise(statements):
        target = field.target if isinstance(field, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield target.id, str(text.value.value)


def default_text(field: Field[Any]) -> str:
    """The default as YAML, in short."""
    if field.default is MISSING:
        return "required" if field.default_factory is MISSING else "{}"
    if isinstance(field.default, Settings):
        name = getattr(field.default, "name", None)
        return f"{{name: {name}}}" if name else "see below"
    return yaml_line(field.default)


def yaml_line(value: Any) -> str:
    """A value as one line of YAML."""
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, tuple):
        value = [item.to_dict() if isinstance(item, Settings) else item for item in value]
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return " ".join(text.removesuffix("...\n").split())
