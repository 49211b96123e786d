"""Diameter that is detected half the time: where the share of detected lesions rises to one half.

The share is made monotone in the diameter (isotonic regression, Ayer et al. 1955, https://doi.org/10.1214/aoms/1177728423)
and interpolated in the logarithm of the diameter. Its interval is that of a bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize

HALF = 0.5
RESAMPLES = 1000


def half_diameter(diameters: np.ndarray, detected: np.ndarray) -> float:
    """In mm, of flags (lesion,); 0 where already the smallest are found more often, inf where the largest are not."""
    sizes = np.unique(diameters)
    shares = [float(detected[diameters == size].mean()) for size in sizes]
    counts = [int(np.count_nonzero(diameters == size)) for size in sizes]
    rising = optimize.isotonic_regression(shares, weights=counts).x
    if rising[0] > HALF:
        return 0.0
    above = np.flatnonzero(rising >= HALF)
    if not len(above):
        return math.inf
    last = int(above[0])
    if last == 0 or rising[last] == HALF:
        return float(sizes[last])
    low, high = np.log(sizes[last - 1 : last + 1])
    share = (HALF - rising[last - 1]) / (rising[last] - rising[last - 1])
    return float(np.exp(low + share * (high - low)))


def half_interval(
    diameters: np.ndarray, detected: np.ndarray, groups: Sequence[int], seed: int = 0
) -> tuple[float, float]:
    """95 % interval of `half_diameter` by resampling `groups` (lesion,), each with all its lesions."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(np.asarray(groups) == group) for group in sorted(set(groups))]
    found = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))])
        found.append(half_diameter(diameters[chosen], detected[chosen]))
    low, high = np.quantile(found, (0.025, 0.975), method="nearest").tolist()
    return low, high
