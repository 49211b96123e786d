"""Linear normalisation: [low, high] → [-1, 1], the same for all images. For values with a unit: CT, dose, PET.

x' = 2 (x - low) / (high - low) - 1
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.modality import AIR_HU, Modality
from medtrans.preparing.normalisation._normaliser import Inverse, Normaliser
from medtrans.preparing.normalisation._rescaling import rescale, unscale

HIGHEST_HU = 3071.0
"""HU. The highest value of a 12-bit CT."""


@dataclass(frozen=True, kw_only=True)
class Linear(Normaliser):
    keeps_unit: ClassVar[bool] = True

    name: Literal["linear"] = "linear"
    low: float | None = None
    """Value that becomes -1; in CT -1024 HU, air."""
    high: float | None = None
    """Value that becomes 1; in CT 3071 HU, the highest value of 12 bits."""

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise UsageError("linear", f"low ({self.low:g}) is not below high ({self.high:g})", "give low < high")

    @property
    def bounds(self) -> tuple[float, float]:
        """The values that become -1 and 1. Raises UsageError where one is missing."""
        if self.low is None or self.high is None:
            raise UsageError("linear", "low or high is missing, so that the scale is unknown", "give both")
        return self.low, self.high

    def for_modality(self, modality: Modality, where: str) -> Self:
        super().for_modality(modality, where)
        if modality.name == "CT":
            low, high = AIR_HU if self.low is None else self.low, HIGHEST_HU if self.high is None else self.high
            return replace(self, low=low, high=high)
        if self.low is None or self.high is None:
            what = f"linear needs low and high for {modality.name}, whose range of values is not fixed"
            others = "" if modality.quantitative else ", or {name: percentiles}"
            advice = f"set {{name: linear, low: {modality.air:g}, high: ...}} in {modality.unit}{others}"
            raise UsageError(where, what, advice)
        return self

    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        return rescale(voxels, *self.bounds), self.restore

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        return unscale(normalised, *self.bounds)
