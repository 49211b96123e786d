"""Images of a head: MR of an `Appearance`, CT in HU, with the partial volume of the fine grid.

Noise of MR is Rician, that of a magnitude of two Gaussian channels: Gudbjartsson and Patz, Magn Reson Med 1995,
https://doi.org/10.1002/mrm.1910340618. Noise of CT is correlated, see `ct_noise`. Metal leaves a hole in MR and the
largest number in CT, without the distortions and streaks of real images. All random numbers come from `rng`; smooth
fields are the same at every voxel size.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.arithmetic import exp, power, uniform
from medtrans.core.fields import grid_axes, random_field
from medtrans.core.filters import gaussian_filter
from medtrans.core.volume import Volume
from medtrans.degradations._ct_noise import ct_noise
from medtrans.degradations.bias_field import sensitivity
from medtrans.degradations.rician_noise import noisy_magnitude
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.mr_appearance import Appearance, of_sequence, other_scanner, random_contrast
from medtrans.phantoms.signals import TIMES
from medtrans.phantoms.tissues import NUMBER, TISSUES

CONTRASTS = (*TIMES, "CT")
AIR = -1024
"""HU outside the body."""
HIGHEST = 3071
LEAST_MARROW = 260.0
"""HU that spongy bone approaches where its trabeculae are sparse."""
TRABECULAE = 0.6
"""Standard deviation of the logarithm of what trabeculae add to that."""
LIMIT = 2.5
"""Standard deviations that no texture exceeds."""
TEXTURE_WIDTH = 4.0
"""Mm over which the texture of a tissue changes."""
REGION_WIDTH = 25.0
"""Mm over which the density of spongy bone changes, besides its texture."""
COIL_WIDTH = 90.0
"""Mm over which the sensitivity of a coil changes."""
FATTY = ("fat", "marrow")


def paint(
    head: Head,
    contrast: str,
    rng: np.random.Generator,
    *,
    tesla: float = 1.5,
    noise: float = 0.02,
    bias: float = 0.1,
    variation: float = 0.03,
    randomised: bool = False,
) -> Volume:
    """Image of the head in `contrast`: MR in float32 arbitrary units, CT in int16 HU.

    `noise` is relative to white matter; `bias` is the standard deviation of the coil's sensitivity, `variation` that of
    PD, T1 and T2 between people. In CT, `noise` 0 means none. With `randomised`, all of them are random: one half of
    the images are of this contrast on another scanner, the other half of any contrast; in CT only the marrow changes.
    Raises UsageError on an unknown name.
    """
    if contrast == "CT":
        marrow = uniform(rng, 300, 550) if randomised else None
        return paint_ct(head, rng, noise=8.0 if noise else 0.0, marrow=marrow)
    if not randomised:
        return paint_mr(head, of_sequence(contrast, rng, tesla=tesla, noise=noise, bias=bias, variation=variation), rng)
    return paint_mr(head, other_scanner(contrast, rng) if rng.random() < 0.5 else random_contrast(rng), rng)


def paint_mr(head: Head, appearance: Appearance, rng: np.random.Generator) -> Volume:
    """MR image of an appearance: float32, arbitrary units, never negative."""
    axes = grid_axes(head.grid)
    signals, texture = np.array(appearance.signals), np.array(appearance.texture)
    image = _with_fat_shifted(head, signals, appearance.fat_shift)
    image += head.averaged(texture) * random_field(rng, axes, TEXTURE_WIDTH)
    image = np.maximum(image, 0)
    if any(appearance.blur):
        image = gaussian_filter(image, [sd / mm for sd, mm in zip(appearance.blur, head.grid.spacing, strict=True)])
    if appearance.gamma != 1:
        top = np.float32(signals.max())
        image = top * power(image / top, appearance.gamma)
    image *= sensitivity(random_field(rng, axes, COIL_WIDTH), appearance.bias)
    if appearance.surface:
        image *= sensitivity(_nearness_to_skin(head.body), appearance.surface)
    if appearance.noise:
        image = noisy_magnitude(image, appearance.noise * signals[NUMBER["white matter"]], rng)
    return head.grid.like(image.astype(np.float32, copy=False))


def paint_ct(head: Head, rng: np.random.Generator, *, noise: float = 8.0, marrow: float | None = None) -> Volume:
    """CT: int16 HU with texture in every tissue and `noise` HU of noise in the body; air outside is -1024.

    `marrow` is the mean of spongy bone in HU, if not the table's, from 300 to 1000. Without noise bone is above 250 HU.
    """
    hu = np.array([tissue.hu for tissue in TISSUES])
    deviation = np.array([tissue.hu_deviation for tissue in TISSUES])
    spongy = NUMBER["marrow"]
    trabeculae = (marrow or hu[spongy]) - LEAST_MARROW
    hu[spongy], deviation[spongy] = LEAST_MARROW, 0
    axes = grid_axes(head.grid)
    texture = random_field(rng, axes, TEXTURE_WIDTH)
    image = head.averaged(hu) + head.averaged(deviation) * np.clip(texture, -LIMIT, LIMIT)
    image += (
        np.float32(trabeculae) * head.fraction("marrow") * _sponginess(texture, random_field(rng, axes, REGION_WIDTH))
    )
    if noise:
        image += np.float32(noise) * ct_noise(rng, image.shape, head.grid.spacing) * (image > AIR + 1)
    return head.grid.like(np.clip(np.rint(image), AIR, HIGHEST).astype(np.int16))


def _sponginess(texture: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Density of trabeculae relative to its mean: lognormal, a quarter of its variance regional."""
    both = np.clip(np.float32(0.75**0.5) * texture + np.float32(0.5) * region, -LIMIT, LIMIT)
    return exp(np.float32(TRABECULAE) * both - np.float32(TRABECULAE * TRABECULAE / 2))


def _nearness_to_skin(body: np.ndarray) -> np.ndarray:
    """0 in the middle of the body and 1 at its ends and beyond: the fourth power of the radius of an ellipsoid."""
    axes = []
    for axis, side in enumerate(body.shape):
        there = np.flatnonzero(body.any(axis=tuple({0, 1, 2} - {axis})))
        ends, width = there[0] + there[-1], max(there[-1] - there[0], 1)
        axes.append(((2 * np.arange(side) - ends) / width).astype(np.float32))
    i, j, k = np.ix_(*axes)
    square = i * i + j * j + k * k
    return np.asarray(np.minimum(square * square, 1))


def _with_fat_shifted(head: Head, signals: np.ndarray, shift: tuple[int, float]) -> np.ndarray:
    """Mean signal of each voxel, with that of fat displaced along one axis by whole voxels."""
    axis, voxels = shift[0], round(shift[1] / head.grid.spacing[shift[0]])
    if not voxels:
        return head.averaged(signals)
    fat = np.isin(np.arange(len(signals)), [NUMBER[tissue] for tissue in FATTY])
    return head.averaged(np.where(fat, 0, signals)) + np.roll(head.averaged(np.where(fat, signals, 0)), voxels, axis)
