"""k-nearest-neighbour estimate of the region that a set of images covers."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist


def fraction_inside(images: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    """Fraction of `images` (image, feature) within the k-th neighbour distance of a member of `others`."""
    # Each is its own nearest, at distance 0.
    radius = np.sort(cdist(others, others), axis=1)[:, neighbours]
    return float((cdist(images, others) <= radius).any(axis=1).mean())
