"""Sampling patterns of accelerated MR: which points of k-space are measured.

regular, random and variable_density leave out lines across the phase axis; radial measures spokes through the centre.
Lustig, Donoho and Pauly, MRM 2007, https://doi.org/10.1002/mrm.21391
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

GOLDEN_ANGLE = np.pi * (np.sqrt(5) - 1) / 2
"""Angle between successive spokes: Winkelmann et al., IEEE TMI 2007, https://doi.org/10.1109/TMI.2006.885337."""


def lines(pattern: str, side: int, acceleration: float, centre: float, seed: int) -> np.ndarray:
    """Which of `side` lines are measured: side / acceleration of them, the central share `centre` always."""
    wanted = max(1, round(side / acceleration))
    distance = np.abs(np.arange(side) - side // 2)
    kept = np.argsort(distance, kind="stable")[: min(wanted, round(centre * side))]
    chosen = np.zeros(side, bool)
    chosen[kept] = True
    return _CHOICES[pattern](chosen, wanted, distance / side, np.random.default_rng(seed))


def spokes(sides: tuple[int, int], acceleration: float) -> np.ndarray:
    """The points of a Cartesian grid nearest to spokes, of which side / acceleration are measured."""
    first, second = (np.arange(side) - side // 2 for side in sides)
    radii = np.linspace(-0.5, 0.5, 2 * max(sides), endpoint=False)
    mask = np.zeros(sides, bool)
    count = max(1, round(np.pi / 2 * max(sides) / acceleration))
    for angle in np.arange(count) * GOLDEN_ANGLE:
        rows = np.rint(radii * np.cos(angle) * sides[0]).astype(int) + sides[0] // 2
        columns = np.rint(radii * np.sin(angle) * sides[1]).astype(int) + sides[1] // 2
        inside = (rows >= 0) & (rows < len(first)) & (columns >= 0) & (columns < len(second))
        mask[rows[inside], columns[inside]] = True
    return mask


def _regular(chosen: np.ndarray, wanted: int, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Equal steps through the lines that the centre leaves, from a random first one."""
    others = np.flatnonzero(~chosen)
    missing = wanted - int(chosen.sum())
    if missing > 0:
        step = len(others) / missing
        chosen[others[np.floor(rng.uniform() * step + np.arange(missing) * step).astype(int) % len(others)]] = True
    return chosen


def _random(chosen: np.ndarray, wanted: int, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _drawn(chosen, wanted, np.ones(len(chosen)), rng)


def _variable_density(chosen: np.ndarray, wanted: int, distance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The density of lines falls with the distance from the centre."""
    return _drawn(chosen, wanted, (1 - 2 * distance).clip(0) ** 2 + 0.02, rng)


def _drawn(chosen: np.ndarray, wanted: int, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    others = np.flatnonzero(~chosen)
    missing = wanted - int(chosen.sum())
    if missing > 0:
        odds = weights[others] / weights[others].sum()
        chosen[rng.choice(others, missing, replace=False, p=odds)] = True
    return chosen


_CHOICES: dict[str, Callable[[np.ndarray, int, np.ndarray, np.random.Generator], np.ndarray]] = {
    "regular": _regular,
    "random": _random,
    "variable_density": _variable_density,
}
