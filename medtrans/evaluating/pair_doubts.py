"""Doubts about a pair before it trains: a target that shares more information with its source when it is moved.

    NMI = (H(source) + H(target)) / H(source, target)

in the body, in place and moved along each axis by about 3 and 6 mm, or mirrored: of a pair that lies in one place it is
highest there. Studholme, Hill, Hawkes 1999, https://doi.org/10.1016/S0031-3203(98)00091-0
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skimage.metrics import normalized_mutual_information

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume

SHIFTS_MM = 3.0, 6.0
"""Rounded to whole voxels, at least one."""
MAX_VOXELS, BINS = 10_000, 32
MIN_GAIN = 1.05
"""NMI above 1, moved over in place, from which a pair is in doubt: 0.27 to 0.78 in 30 real and synthetic pairs, at
least 1.08 in 35 of 36 pairs of real images of which one was moved by 2 or 3 mm (2026-11-30)."""
AXES = {"R": "left-right", "L": "left-right", "A": "front-back", "P": "front-back", "S": "up-down", "I": "up-down"}


def doubtful_pair(source: Volume, target: Volume, body: np.ndarray, case: str) -> list[Finding]:
    """At most one finding; `source` and `target` lie on one grid, `body` (i, j, k) is true in the body."""
    places = np.argwhere(body)
    places = places[:: max(len(places) // MAX_VOXELS, 1)]
    one, other = source.voxels[0], target.voxels[0]
    here = _nmi(one, other, places, places)
    if here is None:
        return []
    moved = [(words, nmi) for words, there in _moves(source, places) if (nmi := _nmi(one, other, places, there))]
    words, best = max(moved, key=lambda each: each[1], default=("", here))
    if best - 1 <= MIN_GAIN * (here - 1):
        return []
    return [
        Finding(
            code="doubtful-pair",
            severity="warn",
            where=case,
            what=f"source and target agree better with the target {words} (NMI {best:.3f} against {here:.3f} in place)",
            consequence="they may not be aligned, and a network learns what is misplaced as a blur",
            advice="look at both, and set preparing.register, or run `medtrans align`",
            numbers={"nmi": best, "nmi_in_place": here},
        )
    ]


def _moves(volume: Volume, places: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Words, and the voxels of the target that come to `places`."""
    for axis, letter in enumerate(volume.orientation[:3]):
        steps = {max(1, round(mm / volume.spacing[axis])) for mm in SHIFTS_MM}
        for step in sorted(steps | {-step for step in steps}):
            there = places.copy()
            there[:, axis] += step
            yield f"moved by {abs(step) * volume.spacing[axis]:.3g} mm {AXES[letter]}", there
        there = places.copy()
        there[:, axis] = volume.shape[axis] - 1 - there[:, axis]
        yield f"mirrored {AXES[letter]}", there


def _nmi(source: np.ndarray, target: np.ndarray, places: np.ndarray, there: np.ndarray) -> float | None:
    """Of the places whose counterparts lie within the volume; None where they are few, or of one value."""
    valid = np.all((there >= 0) & (there < target.shape), axis=1)
    if np.count_nonzero(valid) < max(2, len(places) // 2):
        return None
    x, y = source[tuple(places[valid].T)].astype(np.float64), target[tuple(there[valid].T)].astype(np.float64)
    ends = [np.percentile(values, (0.5, 99.5)) for values in (x, y)]
    if any(low == high for low, high in ends):
        return None
    clipped = [np.clip(values, *end) for values, end in zip((x, y), ends, strict=True)]
    return float(normalized_mutual_information(*clipped, bins=BINS))
