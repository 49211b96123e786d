"""Degenerate translations: images that are black, constant, far too bright, saturated, filled with one value, or of
other values than their target.

Scores alone do not show them: in a black image of a head PSNR can be 15 dB and SSIM .6. Values are those in the mask,
compared with the target's; both in one unit.

| code | rule, on the values in the mask |
|---|---|
| black-translation | the 99.5th percentile, from air on, is below a fifth of the target's |
| bright-translation | it is above five times the target's |
| foreign-translation | the median lies outside of the 0.5th to 99.5th percentile of the target, and r < .5 |
| constant-translation | from the 0.5th to the 99.5th percentile it spans below a twentieth of the target's |
| saturated-translation | a tenth more of the voxels than in the target lie in the highest hundredth of its range |
| filled-translation | a tenth more of the voxels than in the target have one and the same value |

Without a mask air is around the body, where a translation has it exactly and a target has noise: it fills nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.evaluating.mask_arrays import mask_array

MAX_TOP_RATIO = 5.0
MIN_SPAN_FRACTION = 0.05
MAX_EXTRA_SHARE = 0.1
TOP_OF_RANGE = 0.01
MAX_VOXELS = 1_000_000
"""Voxels of a channel that are looked at, evenly picked."""
MIN_CORRELATION = 0.5
"""With the target: above, an image of other values may be the right one in another unit."""
FILLED = "filled-translation"
CODES = tuple(f"{kind}-translation" for kind in ("black", "bright", "constant", "saturated", "filled", "foreign"))
ADVICE = "look at the images; if a model made it, its training failed"


@dataclass(frozen=True)
class _Values:
    """Of one channel in the mask."""

    low: float
    high: float
    """0.5th and 99.5th percentiles."""
    middle: float
    """The median."""
    saturated: float
    """Share of the voxels in the highest hundredth of the range."""
    commonest: float
    share: float
    """The most frequent value, and its share of the voxels."""


def degenerate(translated: Volume, target: Volume, mask: Volume | None, *, modality: str, case: str) -> list[Finding]:
    """At most one finding for each channel, of volumes on one grid and in one unit."""
    inside = mask_array(mask, target)
    air = find_modality(modality).air
    pairs = [(own[inside], true[inside]) for own, true in zip(translated.voxels, target.voxels, strict=True)]
    outside = air if mask is None else None
    found = (_doubt_pair(own, true, air, outside) for own, true in pairs if own.size)
    return [
        Finding(
            code=f"{doubt[0]}-translation",
            severity="warn",
            where=case,
            what=f"the translation {doubt[1]}",
            consequence="its scores are those of an image without content",
            advice=ADVICE,
            numbers=doubt[2],
        )
        for doubt in found
        if doubt
    ]


def correlation(translated: np.ndarray, target: np.ndarray) -> float:
    """Pearson's r of two arrays; 0 where one of them is constant."""
    one, other = (values.astype(np.float64).ravel() for values in (translated, target))
    one, other = one - one.mean(), other - other.mean()
    below = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / below if below else 0.0


def _doubt_pair(
    own: np.ndarray, true: np.ndarray, air: float, outside: float | None
) -> tuple[str, str, dict[str, float]] | None:
    """Kind, words and numbers of one channel; None where nothing is wrong. `outside` as in `_values`."""
    mine, target = _values(own, outside), _values(true, outside)
    if found := _doubt(mine, target, air):
        return found
    lies_within = target.low <= mine.middle <= target.high
    if lies_within or target.low == target.high or correlation(own, true) >= MIN_CORRELATION:
        return None
    where = "above" if mine.middle > target.high else "below"
    words = f"has other values than its target: half of them in the mask lie {where} {mine.middle:.4g}, where the "
    numbers = {"median": mine.middle, "target_low": target.low, "target_high": target.high}
    return "foreign", f"{words}target's go from {target.low:.4g} to {target.high:.4g}", numbers


def _doubt(own: _Values, true: _Values, air: float) -> tuple[str, str, dict[str, float]] | None:
    """As `_doubt_pair`, by what needs no comparison voxel by voxel."""
    top, wanted, span = own.high - air, true.high - air, true.high - true.low
    numbers = {"low": own.low, "high": own.high, "target_low": true.low, "target_high": true.high}
    ends = f"{own.low:.4g} to {own.high:.4g}, where the target's go from {true.low:.4g} to {true.high:.4g}"
    if wanted > 0 and top * MAX_TOP_RATIO < wanted:
        return "black", f"is black: its values in the mask go from {ends}", numbers
    if wanted > 0 and top > MAX_TOP_RATIO * wanted:
        return "bright", f"is far too bright: its values in the mask go from {ends}", numbers
    if span > 0 and own.high - own.low < MIN_SPAN_FRACTION * span:
        return "constant", f"is nearly constant: its values in the mask go from {ends}", numbers
    if own.saturated > true.saturated + MAX_EXTRA_SHARE:
        words = f"is saturated: {own.saturated:.0%} of its voxels in the mask lie at its highest values"
        shares = {"share": own.saturated, "target_share": true.saturated}
        return "saturated", f"{words}, near {own.high:.4g}", numbers | shares
    if own.share > true.share + MAX_EXTRA_SHARE:
        words = f"has the one value {own.commonest:.4g} in {own.share:.0%} of the mask"
        return "filled", words, numbers | {"value": own.commonest, "share": own.share, "target_share": true.share}
    return None


def _values(values: np.ndarray, outside: float | None) -> _Values:
    """`outside` is the value of air, which fills no mask where none was given."""
    some = values[:: max(values.size // MAX_VOXELS, 1)].astype(np.float32)
    low, middle, high = (float(end) for end in np.percentile(some, (0.5, 50, 99.5)))
    smallest, largest = float(some.min()), float(some.max())
    at_top = float(np.mean(some >= largest - TOP_OF_RANGE * (largest - smallest)))
    numbers, counts = np.unique(some, return_counts=True)
    counts = np.where(numbers == outside, 0, counts) if outside is not None else counts
    most = int(counts.argmax())
    return _Values(low, high, middle, at_top, float(numbers[most]), float(counts[most] / some.size))
