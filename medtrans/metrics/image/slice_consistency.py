"""Slice consistency: jumps across slices over jumps within slices, compared to the target's.

    | r(translated) / r(target) - 1 |    r = mean |jump| across slices / mean |jump| within slices

A volume translated slice by slice has jumps between slices. Jump: the difference of two neighbours in the mask. 2D
models across slices: inter-slice consistent stochasticity, 2026, https://arxiv.org/abs/2602.04162
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import ImageMetric, Spacing
from medtrans.metrics.image._jumps import jumps
from medtrans.metrics.image._masks import checked_mask


@dataclass(frozen=True, kw_only=True)
class SliceConsistency(ImageMetric):
    comparable: ClassVar[bool] = False
    axis: Literal["i", "j", "k"] = "k"
    """Of the voxels, across the slices."""

    def __call__(
        self, translated: np.ndarray, target: np.ndarray, mask: np.ndarray, spacing: Spacing = (1.0, 1.0, 1.0)
    ) -> float:
        """0 where the ratios agree. Raises EmptyMask; InputRefused where slices or what is in them does not vary."""
        body = checked_mask(mask, "slice_consistency")
        return abs(self._ratio(translated, body, "translated") / self._ratio(target, body, "target") - 1)

    def _ratio(self, image: np.ndarray, body: np.ndarray, role: str) -> float:
        across = "ijk".index(self.axis)
        steps = [np.abs(jumps(image, body, axis)[0]) for axis in range(body.ndim)]
        along = steps.pop(across)
        beside = np.concatenate(steps)
        if not along.any() or not beside.any():
            where = "within" if along.any() else "across"
            what = f"{role} does not vary {where} slices in the mask, so that the ratio is undefined"
            raise InputRefused("slice_consistency", what, "give a volume of several slices")
        return float(along.mean() / beside.mean())
