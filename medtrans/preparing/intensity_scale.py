"""Scale of an image without a unit: the 99.5th percentile of each channel, in the body found in the image itself.

    gain = percentile of the training targets (median) / percentile of this image

One positive factor, so that 0 stays 0: the only map by which two images without a unit are brought together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.masks import body_mask
from medtrans.reading.padding import padding_as_air
from medtrans.reading.sidecars import read_sidecar

PERCENTILE = 99.5
SIDECAR_KEY = "target_percentiles"
"""In "output" of the sidecar of a translation: the percentiles of the training targets, by channel."""


def upper_percentiles(volume: Volume) -> tuple[float, ...]:
    """One per channel; in the whole image where no body is found. Padding, and what is not finite, counts as 0."""
    voxels = np.nan_to_num(padding_as_air(volume, "MR").voxels, nan=0.0, posinf=0.0, neginf=0.0)
    body = body_mask(voxels[0], volume.spacing)
    inside = body if body.any() else np.ones(volume.shape, bool)
    return tuple(float(np.percentile(channel[inside], PERCENTILE)) for channel in voxels)


def scaled(volume: Volume, percentiles: Sequence[float], wanted: Sequence[float]) -> Volume:
    """Each channel times `wanted` / `percentiles`; unchanged where one of them says nothing."""
    pairs = zip(percentiles, wanted, strict=True)
    gains = np.array([end / own if own > 0 and end > 0 else 1.0 for own, end in pairs], np.float64)
    return volume.like((volume.voxels * gains[:, None, None, None]).astype(np.float32))


def read_percentiles(sidecar: Path) -> tuple[float, ...]:
    """The scale on which a translation was written, from its sidecar; empty where it has a unit or none is known.

    Raises InputRefused where the sidecar is damaged.
    """
    try:
        percentiles = tuple(float(value) for value in read_sidecar(sidecar)["output"][SIDECAR_KEY])
    except (ValueError, KeyError, TypeError):
        return ()
    return percentiles if all(math.isfinite(value) and value > 0 for value in percentiles) else ()
