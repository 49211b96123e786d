"""Relative paths in settings: every field of type Path, at any depth, also of a method."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from medtrans.core.settings import Settings, hints_of

S = TypeVar("S", bound=Settings)
NONE: Mapping[str, Path] = {}


def rebase(
    kind: type[Settings], values: Mapping[str, Any], folder: Path, where: str, named: Mapping[str, Path] = NONE
) -> dict[str, Any]:
    """Plain `values` of `kind`, also incomplete ones, with every path in them put after `folder`.

    A name in `named` stands for its path, unless `folder` holds something of that name. Raises UsageError on unknown
    keys and names.
    """
    hints = hints_of(kind)
    # That of Settings itself: a class may refuse what is incomplete, and changes may still complete it.
    build_nested = vars(Settings)["nested"].__func__
    nested = build_nested(kind, values, where, lambda inner, table, place: rebase(inner, table, folder, place, named))
    return {key: _joined(value, folder, named) if _is_path(hints[key]) else value for key, value in nested.items()}


def absolute(settings: S, named: Mapping[str, Path] = NONE) -> S:
    """`settings` with every path absolute; relative ones, and names in `named`, as `rebase` takes them in the working
    folder."""
    return _with_paths(settings, lambda path: Path(_joined(str(path), Path.cwd(), named)))


def without_folders(settings: S) -> S:
    """`settings` with the last part alone of every path, for what is given away."""
    return _with_paths(settings, lambda path: Path(path.name))


def _with_paths(settings: S, change: Callable[[Path], Path]) -> S:
    changes = {field.name: _changed(getattr(settings, field.name), change) for field in dataclasses.fields(settings)}
    return dataclasses.replace(settings, **changes)


def _changed(value: Any, change: Callable[[Path], Path]) -> Any:
    if isinstance(value, Path):
        return change(value)
    if isinstance(value, Settings):
        return _with_paths(value, change)
    return tuple(_changed(item, change) for item in value) if isinstance(value, tuple) else value


def _joined(value: Any, folder: Path, named: Mapping[str, Path]) -> Any:
    if isinstance(value, str):
        path = folder / value
        return str(named.get(value, path) if not path.exists() else path)
    return [_joined(item, folder, named) for item in value] if isinstance(value, list) else value


def _is_path(hint: Any) -> bool:
    return hint is Path or any(_is_path(part) for part in get_args(hint))
