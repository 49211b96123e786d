"""Whether a run folder holds the run of a recipe."""

from __future__ import annotations

from typing import Any

from medtrans.recipe import Recipe, load_recipe
from medtrans.runs import RunFolder


def changed_keys(recipe: Recipe, run: RunFolder) -> list[str]:
    """Keys with another value than in the recipe of the run, sorted.

    A setting that did not exist when the run began counts as its default. What `about` says does not count. Raises
    UsageError where the recipe of the run cannot be read.
    """
    before, now = _values(load_recipe(run.recipe)), _values(recipe)
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))


def _values(recipe: Recipe) -> dict[str, Any]:
    return {
        f"{stage}.{key}".rstrip("."): value
        for stage, table in recipe.to_dict().items()
        if stage != "about"
        for key, value in (table.items() if isinstance(table, dict) else [("", table)])
    }
