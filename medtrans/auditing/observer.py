"""Channelised Hotelling observer: how well a linear observer tells images with a known lesion from those without.

    v = Uᵀ g        d′² = Δvᵀ S⁻¹ Δv        t = Δvᵀ S⁻¹ v

g are the voxels around a place, U the channels, Δv the mean difference of the channel outputs with and without the
lesion, S their covariance without it. Channels are Laguerre-Gauss functions of the distance r in d dimensions, with
the width a:

    u_j(r) = exp(-π r² / a²) L_j^(d/2 - 1)(2π r² / a²)

Barrett et al., PNAS 1993, https://doi.org/10.1073/pnas.90.21.9758; Gallas and Barrett, JOSA A 2003,
https://doi.org/10.1364/JOSAA.20.001725, in two dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import eval_genlaguerre

CHANNELS = 5
WIDTH = 0.8
"""Of the channels, relative to the diameter of the lesion: with five of them d′ is 95 % of the ideal observer's and
more, for balls of 4 to 20 mm in white noise (voxels of 1 mm)."""
REACH = 1.25
"""Distance from the centre within which voxels count, relative to the width."""
MIN_VOXELS = 3.0
"""A lesion counts as at least so many voxels wide: a channel needs some voxels."""
MIN_PLACES = 2 * CHANNELS + 1
"""Places below which a covariance of the channels says little."""


@dataclass(frozen=True, eq=False)
class Channels:
    """The channels of one lesion: `box` are the voxels of an image, `weights` (channel, *box) have the norm 1."""

    box: tuple[slice, ...]
    weights: np.ndarray

    def of(self, image: np.ndarray) -> np.ndarray:
        """Channel outputs (channel,) of an image (i, j, k)."""
        inside = image[self.box].astype(np.float64)
        return np.asarray(np.tensordot(self.weights, inside, inside.ndim))


def reach_mm(diameter: float, spacing: Sequence[float]) -> float:
    """Distance from the centre of a lesion to the last voxel that counts."""
    return REACH * WIDTH * max(diameter, MIN_VOXELS * max(spacing))


def channels(
    centre: Sequence[float], diameter: float, shape: Sequence[int], spacing: Sequence[float], count: int = CHANNELS
) -> Channels:
    """Channels at `centre` in voxels, in an image of that shape with voxels of `spacing` mm."""
    reach = reach_mm(diameter, spacing)
    low = [max(int(np.floor(c - reach / mm)), 0) for c, mm in zip(centre, spacing, strict=True)]
    high = [min(int(np.ceil(c + reach / mm)) + 1, n) for c, mm, n in zip(centre, spacing, shape, strict=True)]
    axes = [(np.arange(a, b) - c) * mm for a, b, c, mm in zip(low, high, centre, spacing, strict=True)]
    square = np.asarray(sum(np.square(axis) for axis in np.meshgrid(*axes, indexing="ij", sparse=True)))
    scaled = 2 * np.pi * square * (REACH / reach) ** 2
    wide = sum(side > 1 for side in shape)
    weights = np.stack([np.exp(-scaled / 2) * eval_genlaguerre(j, wide / 2 - 1, scaled) for j in range(count)])
    weights[:, square > reach**2] = 0
    norms = np.sqrt(np.square(weights).sum(axis=tuple(range(1, weights.ndim)), keepdims=True))
    return Channels(tuple(slice(a, b) for a, b in zip(low, high, strict=True)), weights / norms)


def detectability(present: np.ndarray, absent: np.ndarray) -> float:
    """d′ from channel outputs (place, channel) at the same places with and without the lesion; nan below MIN_PLACES.

    Corrected for the number n of places: S⁻¹ of normal data is (n - 1) / (n - 2 - channels) times too large, and the
    square of a mean difference with the covariance C of the differences has tr(S⁻¹ C) / n too much. 0 where that is
    more than there is.
    """
    count, size = absent.shape
    if count < MIN_PLACES:
        return float("nan")
    difference = present - absent
    mean = difference.mean(axis=0)
    shrink = (count - 2 - size) / (count - 1)
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(absent.T)), hermitian=True)
    noise = float(np.trace(inverse @ np.atleast_2d(np.cov(difference.T)))) / count
    return float(np.sqrt(max(shrink * (float(mean @ inverse @ mean) - noise), 0.0)))


def scores(present: np.ndarray, absent: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The observer's statistic t at each place with and without the lesion, in its standard deviations.

    The observer of a place is fitted to the other `groups` (place,) alone.
    """
    with_lesion, without = np.zeros(len(present)), np.zeros(len(absent))
    for group in np.unique(groups):
        own, others = groups == group, groups != group
        centre, covariance = absent[others].mean(axis=0), np.atleast_2d(np.cov(absent[others].T))
        template = np.linalg.pinv(covariance, hermitian=True) @ (present - absent)[others].mean(axis=0)
        deviation = float(np.sqrt(template @ covariance @ template)) or 1.0
        with_lesion[own] = (present[own] - centre) @ template / deviation
        without[own] = (absent[own] - centre) @ template / deviation
    return with_lesion, without
