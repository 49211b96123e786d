"""Z-score normalisation: mean and standard deviation within the body → 0 and 1/3. For MR.

x' = (x - mean) / (3 standard deviations)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

import numpy as np

from medtrans.preparing.normalisation._normaliser import Inverse, MaskedVoxels, Normaliser, assert_fitted
from medtrans.preparing.normalisation._rescaling import rescale, rescaled_zero, unscale, unscale_air, validate_range


@dataclass(frozen=True, kw_only=True)
class ZScore(Normaliser):
    fitted: ClassVar[tuple[str, ...]] = ("typical_moments",)

    name: Literal["zscore"] = "zscore"
    typical_moments: tuple[float, float] | None = None
    """Fitted: the median over the training images of mean and standard deviation."""

    @property
    def background(self) -> float:
        """The value that 0 becomes by the typical moments: the lower, the more uniform the body."""
        return rescaled_zero(*_bounds(*self.typical_moments)) if self.typical_moments else -1.0

    def air(self, undo: Inverse) -> float:
        return rescaled_zero(*undo(np.array([-1.0, 1.0])))

    def fit(self, volumes: Iterable[MaskedVoxels]) -> Self:
        moments = [_moments(voxels, mask) for voxels, mask in volumes]
        mean, deviation = np.median(np.array(moments), axis=0).tolist()
        return replace(self, typical_moments=(mean, deviation))

    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        low, high = _bounds(*_moments(voxels, mask))
        return rescale(voxels, low, high), lambda normalised: unscale(normalised, low, high)

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        assert_fitted(self.typical_moments, self.name)
        assert self.typical_moments is not None
        return unscale_air(normalised, *_bounds(*self.typical_moments))


def _bounds(mean: float, deviation: float) -> tuple[float, float]:
    """The values that become -1 and 1."""
    return mean - 3 * deviation, mean + 3 * deviation


def _moments(voxels: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    body = voxels[mask].astype(np.float64)
    mean, deviation = float(body.mean()), float(body.std())
    validate_range(mean - deviation, mean + deviation)
    return mean, deviation
