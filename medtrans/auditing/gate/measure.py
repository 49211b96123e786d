"""Measurements of an image for the gate as plain numbers: size, scalp and skull, noise, background, values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from medtrans.auditing.gate.coarse import Coarse, coarsen
from medtrans.auditing.gate.orientation import CROWN_MM, ROTATIONS, Frame, frame_of
from medtrans.auditing.gate.profile import depth_profile
from medtrans.core.volume import Volume
from medtrans.core.voxel_statistics import flat

SLAB_MM = 6.0
NOISE_SIDE = 64
SAMPLED = 100_003
"""Voxels from which the distribution of values is measured; a prime, so that steps do not follow the axes."""
ECHO_LINES, MIN_ECHO_SIDE, NEAREST_ECHO = 4096, 32, 0.15
"""Lines of an axis whose spectra are summed, voxels of an axis that shows ghosts, and their least displacement in parts
of the field of view: nearer, the anatomy itself makes its spectrum rise and fall."""
EDGE, ZERO_FILLED = 5, 6.0
"""Frequencies on each side of an edge in the spectrum, and how far the logarithm of its power falls there where zeros
were filled in, as scanners do for images with more voxels than were measured."""
NOISE_TAKEN, LEAST_LEFT = 0.8, 0.05
"""Of the power at the highest frequencies, subtracted from all since noise drowns echoes; and what is left at least."""
NOISY = 0.1
"""In parts of the signal: with less noise, what is at the highest frequencies is anatomy."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MIN_SIDE, MIN_BODY = 8, 100
"""Voxels along each axis, and blocks of body, of an image whose content can be measured."""
CLEAR = 0.05
"""Of the range of values: a difference that is no noise."""


@dataclass(frozen=True, eq=False)
class Measured:
    """An image with its coarse image, the rotation that turns it upright, and its numbers by name."""

    volume: Volume
    coarse: Coarse
    rotation: np.ndarray
    numbers: dict[str, float]


def measurable(volume: Volume, *, is_ct: bool = False) -> Coarse | None:
    """The coarse image; None where it has too few voxels, or of body, or values that are not finite."""
    if min(volume.shape) < MIN_SIDE or not np.isfinite(volume.voxels[0]).all():
        return None
    coarse = coarsen(volume, is_ct=is_ct)
    return coarse if int(coarse.body.sum()) >= MIN_BODY else None


def measure(volume: Volume, coarse: Coarse, rotation: np.ndarray = ROTATIONS[0]) -> Measured:
    """Of an image of one or more channels, upright after `rotation`; nan for what its field of view does not hold."""
    points = coarse.points @ rotation.T
    frame = frame_of(points)
    profile = depth_profile(volume, coarse, frame, rotation)
    signal = _signal(volume, coarse)
    numbers = {
        **_size(points, frame, coarse.voxel_ml),
        **edges(coarse, rotation),
        **vars(profile),
        "echo": _echo(volume.voxels[0], coarse.air, signal["noise"] > NOISY),
        **_background(volume, coarse),
        **signal,
        **{f"spacing_{name}": float(size) for name, size in zip("ijk", volume.spacing, strict=True)},
    }
    return Measured(volume, coarse, rotation, numbers)


def _size(points: np.ndarray, frame: Frame, voxel_ml: float) -> dict[str, float]:
    """Width and length of the crown, height of all that is held, in mm; volumes in litres."""
    crown = points[points[:, 2] > frame.vertex - CROWN_MM]
    (x0, y0), (x1, y1) = np.quantile(crown[:, :2], (0.005, 0.995), axis=0)
    return {
        "width": float(x1 - x0),
        "length": float(y1 - y0),
        "height": float(frame.vertex - np.quantile(points[:, 2], 0.001)),
        "litres": len(points) * voxel_ml / 1e3,
        "crown_litres": len(crown) * voxel_ml / 1e3,
    }


def edges(coarse: Coarse, rotation: np.ndarray) -> dict[str, float]:
    """Area of the body in its highest and lowest 6 mm, and at the upper and lower end of the field of view, in parts of
    its largest area."""
    heights = (coarse.points @ rotation.T)[:, 2]
    upward = (rotation @ coarse.affine[:3, :3])[2]
    axis = int(np.abs(upward).argmax())
    slab = max(SLAB_MM, float(abs(upward[axis])))
    areas = np.bincount(np.maximum(np.floor((np.quantile(heights, 0.999) - heights) / slab).astype(int), 0))
    planes = np.count_nonzero(coarse.body, axis=tuple(other for other in range(3) if other != axis))
    below, above = (planes[0], planes[-1]) if upward[axis] > 0 else (planes[-1], planes[0])
    return {
        "top_area": float(areas[0] / areas.max()) * SLAB_MM / slab,
        "bottom_area": float(areas[-3:].mean() / areas.max()),
        "cut_above": float(above / planes.max()),
        "cut_below": float(below / planes.max()),
    }


def _background(volume: Volume, coarse: Coarse) -> dict[str, float]:
    """The value of air, in parts of the median signal of the body; the share of voxels of the outer faces with one
    value, and of those unlike it that lie below it."""
    typical = max(float(np.median(coarse.image[coarse.body])), 1e-9)
    faces = np.concatenate([np.take(volume.voxels[0], (0, -1), axis).ravel()[::7] for axis in range(3)])
    common, counts = np.unique(faces, return_counts=True)
    return {
        "background": float(coarse.air / typical),
        "empty": float(counts.max() / faces.size),
        "below_air": _below(_some(volume.voxels[0]), float(common[counts.argmax()])),
    }


def _echo(voxels: np.ndarray, air: float, noisy: bool) -> float:
    """Ghosts along the axis with the strongest, in parts of the image; nan where no axis has enough voxels.

    P(k) = Σ over lines |F(line - air)|²      A = exp((log P - low quefrencies of log P) / 2)
    echo = max over d of |F⁻¹ A(d)| / F⁻¹ A(0),   0.15 of the field of view ≤ d ≤ half of it

    A copy displaced by d makes the spectrum rise and fall along k with the period 1 / d: an echo. It is seen within the
    body, too, where a tight field of view leaves no air. Of a noisy image most of the power at the highest frequencies
    is subtracted from P, for noise drowns echoes. Bogert, Healy and Tukey, The quefrency alanysis of time series
    for echoes, Symposium on Time Series Analysis 1963.
    """
    found = [
        _echo_of_lines(np.moveaxis(voxels, axis, -1).reshape(-1, side), air, noisy)
        for axis, side in enumerate(voxels.shape)
        if side >= MIN_ECHO_SIDE
    ]
    return max(found, default=float("nan"))


def _echo_of_lines(lines: np.ndarray, air: float, noisy: bool) -> float:
    """Along the last axis of lines (n, voxel)."""
    some = lines[:: 1 + len(lines) // ECHO_LINES].astype(np.float32) - np.float32(air)
    whole = np.square(np.abs(np.fft.rfft(some, axis=1))).sum(axis=0)
    power = _before_zeros(whole)
    if noisy and len(power) == len(whole):
        noise = np.median(whole[-max(len(whole) // 8, EDGE) :])
        power = np.maximum(power - NOISE_TAKEN * noise, LEAST_LEFT * power)
    side = min(lines.shape[1], 2 * len(power) - 1)
    nearest = math.ceil(NEAREST_ECHO * side)
    cepstrum = np.fft.irfft(np.log(power + 1e-6 * np.median(power) + 1e-30), side)
    cepstrum[:nearest] = 0
    cepstrum[side - nearest + 1 :] = 0
    echoes = np.abs(np.fft.irfft(np.exp(np.fft.rfft(cepstrum).real / 2), side))
    return float(echoes[nearest : side // 2 + 1].max() / echoes[0])


def _before_zeros(power: np.ndarray) -> np.ndarray:
    """The spectrum up to where zeros were filled in: the edge there would look like an echo."""
    level = np.log(power + 1e-30)
    inner = range(max(len(level) // 4, EDGE), len(level) - EDGE)
    falls = [float(np.median(level[k - EDGE : k]) - np.median(level[k + 1 : k + 1 + EDGE])) for k in inner]
    return power[: inner[int(np.argmax(falls))]] if max(falls, default=0.0) > ZERO_FILLED else power


def _signal(volume: Volume, coarse: Coarse) -> dict[str, float]:
    """Noise, the shape of the histogram of the body, and the range of values."""
    values = coarse.image[coarse.body]
    parts = np.quantile(values, (*QUANTILES, 0.99))
    shape = {f"q{int(100 * share)}": float(part / parts[-1]) for share, part in zip(QUANTILES, parts, strict=False)}
    every = _some(volume.voxels[0])
    low, high = float(volume.voxels[0].min()), float(volume.voxels[0].max())
    return {
        "noise": _noise(volume) / max(float(np.median(values)), 1e-9),
        **shape,
        "low": low,
        "high": high,
        "mean": float(every.mean()),
        "deviation": float(every.std()),
        "saturated": float(np.mean(every >= high)),
        "distinct": float(len(np.unique(every))),
        "even": _even(volume.voxels[0]),
    }


def _some(voxels: np.ndarray) -> np.ndarray:
    """Some of the voxels, at equal steps through the image."""
    every = flat(voxels)
    return np.asarray(every[:: 1 + every.size // SAMPLED], np.float64)


def _below(values: np.ndarray, air: float) -> float:
    """Share of the voxels clearly unlike air that lie below it."""
    low, high = np.quantile(values, (0.005, 0.995))
    near = CLEAR * (high - low)
    below, above = float((values < air - near).sum()), float((values > air + near).sum())
    return below / max(below + above, 1)


def _even(voxels: np.ndarray) -> float:
    """Share of neighbours along the last axis with one value, of those unlike the commonest: high in label maps."""
    middle = voxels[tuple(slice(side // 4, side - side // 4) for side in voxels.shape)]
    if middle.shape[-1] < 2:
        return float("nan")
    first, second = middle[..., :-1], middle[..., 1:]
    lowest = middle.min()
    return float(np.mean((first == second)[first > lowest])) if (first > lowest).any() else 1.0


def _noise(volume: Volume) -> float:
    """Standard deviation of the noise in the middle of the image, from second differences along its finest axis."""
    voxels = volume.voxels[0]
    middle = [slice(max(side // 2 - NOISE_SIDE // 2, 0), side // 2 + NOISE_SIDE // 2) for side in voxels.shape]
    block = np.moveaxis(voxels[tuple(middle)].astype(np.float32), int(np.argmin(volume.spacing)), 0)
    if len(block) < 3:
        return float("nan")
    second = block[1:-1] - (block[:-2] + block[2:]) / 2
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(1.5))
