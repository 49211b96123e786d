"""Where a set of images is: within reach of a member's k-th nearest neighbour."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist


def share_inside(images: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    """The share of `images` (image, feature) that lie in the set `others`."""
    # Each is its own nearest, at distance 0.
    radius = np.sort(cdist(others, others), axis=1)[:, neighbours]
    return float((cdist(images, others) <= radius).any(axis=1).mean())
