"""Scale of values: raw, or already normalised, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Scale = Literal["raw", "unit range", "signed range", "standardised", "standardised in the body"]
NEAR = 0.02
MIN_EMPTY, MIN_BELOW = 0.3, 0.1
"""Share of the outer faces with one value, which is air; and of the other voxels that lie below it."""
WORDS: dict[str, str] = {
    "unit range": "its values span 0 to 1",
    "signed range": "its values span -1 to 1",
    "standardised": "its values have mean 0 and standard deviation 1",
    "standardised in the body": "its values lie on both sides of that of the air, as after a z-score within a mask",
}


def scale_of(numbers: Mapping[str, float]) -> Scale:
    """Of an image, from its numbers."""
    low, high = numbers["low"], numbers["high"]
    if abs(high - 1) < NEAR and abs(low) < NEAR:
        return "unit range"
    if abs(high - 1) < NEAR and abs(low + 1) < NEAR:
        return "signed range"
    if low < 0 and abs(numbers["mean"]) < NEAR * 5 and abs(numbers["deviation"] - 1) < NEAR * 5:
        return "standardised"
    if numbers["empty"] > MIN_EMPTY and numbers["below_air"] > MIN_BELOW:
        return "standardised in the body"
    return "raw"
