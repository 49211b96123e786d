"""Changing how a source looks, its anatomy left alone. Air stays air until noise is added.

h = v - air        h → gain · e^b(x) · sign(h) 2 |h / 2|^gamma      then blurred, then + noise
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import ndimage

from medtrans.preparing.deformations import smooth_field

SD_PER_FULL_WIDTH = 1 / math.sqrt(8 * math.log(2))


def alter(voxels: np.ndarray, drawn: Mapping[str, Any], spacing: Sequence[float], air: float) -> np.ndarray:
    """(channel, *space) with air at `air`, made to look as Augment.draw_look drew it; `spacing` in mm."""
    if not drawn:
        return voxels
    height = voxels - np.float32(air)
    if "gamma" in drawn:
        height = np.copysign(2 * np.abs(height / 2) ** np.float32(drawn["gamma"]), height)
    height *= np.float32(drawn.get("brightness", 1.0))
    if "bias" in drawn:
        dice = np.random.default_rng(drawn["bias"]["seed"])
        height *= np.exp(np.float32(drawn["bias"]["deviation"]) * smooth_field(dice, voxels.shape[1:]))
    if "blur" in drawn:
        sd = [0.0, *(drawn["blur"] * SD_PER_FULL_WIDTH / distance for distance in spacing)]
        height = ndimage.gaussian_filter(height, sd, mode="nearest")
    if "noise" in drawn:
        dice = np.random.default_rng(drawn["noise"]["seed"])
        height += np.float32(drawn["noise"]["deviation"]) * dice.standard_normal(height.shape, dtype=np.float32)
    return height + np.float32(air)
