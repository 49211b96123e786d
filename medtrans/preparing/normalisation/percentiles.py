"""Percentile normalisation: two percentiles within the body → -1 and 1, not clipped. For MR."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Le

from medtrans.preparing.normalisation._normaliser import Inverse, MaskedVoxels, Normaliser, assert_fitted
from medtrans.preparing.normalisation._rescaling import rescale, rescaled_zero, unscale, unscale_air, validate_range


@dataclass(frozen=True, kw_only=True)
class Percentiles(Normaliser):
    """Air, which is 0 in MR, becomes -1 with `lower` 0."""

    fitted: ClassVar[tuple[str, ...]] = ("typical_range",)

    name: Literal["percentiles"] = "percentiles"
    lower: Annotated[float, Ge(0), Le(50)] = 0.0
    """Percentile that becomes -1; 0 stands for the value 0, which air has in magnitude images."""
    upper: Annotated[float, Ge(50), Le(100)] = 99.5
    """Percentile that becomes 1."""
    typical_range: tuple[float, float] | None = None
    """Fitted: the median over the training images of the two values."""

    @property
    def background(self) -> float:
        """The value that 0 becomes by the typical range: -1 with `lower` 0."""
        return rescaled_zero(*self.typical_range) if self.typical_range else -1.0

    def air(self, undo: Inverse) -> float:
        return rescaled_zero(*undo(np.array([-1.0, 1.0])))

    def fit(self, volumes: Iterable[MaskedVoxels]) -> Self:
        bounds = [self._bounds(voxels, mask) for voxels, mask in volumes]
        low, high = np.median(np.array(bounds), axis=0).tolist()
        return replace(self, typical_range=(low, high))

    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        low, high = self._bounds(voxels, mask)
        return rescale(voxels, low, high), lambda normalised: unscale(normalised, low, high)

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        assert_fitted(self.typical_range, self.name)
        assert self.typical_range is not None
        return unscale_air(normalised, *self.typical_range)

    def _bounds(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
        body = voxels[mask]
        low = float(np.percentile(body, self.lower)) if self.lower else 0.0
        return validate_range(low, float(np.percentile(body, self.upper, overwrite_input=True)))
