"""Whether two recipes are one: that of a run folder, and that of a command."""

from __future__ import annotations

from typing import Any

from medtrans.recipe import Recipe


def changed_keys(one: Recipe, other: Recipe) -> list[str]:
    """Keys whose values differ, sorted. What `about` says does not count.

    A setting that did not exist when a run began has its default in the recipe that is loaded from its folder.
    """
    before, now = _values(one), _values(other)
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def _values(recipe: Recipe) -> dict[str, Any]:
    return {
        f"{stage}.{key}".rstrip("."): value
        for stage, table in recipe.to_dict().items()
        if stage != "about"
        for key, value in (table.items() if isinstance(table, dict) else [("", table)])
    }
