"""Histogram standardisation: landmarks of the histogram within the body are moved to their average place. For MR.

Piecewise linear and monotone; 0, the air of MR, is a landmark too and becomes -1.
Nyúl and Udupa, Magn Reson Med 1999; Nyúl, Udupa and Zhang, IEEE TMI 2000, https://doi.org/10.1109/42.836373
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import MinLen

from medtrans.preparing.normalisation._normaliser import Inverse, MaskedVoxels, Normaliser, assert_fitted
from medtrans.preparing.normalisation._rescaling import piecewise_linear, rescale, validate_range

SMALLEST_STEP = 1e-6
"""Of the whole range: equal landmarks, as in an image of few values, are moved apart by so much."""


@dataclass(frozen=True, kw_only=True)
class Nyul(Normaliser):
    fitted: ClassVar[tuple[str, ...]] = ("standard_landmarks", "typical_landmarks")

    name: Literal["nyul"] = "nyul"
    percentiles: Annotated[tuple[float, ...], MinLen(2)] = (1.0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99.0)
    """Percentiles of the landmarks."""
    standard_landmarks: tuple[float, ...] | None = None
    """Fitted: the values that the landmarks become, in [-1, 1]."""
    typical_landmarks: tuple[float, ...] | None = None
    """Fitted: the median landmarks in measured units."""

    def fit(self, volumes: Iterable[MaskedVoxels]) -> Self:
        landmarks = np.array([self._landmarks(voxels, mask) for voxels, mask in volumes])
        rescaled = np.array([rescale(marks, marks[0], marks[-1]) for marks in landmarks])
        standard, typical = rescaled.mean(axis=0).tolist(), np.median(landmarks, axis=0).tolist()
        return replace(self, standard_landmarks=tuple(standard), typical_landmarks=tuple(typical))

    def normalise(self, voxels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, Inverse]:
        assert_fitted(self.standard_landmarks, self.name)
        landmarks, standard = self._landmarks(voxels, mask), np.array(self.standard_landmarks)
        return piecewise_linear(landmarks, standard)(voxels), piecewise_linear(standard, landmarks)

    def restore(self, normalised: np.ndarray) -> np.ndarray:
        assert_fitted(self.standard_landmarks, self.name)
        assert_fitted(self.typical_landmarks, self.name)
        return piecewise_linear(np.array(self.standard_landmarks), np.array(self.typical_landmarks))(normalised)

    def _landmarks(self, voxels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        landmarks = np.array([0.0, *np.percentile(voxels[mask], self.percentiles)])
        validate_range(float(landmarks[0]), float(landmarks[-1]))
        steps = np.maximum(np.diff(landmarks), SMALLEST_STEP * (landmarks[-1] - landmarks[0]))
        return np.concatenate([landmarks[:1], landmarks[0] + np.cumsum(steps)])
