"""Words of a methods text: sizes, lists, counts, and the settings of a part in brackets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OFF: tuple[Any, ...] = (None, False, 0, "", "none", [], (), {})
"""Values of a setting that is off; `norm: none` is said."""


def size(sides: Sequence[float]) -> str:
    return " × ".join(f"{side:g}" for side in sides)


def listed(texts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""


def words(name: str) -> str:
    return name.replace("_", " ")


def minutes(seconds: float) -> str:
    """A duration in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.1f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def in_brackets(table: Mapping[str, Any], without: Sequence[str] = ()) -> str:
    """The settings of a part that are on, in brackets; empty where there are none."""
    given = {key: value for key, value in table.items() if key not in ("name", *without)}
    texts = [f"{words(key)} {value_text(value)}" for key, value in given.items() if is_on(key, value)]
    return f" ({', '.join(texts)})" if texts else ""


def is_on(key: str, value: Any) -> bool:
    """Whether a setting does anything: weights above 0, parts that are chosen."""
    return key == "norm" or value not in OFF


def value_text(value: Any) -> str:
    """A table as its name with its settings, a list with dashes, or with commas where a number is negative."""
    if isinstance(value, Mapping):
        return f"{words(value.get('name', ''))}{in_brackets(value)}".strip()
    if isinstance(value, (list, tuple)):
        texts = list(map(value_text, value))
        return (", " if any(text.startswith("-") for text in texts) else "-").join(texts)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else words(str(value))
