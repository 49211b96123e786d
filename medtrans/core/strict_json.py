"""JSON that every reader accepts: nan is null, infinity the string "inf"."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def to_strict_json(document: Any) -> str:
    """`document` of plain values, with a line break at the end."""
    return json.dumps(to_plain(document), indent=1, allow_nan=False) + "\n"


def to_number(value: float | str | None) -> float:
    """The number that `to_strict_json` wrote: null is nan, "inf" infinity."""
    if value is None:
        return math.nan
    return float(value) if isinstance(value, str) else value


def to_plain(value: Any) -> Any:
    """`value` of lists, tables with text as keys, text and finite numbers."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
