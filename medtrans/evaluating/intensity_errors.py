"""Errors by intensity of the target: histograms, bias per value, and a table per tissue.

Tissues are those of metrics/image/tissue_error.py, assigned by the target alone: air in the body < -200 HU ≤ fat < -30
≤ soft tissue ≤ 200 < bone. Of other modalities, the quarters of the target's own values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.metrics.image.tissue_error import MIN_BONE_HU, MIN_FAT_HU, MIN_SOFT_TISSUE_HU

BIN_WIDTH_HU = 25
BINS = 64
"""Bins of modalities other than CT."""
MIN_VOXELS = 20
"""Voxels that a bin needs for a mean error."""
MAX_HU_BY_TISSUE = {
    "air inside": MIN_FAT_HU,
    "fat": MIN_SOFT_TISSUE_HU,
    "soft tissue": MIN_BONE_HU,
    "bone": float("inf"),
}
"""Name of a tissue → upper end in HU, where the next begins."""
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True)
class Band:
    """The voxels whose target lies in one range. `share` is a fraction; errors are translated - target."""

    name: str
    limits: str
    share: float
    mean: float
    absolute: float


@dataclass(frozen=True, eq=False)
class ByIntensity:
    """`edges` (bins + 1,); `target` and `translated` fractions (bins,); errors per bin of the target, nan where few."""

    edges: np.ndarray
    target: np.ndarray
    translated: np.ndarray
    mean: np.ndarray
    absolute: np.ndarray
    bands: tuple[Band, ...]


def by_intensity(target: np.ndarray, translated: np.ndarray, *, modality: str) -> ByIntensity | None:
    """Of the voxels in the body, (n,) each. None where no voxel is finite in both."""
    usable = np.isfinite(target) & np.isfinite(translated)
    true, predicted = target[usable].astype(np.float64), translated[usable].astype(np.float64)
    if not true.size:
        return None
    is_ct = modality == "CT"
    edges = _edges(true, is_ct)
    bins = len(edges) - 1
    place = np.clip(np.digitize(true, edges) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    error = predicted - true
    mean, absolute = (
        np.where(count >= MIN_VOXELS, np.bincount(place, values, bins) / np.maximum(count, 1), np.nan)
        for values in (error, np.abs(error))
    )
    before, after = (
        np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / true.size for values in (true, predicted)
    )
    return ByIntensity(edges, before, after, mean, absolute, _bands(true, error, is_ct))


@dataclass(frozen=True, eq=False)
class Tissue:
    """Histograms of target and translation in one tissue: fractions (bins,) between `edges`."""

    name: str
    limits: str
    edges: np.ndarray
    target: np.ndarray
    translated: np.ndarray


def by_tissue(target: np.ndarray, translated: np.ndarray) -> list[Tissue]:
    """Of the voxels in the body, (n,) each, in HU; the tissue of a voxel is that of the target."""
    usable = np.isfinite(target) & np.isfinite(translated)
    true, predicted = target[usable].astype(np.float64), translated[usable].astype(np.float64)
    place = np.searchsorted(list(MAX_HU_BY_TISSUE.values())[:-1], true, side="right")
    found = []
    for number, (name, low, high) in enumerate(_ranges()):
        own = [values[place == number] for values in (true, predicted)]
        if own[0].size < MIN_VOXELS:
            continue
        edges = _narrow_edges(np.concatenate(own))
        shares = [np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / values.size for values in own]
        found.append(Tissue(name, _limits(low, high), edges, *shares))
    return found


def _ranges() -> list[tuple[str, float, float]]:
    tops = list(MAX_HU_BY_TISSUE.values())
    return list(zip(MAX_HU_BY_TISSUE, [-np.inf, *tops], tops, strict=False))


def _narrow_edges(values: np.ndarray) -> np.ndarray:
    """About `BINS` bins, whole HU wide, over all but the outermost values."""
    low, high = np.floor(np.percentile(values, (0.5, 99.5)))
    width = max(np.ceil((high - low) / BINS), 1.0)
    return np.arange(low, high + 2 * width, width) - 0.5


def _edges(true: np.ndarray, is_ct: bool) -> np.ndarray:
    """Bin edges for nearly all values. HU are whole numbers, so that the width of a bin is, too."""
    low, high = np.percentile(true, (0.05, 99.95))
    if is_ct:
        return np.arange(np.floor(low / BIN_WIDTH_HU) * BIN_WIDTH_HU, high + BIN_WIDTH_HU, BIN_WIDTH_HU) - 0.5
    return np.linspace(low, max(high, low + 1e-6), BINS + 1)


def _bands(true: np.ndarray, error: np.ndarray, is_ct: bool) -> tuple[Band, ...]:
    names, tops = tuple(MAX_HU_BY_TISSUE), list(MAX_HU_BY_TISSUE.values())
    if not is_ct:
        names, tops = QUARTERS, [*np.percentile(true, (25, 50, 75)).tolist(), np.inf]
    place = np.searchsorted(tops[:-1], true, side="right")
    bands = []
    for number, (name, low, high) in enumerate(zip(names, [-np.inf, *tops], tops, strict=False)):
        own = error[place == number]
        mean, absolute = (float(own.mean()), float(np.abs(own).mean())) if own.size else (np.nan, np.nan)
        bands.append(Band(name, _limits(low, high), own.size / true.size, mean, absolute))
    return tuple(bands)


def _limits(low: float, high: float) -> str:
    low_words, high_words = (f"{end:.3g}".replace("-", "−") for end in (low, high))
    if np.isinf(low):
        return f"below {high_words}"
    if np.isinf(high):
        return f"above {low_words}" if low == MIN_BONE_HU else f"{low_words} and above"
    return f"{low_words} … {high_words}"
