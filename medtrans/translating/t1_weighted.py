"""T1-weighted sources of a model that makes T1: they are recognised, and may be kept.

In the translation grey matter is what has 0.5 to 0.75 of the 95th percentile of the deep voxels, white matter what has
0.88 to 1.1, as in an MPRAGE. The source is T1-weighted where white matter is brighter than grey matter in it, too.

Such a source needs no other contrast, only what lies between thick slices. With s the source on the grid of the
translation y, W a Gaussian as wide at half its height as a slice of the source is thick, and a the factor of W y with
the smallest squared error to s in the body, it is s / a + (y - W y), on the scale of the model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from medtrans.core.filters import gaussian_filter
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.preparing.resampling import SIGMA_OF_FWHM

COARSE_MM, DEEP_MM = 3.0, 25.0
"""Distance of the voxels that are compared, and below the surface of the body: in a head, too, that is brain alone."""
GREY, WHITE = (0.5, 0.75), (0.88, 1.1)
MIN_CONTRAST, MIN_VOXELS = 1.0, 100
"""Of white to grey matter, in standard deviations within them; least voxels of each."""
THICK = 1.5
"""Slices of so many voxels of the translation lack detail."""


def is_t1_weighted(source: Volume, translated: Volume) -> bool:
    """Of the first channels, on one grid; False where no two tissues are found.

    The difference of the medians of both tissues is compared with the mean of their median absolute deviations, times
    1.4826.
    """
    steps = tuple(slice(None, None, max(round(COARSE_MM / mm), 1)) for mm in translated.spacing)
    spacing = [each.step * mm for each, mm in zip(steps, translated.spacing, strict=True)]
    image, made = (volume.voxels[0][steps].astype(np.float32) for volume in (source, translated))
    deep = ndimage.distance_transform_edt(ndimage.binary_fill_holes(made > 0), sampling=spacing) > DEEP_MM
    if not deep.any() or not np.isfinite(image).all():
        return False
    share = made / max(np.percentile(made[deep], 95), 1e-6)
    grey, white = (image[deep & (share > low) & (share < high)] for low, high in (GREY, WHITE))
    if min(grey.size, white.size) < MIN_VOXELS:
        return False
    deviation = 1.4826 * np.mean([np.median(np.abs(one - np.median(one))) for one in (grey, white)])
    return bool(np.median(white) - np.median(grey) >= MIN_CONTRAST * deviation > 0)


def detail(translated: Volume, thickness: Sequence[float]) -> np.ndarray:
    """y - W y of the first channel (i, j, k): what the translation has along axes of thick slices."""
    made = translated.voxels[0].astype(np.float32)
    sides = zip(thickness, translated.spacing, strict=True)
    deviations = [SIGMA_OF_FWHM * mm / own if mm > THICK * own else 0.0 for mm, own in sides]
    return made - gaussian_filter(made, deviations)


def kept(source: Volume, translated: Volume, thickness: Sequence[float]) -> Volume:
    """The source on the scale of the translation, with its detail along axes of thick slices; 0 where that is 0.

    Both lie on one grid, on which the source was interpolated; `thickness` is that of its own voxels in mm, by axis.
    """
    image, made = (volume.voxels[0].astype(np.float32) for volume in (source, translated))
    added, body = detail(translated, thickness), made > 0
    blurred = (made - added)[body]
    factor = float(image[body] @ blurred) / float(blurred @ blurred)
    voxels = np.where(body, np.maximum(image / np.float32(factor) + added, 0), 0)
    return translated.like(voxels[None].astype(np.float32))


KEPT, ALREADY = CODES = ("kept-t1", "already-t1")


def answer(
    source: Volume, translated: Volume, thickness: Sequence[float], where: str, *, keeps: bool
) -> tuple[Volume, list[Finding]]:
    """The translation, or the source as `kept` where it is T1-weighted and the model `keeps` it; and a finding then."""
    if not is_t1_weighted(source, translated):
        return translated, []
    looks = "the source looks T1-weighted already: white matter is brighter than grey matter in it"
    if keeps:
        meaning = "the result is the source, on the scale of the model, with detail of the translation in thick slices"
        found = Finding(code=KEPT, severity="note", where=where, what=looks, consequence=meaning)
        return kept(source, translated, thickness), [found]
    meaning, advice = "the translation is a poorer T1 than the image itself", "use the image"
    found = Finding(code=ALREADY, severity="warn", where=where, what=looks, consequence=meaning, advice=advice)
    return translated, [found]
