"""Settings: a strict, frozen base for everything configurable.

Plain dataclasses, so that the code they set needs no other package; pydantic checks them once, where YAML comes in.
`to_dict` and `from_dict` carry them through a model's config.json and back.
"""

from __future__ import annotations

import contextlib
import importlib
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeAlias, Union, get_args, get_origin, get_type_hints

from medtrans.core.bounds import refuse_invalid
from medtrans.core.errors import UsageError
from medtrans.core.registry import Registry
from medtrans.core.suggestions import did_you_mean

Build: TypeAlias = Callable[[type["Settings"], Mapping[str, Any], str], Any]
"""(class, its table, place of the table) → the settings."""


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
        """The inverse of `to_dict`. Raises UsageError on an unknown key, with a suggestion, and on a wrong value."""
        hints = hints_of(cls)
        nested = cls.nested(values, where, lambda kind, inner, place: kind.from_dict(inner, place))
        typed = {key: _typed(value, hints[key]) for key, value in nested.items()}
        for key, value in typed.items():
            with cls.noting(key):
                refuse_invalid(value, hints[key], f"{where}.{key}")
        return cls(**typed)

    @classmethod
    def note(cls, key: str) -> str:
        """What an error on a setting says besides, such as its unit; nothing by default."""
        return ""

    @classmethod
    @contextlib.contextmanager
    def noting(cls, key: str) -> Iterator[None]:
        """Adds the note on a setting to the advice of a UsageError."""
        try:
            yield
        except UsageError as reason:
            advice = "; ".join(filter(None, (reason.advice, cls.note(key))))
            raise UsageError(reason.where, reason.what, advice, reason.code) from reason

    def refuse_invalid(self, where: str) -> None:
        """Raise UsageError where a value lies outside of the bounds of its annotation or is not finite."""
        hints = hints_of(type(self))
        for field in fields(self):
            with self.noting(field.name):
                refuse_invalid(getattr(self, field.name), hints[field.name], f"{where}.{field.name}")

    @classmethod
    def nested(cls, values: Mapping[str, Any], where: str, build: Build) -> dict[str, Any]:
        """`values` with the settings of every table built: of the class of its `name`, else of the default's class.

        Raises UsageError on unknown keys and names.
        """
        hints, known = hints_of(cls), {f.name: f for f in fields(cls)}
        out = {}
        for key, value in values.items():
            if key not in known:
                raise UsageError(where, f"no setting named {key!r}", did_you_mean(str(key), known))
            out[key] = _built(value, hints[key], known[key].default, f"{where}.{key}", build)
        return out


@dataclass(frozen=True)
class MemberOf:
    """Annotation of a setting whose table is looked up by its `name` among the files of `package`.

        generator: Annotated[NetworkSettings, MemberOf("medtrans.networks", role="generator")] = UNetSettings()
        augmentation: tuple[Annotated[Transform, MemberOf("medtrans.preparing.transforms")], ...] = ()

    The annotated class is the base of the members; each has `name: Literal["file"] = "file"`. Of these only those are
    allowed whose name is among `names`, whose class attribute `role` is `role`, and which have the attribute `having`;
    an empty string or tuple allows all. A table without a name is of the default's class.
    """

    package: str
    names: tuple[str, ...] = ()
    role: str = ""
    having: str = ""

    def allowed(self, base: type[Any]) -> list[str]:
        """The names that a table may have. Imports the members."""
        registry = self._registry(base)
        return [name for name in self.names or registry.names() if self._fits(registry.load(name), base)]

    def load(self, name: str, base: type[Any], where: str) -> type[Any]:
        """The member of that name. Raises UsageError with a suggestion."""
        registry = self._registry(base)
        if name in (self.names or registry.names()):
            kind = registry.load(name)
            if self._fits(kind, base):
                return kind
        raise UsageError(f"{where}.name", f"nothing is named {name!r}", did_you_mean(name, self.allowed(base)))

    def _registry(self, base: type[Any]) -> Registry[Any]:
        registry = getattr(importlib.import_module(self.package), "registry", None)
        return registry if isinstance(registry, Registry) else Registry(self.package, base)

    def _fits(self, kind: type[Any], base: type[Any]) -> bool:
        has_role = not self.role or getattr(kind, "role", "") == self.role
        return issubclass(kind, base) and has_role and (not self.having or hasattr(kind, self.having))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """JSON schema for editors: a table with a name; its other keys depend on the member."""
        return {"type": "object", "properties": {"name": {"type": "string"}}}


_HINTS: dict[type[Any], Mapping[str, Any]] = {}


def hints_of(kind: type[Any]) -> Mapping[str, Any]:
    """The annotations of a class. They are read once, for Python compiles their text."""
    if kind not in _HINTS:
        _HINTS[kind] = get_type_hints(kind, include_extras=True)
    return _HINTS[kind]


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
    for kind, _ in _choices(hint):
        if isinstance(value, list) and get_origin(kind) is tuple:
            return tuple(_typed(item, get_args(kind)[0]) for item in value)
        if isinstance(value, str) and kind is Path:
            return Path(value)
    return value


def _built(value: Any, hint: Any, default: Any, where: str, build: Build) -> Any:
    """`value`, in which `build` has built each table that is Settings by `hint`."""
    choices = list(_choices(hint))
    if isinstance(value, Mapping):
        kinds = [(kind, member) for kind, member in choices if isinstance(kind, type) and issubclass(kind, Settings)]
        return build(_class_of(value, kinds, default, where), value, where) if kinds else value
    if isinstance(value, (list, tuple)):
        elements = [get_args(kind)[0] for kind, _ in choices if get_origin(kind) is tuple]
        return (
            [_built(item, elements[0], None, f"{where}[{i}]", build) for i, item in enumerate(value)]
            if elements
            else value
        )
    return value


def _class_of(
    table: Mapping[str, Any], kinds: Sequence[tuple[type[Settings], MemberOf | None]], default: Any, where: str
) -> type[Settings]:
    """The class of the settings in a table."""
    name, (kind, _) = table.get("name"), kinds[0]
    members = [(kind, member) for kind, member in kinds if member is not None]
    if name is None:
        if isinstance(default, Settings):
            return type(default)
        if members:
            allowed = [known for kind, member in members for known in member.allowed(kind)]
            raise UsageError(where, "has no name", "choose from: " + ", ".join(allowed))
        return kind
    if members:
        return _load_member(str(name), members, where)
    named = {known: kind for kind, _ in kinds for known in get_args(hints_of(kind).get("name", str))}
    if not named:
        return kind
    if name not in named:
        raise UsageError(f"{where}.name", f"nothing is named {name!r}", did_you_mean(str(name), named))
    return named[name]


def _load_member(name: str, members: Sequence[tuple[type[Settings], MemberOf]], where: str) -> type[Settings]:
    """The member of that name, of one package or of several (transforms and degradations). Raises UsageError."""
    if len(members) == 1:
        return members[0][1].load(name, members[0][0], where)
    allowed = {known: (kind, member) for kind, member in members for known in member.allowed(kind)}
    if name not in allowed:
        raise UsageError(f"{where}.name", f"nothing is named {name!r}", did_you_mean(name, allowed))
    kind, member = allowed[name]
    return member.load(name, kind, where)


def _choices(hint: Any) -> Iterator[tuple[Any, MemberOf | None]]:
    """The types that a value of `hint` may have, without annotations but MemberOf."""
    member = None
    while get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        member = next((note for note in notes if isinstance(note, MemberOf)), member)
    if get_origin(hint) in (Union, types.UnionType):
        for part in get_args(hint):
            yield from _choices(part)
    else:
        yield hint, member
