"""Settings: a strict, frozen base for everything configurable.

Plain dataclasses, so that the code they set needs no other package; pydantic checks them once, where YAML comes in.
`to_dict` and `from_dict` carry them through a model's config.json and back.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from medtrans.core.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Subclass with `@dataclass(frozen=True, kw_only=True)`; explain each field in the string below it."""

    # Without this, pydantic silently ignores unknown keys of standard dataclasses.
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "use_attribute_docstrings": True}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "settings") -> Self:
        """The inverse of `to_dict`. Raises UsageError on a key that is not a setting, suggesting the right one."""
        hints = get_type_hints(cls, include_extras=True)
        known = {f.name for f in fields(cls)}
        for key in values:
            if key not in known:
                raise UsageError(where, f"no setting named {key!r}", did_you_mean(key, known))
        return cls(**{key: _typed(value, hints[key], f"{where}.{key}") for key, value in values.items()})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known word, or lists them all."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else "choose from: " + ", ".join(known)


def _plain(value: Any) -> Any:
    if isinstance(value, Settings):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _typed(value: Any, hint: Any, where: str) -> Any:
    """`value` as JSON gives it, in the type the field names: settings for dicts, tuples for lists."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if isinstance(value, dict):
        for choice in choices:
            if is_dataclass(choice) and isinstance(choice, type) and issubclass(choice, Settings):
                if "name" not in value or value["name"] in _names(choice):
                    return choice.from_dict(value, where)
        if any(is_dataclass(choice) for choice in choices):
            names = [name for choice in choices for name in _names(choice)]
            raise UsageError(
                where, f"nothing is named {value.get('name')!r}", did_you_mean(str(value.get("name")), names)
            )
    if isinstance(value, list):
        for choice in choices:
            if get_origin(choice) is tuple:
                inner = get_args(choice)
                each = [inner[0]] * len(value) if inner[-1:] == (Ellipsis,) else inner
                return tuple(_typed(item, kind, where) for item, kind in zip(value, each, strict=False))
    return Path(value) if isinstance(value, str) and Path in choices else value


def _names(choice: Any) -> tuple[str, ...]:
    hint = get_type_hints(choice).get("name") if isinstance(choice, type) else None
    return get_args(hint) if get_origin(hint) is Literal else ()
