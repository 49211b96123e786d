"""Follow-up of a synthetic head: the same anatomy at later visits, with what changed known.

    diameter of a lesion = d + growth · t          atrophy = rate · t          t years after the first visit

Lesions grow, shrink, stay or appear; ventricles and sulci widen. All numbers are drawn by the seed of the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from medtrans.core.arithmetic import uniform
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head, Lesion, make_head

FIRST_DAY, DAYS = date(2015, 1, 1), 1461
"""The first visit is on one of so many days from the first on."""
GAP_DAYS = (180, 1096)
"""From one visit to the next, the last excluded."""
LESIONS = (4, 8)
"""Number of lesions, the last excluded."""
DIAMETER_MM = (6.0, 12.0)
LARGEST_MM, SMALLEST_MM = 20.0, 2.0
"""A lesion grows up to the one, and is gone below the other."""
GROWTH_MM = {"grows": (1.5, 4.0), "shrinks": (-4.0, -1.5), "stays": (0.0, 0.0), "appears": (3.0, 6.0)}
"""Mm of diameter in a year."""
ATROPHY = (0.0, 0.1)
"""In a year, see `make_head`: faster than in most people, so that it is seen in voxels of 2 mm."""
PLAN = {"shape": (40, 48, 40), "spacing": 4.8}
"""Coarse head in which places for lesions are searched: they are the same at every voxel size."""


@dataclass(frozen=True)
class Visit:
    """The day of a visit, and what the head is like."""

    day: date
    lesions: tuple[Lesion, ...]
    """Each with its centre; of the same lesions those that are there."""
    atrophy: float


def draw_course(seed: int, visits: int, lesions: Sequence[Lesion] = ()) -> list[Visit]:
    """The visits of the head of a seed; with `lesions`, those are what it has at the first visit."""
    rng = np.random.default_rng([seed, 0xF0110])
    days = [int(rng.integers(DAYS))]
    for _ in range(visits - 1):
        days.append(days[-1] + int(rng.integers(*GAP_DAYS)))
    years = [(day - days[0]) / 365.25 for day in days]
    rate = uniform(rng, *ATROPHY)
    first = lesions or [Lesion(uniform(rng, *DIAMETER_MM)) for _ in range(int(rng.integers(*LESIONS)))]
    kinds = [kind for kind in GROWTH_MM if not (lesions and kind == "appears")]
    diameters = _diameters(rng, first, kinds, years)
    largest = [replace(lesion, diameter=max(own)) for lesion, own in zip(first, diameters, strict=True)]
    placed = make_head(seed, lesions=largest, **PLAN).lesions  # type: ignore[arg-type]
    return [
        Visit(FIRST_DAY + timedelta(day), _present(placed, sizes), rate * time)
        for day, time, sizes in zip(days, years, zip(*diameters, strict=True), strict=True)
    ]


def _diameters(
    rng: np.random.Generator, lesions: Sequence[Lesion], kinds: Sequence[str], years: Sequence[float]
) -> list[list[float]]:
    """Of each lesion at each of the `years`, in mm."""
    drawn = [str(rng.choice(kinds)) for _ in lesions]
    growths = [uniform(rng, *GROWTH_MM[kind]) for kind in drawn]
    starts = [0.0 if kind == "appears" else lesion.diameter for lesion, kind in zip(lesions, drawn, strict=True)]
    return [
        [min(start + growth * time, max(start, LARGEST_MM)) for time in years]
        for start, growth in zip(starts, growths, strict=True)
    ]


def _present(lesions: Sequence[Lesion], diameters: Sequence[float]) -> tuple[Lesion, ...]:
    """The lesions with these diameters, without those that are too small to be there."""
    pairs = zip(lesions, diameters, strict=True)
    return tuple(replace(lesion, diameter=mm) for lesion, mm in pairs if mm >= SMALLEST_MM)


def change_mask(before: Head, after: Head) -> Volume:
    """The voxels at least a quarter of which has another tissue, of two heads on one grid: uint8."""
    differs = before.fine != after.fine
    a, b, c = before.factor
    count = np.zeros(before.grid.shape, np.int32)
    for i, j, k in np.ndindex(a, b, c):
        count += differs[i::a, j::b, k::c]
    return before.grid.like((4 * count >= a * b * c).astype(np.uint8))
