"""Inpainting: a lesion is replaced by what its surroundings continue to, with their noise.

∇² u = 0 in the lesion, u the image at its border        image without lesion = u + e,    e ~ N(0, σ²)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage, sparse

MARGIN_VOXELS = 1
"""By which a lesion is widened: its border has a part of its contrast."""


def inpainted(
    image: np.ndarray, lesion: np.ndarray, sigma: float, spacing: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    """The image (i, j, k) without the lesions of a mask, float32; `sigma` is its noise. Laplace's equation in mm."""
    made = image.astype(np.float32)
    if not lesion.any():
        return made
    hole = ndimage.binary_dilation(lesion, iterations=MARGIN_VOXELS)
    number = np.full(hole.shape, -1)
    number[hole] = np.arange(np.count_nonzero(hole))
    places = np.argwhere(hole)
    rows, columns, values = [np.arange(len(places))], [np.arange(len(places))], [np.zeros(len(places))]
    known = np.zeros(len(places))
    for axis, mm in enumerate(spacing):
        for step in (-1, 1):
            beside = places.copy()
            beside[:, axis] += step
            there = (beside[:, axis] >= 0) & (beside[:, axis] < hole.shape[axis])
            at = tuple(beside[there].T)
            own, other = np.flatnonzero(there), number[at]
            values[0][own] += mm**-2.0
            known[own[other < 0]] += image[at][other < 0] * mm**-2.0
            rows.append(own[other >= 0])
            columns.append(other[other >= 0])
            values.append(np.full(len(rows[-1]), -(mm**-2.0)))
    index = np.concatenate(rows), np.concatenate(columns)
    laplacian = sparse.csr_array((np.concatenate(values), index))
    smooth, _ = sparse.linalg.cg(laplacian, known, x0=np.full(len(places), known.sum() / values[0].sum()), rtol=1e-6)
    made[hole] = smooth + sigma * rng.standard_normal(len(places))
    return made
