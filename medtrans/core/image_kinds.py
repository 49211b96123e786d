"""Kinds of image that are mistaken for another: recognised by their values, and named.

| kind | recognised by |
|---|---|
| HU with an offset | two peaks 1000 apart, air and soft tissue, at a usual offset |
| attenuation map | soft tissue at the attenuation of water, in 1/cm or 1/mm |
| phase image | a range of one full turn, and noise outside the body that fills this range evenly |
"""

from __future__ import annotations

import numpy as np

from medtrans.core.voxel_statistics import finite_range, sample

HU_OFFSETS = (1024.0, 1000.0, 32768.0, 8192.0, 2048.0, 4096.0)
"""Numbers that are added to HU so that no value is negative."""
TISSUE_HU, AIR_HU_RANGE, BETWEEN_HU = (-150.0, 150.0), (-1030.0, -900.0), (-750.0, -200.0)
MIN_TISSUE_FRACTION, MIN_AIR_FRACTION = 0.05, 0.03
"""Smallest fractions of both in a CT of a body; fewer voxels than of tissue lie between them."""
LOWEST_TISSUE, LOWEST_HU, HIGHEST_HU = -300.0, 1100.0, 31000.0
MAX_OUTSIDE_FRACTION = 0.02
"""Largest fraction of voxels below HU: padding outside the field of view."""
WATER_PER_CM = {"511 keV": (0.085, 0.108), "140 keV": (0.143, 0.163), "60 to 80 keV": (0.17, 0.225)}
"""Linear attenuation of soft tissue in 1/cm."""
HIGHEST_RATIO = 8.0
"""Largest ratio of the highest attenuation (metal excluded) to that of soft tissue."""
TURNS = {"radians": 2 * np.pi, "degrees": 360.0, "milliradians": 2000 * np.pi, "12 bits": 4096.0, "13 bits": 8192.0}
"""Full turn of a phase image in the units that scanners write."""
TURN_TOLERANCE = 0.01
MAX_UNEVENNESS = 0.06
"""Largest difference between a quartile of the noise and that of an even distribution, as a fraction of the turn."""


def hu_offset(voxels: np.ndarray) -> float | None:
    """The number that was added to HU; None where the values are no CT with a usual offset."""
    _, high = finite_range(voxels)
    values = sample(voxels)
    if not values.size or np.mean(values < LOWEST_TISSUE) > MAX_OUTSIDE_FRACTION:
        return None
    for offset in HU_OFFSETS:
        tissue, air, between = (
            float(np.mean((values >= offset + first) & (values <= offset + last)))
            for first, last in (TISSUE_HU, AIR_HU_RANGE, BETWEEN_HU)
        )
        fits = np.mean(values < offset - LOWEST_HU) < MAX_OUTSIDE_FRACTION and high <= offset + HIGHEST_HU
        if fits and tissue >= max(MIN_TISSUE_FRACTION, between) and air >= MIN_AIR_FRACTION:
            return offset
    return None


def attenuation_unit(voxels: np.ndarray) -> str:
    """Unit and energy of an attenuation map; empty where the values are none."""
    low, high = finite_range(voxels)
    if not (0 < high < 10 and low > -0.1 * high):
        return ""
    values = sample(voxels)
    body = values[values > 0.25 * min(high, float(np.quantile(values, 0.995)))]
    middle = float(np.median(body)) if body.size else 0.0
    for factor, unit in ((1.0, "1/cm"), (0.1, "1/mm")):
        for energy, (least, most) in WATER_PER_CM.items():
            if factor * least < middle < factor * most and high < HIGHEST_RATIO * middle:
                return f"{unit} at {energy}"
    return ""


def phase_unit(voxels: np.ndarray) -> str:
    """Unit of a phase image (channel, i, j, k); empty where the values are none."""
    low, high = finite_range(voxels)
    unit = next((unit for unit, turn in TURNS.items() if _spans(low, high, turn)), "")
    if not unit:
        return ""
    border = _border(voxels)
    ends = border.size and np.all((border == 0) | (border == low))
    if not ends:
        quartiles = (np.quantile(border, [0.25, 0.5, 0.75]) - low) / (high - low) if border.size else np.zeros(3)
        return unit if np.abs(quartiles - [0.25, 0.5, 0.75]).max() < MAX_UNEVENNESS else ""
    values = sample(voxels)
    inside = values[(values != 0) & (values != border[0])]
    negative = float(np.mean(inside < 0)) if inside.size else 0.0
    return unit if low < 0 and 0.2 < negative < 0.8 else ""


def _spans(low: float, high: float, turn: float) -> bool:
    """Whether the values fill one turn, from 0 or around 0."""
    near = TURN_TOLERANCE * turn
    return abs(high - low - turn) < near and (abs(low) < near or abs(low + high) < 2 * near)


def _border(voxels: np.ndarray) -> np.ndarray:
    """The outermost voxels of all axes of more than two voxels."""
    faces = [np.take(voxels, [0, -1], axis=axis).ravel() for axis in range(1, voxels.ndim) if voxels.shape[axis] > 2]
    values = np.concatenate(faces).astype(np.float64) if faces else np.zeros(0)
    return values[np.isfinite(values)]
