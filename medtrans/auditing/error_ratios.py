"""Errors in parts of the predicted uncertainty, counted for each tissue of one translation.

    r(v) = |translated(v) - target(v)| / σ'(v),    σ' = max(σ, floor)

Of each part of the image (a tissue, a label, a lesion) only the numbers of voxels with r above each factor are kept, by
the tissue of the translation, which is known without the target.

| tissue of a CT | HU of the translation | | other modalities | |
|---|---|---|---|---|
| air in the body, fat, soft tissue, bone | below -200, -30, 200, above | | body | all voxels |
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from medtrans.metrics.image.tissue_error import MIN_BONE_HU, MIN_FAT_HU, MIN_SOFT_TISSUE_HU

FACTORS = np.geomspace(1e-2, 1e3, 1001)
"""λ that can be chosen; each is 1.2 % above the one before."""
FLOOR_SHARE = 1 / 800
"""Of the range of the normalisation of targets, 5 HU of that of CT: where models agree by chance, σ is no less."""
MIN_VOXELS = 100
"""Of a part in one case, below which it is not counted."""
BODY = "body"
Range = tuple[float, float]


def tissue_ranges(modality: str) -> dict[str, Range]:
    """Tissue → its values in the translation, from the first up to below the second."""
    if modality != "CT":
        return {BODY: (-math.inf, math.inf)}
    ends = [-math.inf, MIN_FAT_HU, MIN_SOFT_TISSUE_HU, MIN_BONE_HU, math.inf]
    names = ("air in the body", "fat", "soft tissue", "bone")
    return dict(zip(names, itertools.pairwise(ends), strict=True))


def tissue_numbers(values: np.ndarray, ranges: Mapping[str, Range]) -> np.ndarray:
    """The number of the tissue of each value."""
    return np.searchsorted([high for _, high in list(ranges.values())[:-1]], values, side="right")


@dataclass(frozen=True, eq=False)
class Part:
    """Voxels of a part, by the tissue of the translation."""

    above: np.ndarray
    """(tissue, factor): number of voxels whose ratio is above the factor."""
    sizes: np.ndarray
    """(tissue,)"""

    @classmethod
    def of(cls, ratios: np.ndarray, numbers: np.ndarray, tissues: int) -> Part:
        """Of flat arrays."""
        rank = np.searchsorted(FACTORS, ratios, side="left")
        bins = len(FACTORS) + 1
        counts = np.bincount(numbers * bins + rank, minlength=tissues * bins).reshape(tissues, bins)
        return cls(counts[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:], counts.sum(axis=1))

    @property
    def size(self) -> int:
        """Voxels."""
        return int(self.sizes.sum())

    def losses(self) -> np.ndarray:
        """(factor,): the share of its voxels outside, with one factor for all tissues."""
        return np.asarray(self.above.sum(axis=0) / max(self.size, 1))

    def covered(self, chosen: np.ndarray) -> float:
        """The share of its voxels within the intervals of these factors, by their number, of each tissue."""
        outside = self.above[np.arange(len(self.sizes)), chosen].sum()
        return 1 - float(outside) / max(self.size, 1)


@dataclass(frozen=True, eq=False)
class CaseErrors:
    """What calibration takes from one case."""

    case: str
    subject: str
    mae: float
    """In the body, in the unit of the translation."""
    widths: np.ndarray
    """(tissue,): sum of σ' over the voxels of the body."""
    tissues: Mapping[str, Part]
    """By tissue of the translation."""
    real: Mapping[str, Part]
    """By tissue of the target, and by label."""
    lesions: tuple[Part, ...] = field(default=())
    """Each lesion."""

    @property
    def voxels(self) -> int:
        """Of the body."""
        return sum(part.size for part in self.tissues.values())


def floored(deviation: np.ndarray, floor: float) -> np.ndarray:
    """σ'."""
    return np.maximum(deviation.astype(np.float32), np.float32(floor))


def case_errors(
    case: str,
    subject: str,
    translated: np.ndarray,
    deviation: np.ndarray,
    target: np.ndarray,
    body: np.ndarray,
    modality: str,
    floor: float,
    *,
    labels: np.ndarray | None = None,
    lesions: np.ndarray | None = None,
) -> CaseErrors:
    """Arrays (i, j, k) of one grid; `lesions` are numbered components, 0 where there is none."""
    ranges = tissue_ranges(modality)
    error = np.abs(translated.astype(np.float32) - target)
    width = floored(deviation, floor)
    numbers = tissue_numbers(translated, ranges)

    def part(mask: np.ndarray) -> Part:
        return Part.of(error[mask] / width[mask], numbers[mask], len(ranges))

    inside = {name: part(body & (numbers == number)) for number, name in enumerate(ranges)}
    of_target = tissue_numbers(target, ranges)
    real = {name: part(body & (of_target == number)) for number, name in enumerate(ranges)} if modality == "CT" else {}
    if labels is not None:
        values = [value for value in np.unique(labels[body]) if value]
        real |= {f"label {value:g}": part(body & (labels == value)) for value in values}
    count = int(lesions.max()) if lesions is not None else 0
    of_lesions = [part(lesions == number) for number in range(1, count + 1)] if lesions is not None else []
    return CaseErrors(
        case,
        subject,
        float(error[body].mean()),
        np.bincount(numbers[body], width[body], len(ranges)),
        inside,
        {name: one for name, one in real.items() if one.size >= MIN_VOXELS},
        tuple(of_lesions),
    )
