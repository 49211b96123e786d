"""Small images whose damage is known: for the laws and tests of metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import erf

SHAPE = (26, 30, 24)
I, J, K = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
NOISE = np.random.default_rng(7).normal(size=SHAPE)


def image(radius: float = 12**0.5) -> np.ndarray:
    """Smooth HU with a bright rod, air outside an ellipse."""
    tissue = 60 * np.sin(I / 3) * np.cos(J / 4) + 8 * K
    tissue = np.where(np.hypot(I - 13, J - 15) < radius, 900 + tissue, tissue)
    return np.where(body(), tissue, -1024).astype(np.float32)


def body() -> np.ndarray:
    return ((I - 12.5) / 11) ** 2 + ((J - 14.5) / 13) ** 2 + 0 * K < 1


def noisy(amount: float) -> np.ndarray:
    """The image with the same noise each time, `amount` HU strong."""
    return (image() + amount * NOISE).astype(np.float32)


def more_noise(step: int) -> np.ndarray:
    return noisy((0, 5, 20, 80, 320)[step])


def slanted_edge(sigma: float, degrees: float = 7, shape=SHAPE, spacing=(1.0, 1.0, 1.0)) -> np.ndarray:
    """0 to 800 HU across a plane near the middle, blurred by a Gaussian of `sigma` mm, sampled at points."""
    i, j, k = ((grid - side // 2) * mm for grid, side, mm in zip(np.indices(shape), shape, spacing, strict=True))
    tilt = np.deg2rad(degrees)
    distance = np.cos(tilt) * i + np.sin(tilt) * np.sqrt(0.5) * (j + k)
    return (400 + 400 * erf(distance / sigma / np.sqrt(2))).astype(np.float32)


def slices_offset(amount: float) -> np.ndarray:
    return (noisy(20) + amount * (-1.0) ** K).astype(np.float32)


def windows_offset(amount: float) -> np.ndarray:
    """Blocks of 8³ voxels, every other one brighter."""
    return (noisy(20) + amount * ((I // 8 + J // 8 + K // 8) % 2)).astype(np.float32)


def grainy(sigma: float) -> np.ndarray:
    """A level image with noise blurred in its planes."""
    return (40 + gaussian_filter(50 * NOISE, (sigma, sigma, 0), mode="wrap")).astype(np.float32)


@dataclass(frozen=True)
class Trial:
    """What a metric is for: `worse` makes its image from 0, the target itself, to 4, the worst."""

    worse: Callable[[int], np.ndarray] = more_noise
    settings: Mapping[str, Any] = field(default_factory=dict)
    best: tuple[float, ...] = ()
    """Its value for the target itself, where it is not 0 of errors, and 1 or inf of the others."""

    @property
    def target(self) -> np.ndarray:
        return self.worse(0)


TRIALS = {
    "false_change": Trial(settings={"threshold": 4.0}),
    "nmi": Trial(best=(2.0,)),
    "gamma_index": Trial(lambda step: image() + np.float32((0, 40, 50, 60, 70)[step]), {"steps": 3}),
    "bone_dice": Trial(lambda step: image(3.5 + step)),
    "bone_hd95": Trial(lambda step: image(3.5 + step)),
    "edge_width": Trial(lambda step: gaussian_filter(image(), 0.5 * step) if step else image()),
    "mtf": Trial(lambda step: slanted_edge(0.8 + 0.3 * step)),
    "snr": Trial(lambda step: noisy((20, 30, 50, 80, 320)[step])),
    "cnr": Trial(lambda step: noisy((20, 30, 50, 80, 320)[step])),
    "noise_power": Trial(lambda step: grainy(0.3 * step)),
    "seam": Trial(lambda step: windows_offset((0, 20, 60, 200, 600)[step]), {"stride": 8}),
    "slice_consistency": Trial(lambda step: slices_offset((0, 20, 60, 200, 600)[step])),
}


def trial(name: str) -> Trial:
    """Noise, for what has no damage of its own."""
    return TRIALS.get(name, Trial())
