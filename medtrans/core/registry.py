"""Registry: from a name to the class in the file of that name, or to the class that another package adds.

A family is a package; each member is one file; the file's name is the name used in recipes. Nothing is registered by
hand: putting the file there is enough, and the laws in tests/ find it. Another installed package adds members by entry
points of the group `medtrans.methods`, `medtrans.networks`, `medtrans.metrics` or `medtrans.degradations`.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.core.suggestions import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """Member of a family as `medtrans list` prints it, read from the docstring of its file."""

    name: str
    summary: str
    source: str
    facts: str = ""
    """Further facts that a family adds."""


class Registry(Generic[T]):
    """The members of one package that derive from `base`. Files whose names begin with `_` are not members."""

    def __init__(self, package: str, base: type[T]) -> None:
        self.package, self.base = package, base
        self.group = ".".join(package.split(".")[:2])
        """Group of the entry points: that of `medtrans.metrics.image` is `medtrans.metrics`."""

    def names(self) -> list[str]:
        """Sorted. Raises EnvironmentRefused on an entry point that cannot be used."""
        return sorted([*self._files(), *self._added()])

    def load(self, name: str) -> type[T]:
        """The class of that name. Raises UsageError with a suggestion, EnvironmentRefused as `names` does."""
        if name in self._files():
            return self._only_member(importlib.import_module(f"{self.package}.{name}"))
        added = self._added()
        if name in added:
            return self._member(added[name])
        family = " ".join(reversed(self.package.split(".")[1:]))  # "methods", "image metrics"
        raise UsageError(family, f"nothing is named {name!r}", did_you_mean(name, self.names()))

    def entries(self) -> list[Entry]:
        """Name, first line and source (the first web address of the docstring) of every member."""
        folder, files = Path(importlib.import_module(self.package).__path__[0]), self._files()
        return [
            _entry(name, _docstring(folder / f"{name}.py") if name in files else self._docstring_of_added(name))
            for name in self.names()
        ]

    def _files(self) -> tuple[str, ...]:
        return _files(self.package)

    def _added(self) -> dict[str, EntryPoint]:
        """The entry points of other packages, by name."""
        added: dict[str, EntryPoint] = {}
        for point in _points(self.group):
            # A group that several packages share: each takes the members of its own base.
            if self.package == self.group or issubclass(_loaded(point), self.base):
                if point.name in self._files() or point.name in added:
                    what = (
                        f"adds {point.name!r} to {self.group}, but that name is taken, so a recipe would be ambiguous"
                    )
                    raise EnvironmentRefused(_package(point), what, "uninstall it, or rename its entry point")
                added[point.name] = point
        return added

    def _member(self, point: EntryPoint) -> type[T]:
        kind = _loaded(point)
        if not issubclass(kind, self.base):
            what = f"adds {point.name!r} to {self.group}, but {point.value} is not a {self.base.__name__}"
            raise EnvironmentRefused(_package(point), what, "uninstall it, or correct its entry point")
        if getattr(kind, "name", point.name) != point.name:
            what = f"adds {point.name!r} to {self.group}, but the class is named {getattr(kind, 'name', '')!r}"
            raise EnvironmentRefused(_package(point), what, "give the entry point and the class the same name")
        return kind

    def _only_member(self, module: ModuleType) -> type[T]:
        own: list[Any] = [
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and issubclass(thing, self.base) and thing.__module__ == module.__name__
        ]
        assert len(own) == 1, f"{module.__name__} must define exactly one {self.base.__name__}, has {own}"
        return own[0]  # type: ignore[no-any-return]

    def _docstring_of_added(self, name: str) -> str:
        return sys.modules[self.load(name).__module__].__doc__ or ""


@cache
def _files(package: str) -> tuple[str, ...]:
    """Names of the members in a package's folder, which is read once: a recipe asks for them hundreds of times."""
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return tuple(module.name for module in modules if not module.name.startswith("_"))


@cache
def _points(group: str) -> EntryPoints:
    return entry_points(group=group)


def _loaded(point: EntryPoint) -> type[Any]:
    """The class that an entry point names. Raises EnvironmentRefused."""
    try:
        kind = point.load()
    except Exception as reason:
        what = f"adds {point.name!r} to {point.group}, but {point.value} cannot be imported ({reason})"
        raise EnvironmentRefused(_package(point), what, "update it or uninstall it") from reason
    if not isinstance(kind, type):
        what = f"adds {point.name!r} to {point.group}, but {point.value} is not a class"
        raise EnvironmentRefused(_package(point), what, "uninstall it, or correct its entry point")
    return kind


def _package(point: EntryPoint) -> str:
    return f"package {point.dist.name}" if point.dist else f"entry point {point.value}"


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def _entry(name: str, text: str) -> Entry:
    address = re.search(r"https?://\S+", text)
    return Entry(name, text.partition("\n")[0].strip(), address.group(0).rstrip(".,;)") if address else "")
