"""Settings: a strict, frozen base for everything configurable.

Plain dataclasses, so that the code they set needs no other package; pydantic checks them once, where YAML comes in.
`to_dict` and `from_dict` carry them through a model's config.json and back.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

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
    def from_dict(cls, values: Mapping[str, Any], where: str = "settings") -> Self:
        """The inverse of `to_dict`. Raises UsageError on a key that is not a setting, suggesting the right one."""
        hints = get_type_hints(cls)
        nested = cls.nested(values, where, lambda kind, inner, place: kind.from_dict(inner, place))
        return cls(**{key: _typed(value, hints[key]) for key, value in nested.items()})

    @classmethod
    def nested(
        cls, values: Mapping[str, Any], where: str, build: Callable[[type[Settings], Mapping[str, Any], str], Any]
    ) -> dict[str, Any]:
        """`values` with every table that stands for Settings built: by its `name`, else of the default's kind.

        Raises UsageError on unknown keys and names.
        """
        hints, known = get_type_hints(cls), {f.name: f for f in fields(cls)}
        out = dict(values)
        for key, value in values.items():
            if key not in known:
                raise UsageError(where, f"no setting named {key!r}", did_you_mean(str(key), known))
            kinds = [kind for kind in _choices(hints[key]) if isinstance(kind, type) and issubclass(kind, Settings)]
            if kinds and isinstance(value, Mapping):
                place = f"{where}.{key}"
                out[key] = build(_kind(kinds, known[key].default, value.get("name"), place), value, place)
        return out


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


def _typed(value: Any, hint: Any) -> Any:
    """`value` as JSON gives it, in the type the field names: tuples for lists, paths for strings."""
    for choice in _choices(hint):
        if isinstance(value, list) and get_origin(choice) is tuple:
            return tuple(_typed(item, get_args(choice)[0]) for item in value)
        if isinstance(value, str) and choice is Path:
            return Path(value)
    return value


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _kind(kinds: list[type[Settings]], default: Any, name: Any, where: str) -> type[Settings]:
    if name is None:
        return type(default) if isinstance(default, Settings) else kinds[0]
    named = {known: kind for kind in kinds for known in get_args(get_type_hints(kind).get("name", str))}
    if not named:
        return kinds[0]
    if name not in named:
        raise UsageError(f"{where}.name", f"nothing is named {name!r}", did_you_mean(str(name), named))
    return named[name]
