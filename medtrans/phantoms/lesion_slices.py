"""Slices of a head through a lesion, of the head with the lesion and of the same head without it.

Only the lesion distinguishes the two: anatomy, contrast, coil and noise are drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head, Lesion, make_head
from medtrans.phantoms.contrasts import paint

APART_MM = 6.0
"""Between two slices."""
SLICES = 3
FIELD_OF_VIEW_MM = (192.0, 216.0, 192.0)
SHAPE_MULTIPLE = 8


def lesion_slices(
    seed: int, contrasts: Sequence[str], diameter: float, spacing: float
) -> tuple[dict[str, Volume], dict[str, Volume]]:
    """Kind → three axial slices around the centre of the lesion, ill and healthy; `diameter` and `spacing` in mm.

    The kinds are the contrasts, "mask" and, where it is ill, "lesion".
    """
    i, j, k = (round(mm / spacing / SHAPE_MULTIPLE) * SHAPE_MULTIPLE for mm in FIELD_OF_VIEW_MM)
    ill = make_head(seed, shape=(i, j, k), spacing=spacing, lesions=[Lesion(diameter)])
    healthy = make_head(seed, shape=(i, j, k), spacing=spacing)
    centre = ill.lesions[0].centre
    assert centre is not None, "make_head gives each lesion a place"
    middle = round((centre[2] - float(ill.grid.affine[2, 3])) / spacing)
    step = max(round(APART_MM / spacing), 1)
    ill_images, healthy_images = _images(ill, contrasts, seed), _images(healthy, contrasts, seed)
    ill_images["lesion"] = ill.lesion_mask
    return _cut(ill_images, middle, step), _cut(healthy_images, middle, step)


def _images(head: Head, contrasts: Sequence[str], seed: int) -> dict[str, Volume]:
    painted = {one: paint(head, one, np.random.default_rng([seed, n])) for n, one in enumerate(contrasts)}
    return {**painted, "mask": head.mask}


def _cut(images: Mapping[str, Volume], middle: int, step: int) -> dict[str, Volume]:
    """The slices `middle` and its neighbours at that step, as volumes with slices as far apart."""
    first = middle - step * (SLICES // 2)
    found = {}
    for kind, volume in images.items():
        affine = volume.affine.copy()
        affine[:3, 3] += first * affine[:3, 2]
        affine[:3, 2] *= step
        found[kind] = Volume(np.ascontiguousarray(volume.voxels[..., first : first + step * SLICES : step]), affine)
    return found
