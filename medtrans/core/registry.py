"""From a name to the class in the file of that name.

A family is a package; each member is one file; the file's name is the name used in recipes. Nothing is registered by
hand: putting the file there is enough, and the laws in tests/ find it.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """What `medtrans list` prints of one member, read from its file's docstring without importing it."""

    name: str
    summary: str
    source: str
    facts: str = ""
    """What a family tells besides of its members."""


class Registry(Generic[T]):
    """The members of one package that derive from `base`. Files whose names begin with `_` are not members."""

    def __init__(self, package: str, base: type[T]) -> None:
        self.package, self.base = package, base

    def names(self) -> list[str]:
        found = pkgutil.iter_modules(importlib.import_module(self.package).__path__)
        return sorted(m.name for m in found if not m.name.startswith("_"))

    def load(self, name: str) -> type[T]:
        """The one class of the family defined in the file `name`. Raises UsageError with a suggestion."""
        family = self.package.rpartition(".")[2]
        if name not in self.names():
            raise UsageError(family, f"nothing is named {name!r}", did_you_mean(name, self.names()))
        module = importlib.import_module(f"{self.package}.{name}")
        own: list[Any] = [
            thing
            for thing in vars(module).values()
            if isinstance(thing, type) and issubclass(thing, self.base) and thing.__module__ == module.__name__
        ]
        assert len(own) == 1, f"{module.__name__} must define exactly one {self.base.__name__}, has {own}"
        return own[0]  # type: ignore[no-any-return]

    def entries(self) -> list[Entry]:
        """Name, first line and source (the first web address or citation line) of every member."""
        folder = Path(importlib.import_module(self.package).__path__[0])
        return [_entry(name, folder / f"{name}.py") for name in self.names()]


def _entry(name: str, file: Path) -> Entry:
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    address = re.search(r"https?://\S+", text)
    return Entry(name, text.partition("\n")[0].strip(), address.group(0).rstrip(".,;)") if address else "")
