"""Placement: a translation that lies some slices off its target, or mirrored, and values that pad a target.

Scores alone do not show these: a shift by one slice of 4 mm makes an MAE of 16 HU one of 168.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume

MAX_SHIFT = 3
"""Voxels."""
MAX_RATIO = 0.5
"""A translation is misplaced where its error falls below this fraction of what it is in place."""
MAX_VOXELS = 200_000
PADDING_BELOW_HU = -1100.0
"""HU. Scanners fill the corners outside of a round field of view with values below any of an image."""
TOWARDS = {"R": "the right", "L": "the left", "A": "the front", "P": "the back", "S": "the top", "I": "the bottom"}
OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))


def misplaced(translated: Volume, target: Volume, mask: Volume | None, case: str) -> list[Finding]:
    """At most one finding: where the first channel fits the target far better shifted or mirrored than in place."""
    inside = np.ones(target.shape, bool) if mask is None else mask.voxels[0] > 0
    places = np.argwhere(inside)
    places = places[:: max(len(places) // MAX_VOXELS, 1)]
    own, true = translated.voxels[0], target.voxels[0]
    in_place = _error(own, true, places, places)
    if not len(places) or not in_place > 0:
        return []
    error, words, code = min(_alternatives(own, true, places, target.orientation), key=lambda found: found[0])
    if not error < MAX_RATIO * in_place:
        return []
    return [
        Finding(
            code=code,
            severity="warn",
            where=case,
            what=f"the translation fits its target better {words} (error {error:.4g}, {in_place:.4g} in place)",
            consequence="its scores are those of a misplaced image",
            advice="check how both were converted: the order of slices, their number, and the orientation",
            numbers={"error": error, "error_in_place": in_place},
        )
    ]


def without_padding(
    target: Volume, mask: Volume | None, inside: np.ndarray, case: str
) -> tuple[Volume | None, list[Finding]]:
    """The mask without the voxels that the padding of a CT fills, and a finding where there are any."""
    padded = (target.voxels < PADDING_BELOW_HU).any(axis=0) & inside
    count = int(np.count_nonzero(padded))
    if not count:
        return mask, []
    value, share = float(target.voxels.min()), count / int(np.count_nonzero(inside))
    finding = Finding(
        code="padding",
        severity="warn",
        where=case,
        what=f"{share:.1%} of the mask lies where the target is padded with {value:g} HU, outside of its field of view",
        consequence="these voxels are left out of the scores",
        advice="give a mask of the field of view",
        numbers={"share": share, "value": value},
    )
    return target.like((inside & ~padded)[None].astype(np.uint8)), [finding]


def _alternatives(
    own: np.ndarray, true: np.ndarray, places: np.ndarray, orientation: str
) -> Iterator[tuple[float, str, str]]:
    """(error, in words, code) of every shift by whole voxels along an axis, and of every mirror image."""
    for axis, letter in enumerate(orientation[:3]):
        side = own.shape[axis]
        for shift in [step for step in range(-MAX_SHIFT, MAX_SHIFT + 1) if step and side > 2 * MAX_SHIFT]:
            moved = places.copy()
            moved[:, axis] += shift
            valid = (moved[:, axis] >= 0) & (moved[:, axis] < side)
            towards = TOWARDS[OPPOSITE[letter] if shift > 0 else letter]
            plural = "s" if abs(shift) > 1 else ""
            words = f"{abs(shift)} slice{plural} further to {towards}"
            yield _error(own, true, moved[valid], places[valid]), words, "misplaced"
        if side > 1:
            moved = places.copy()
            moved[:, axis] = side - 1 - moved[:, axis]
            names = sorted({TOWARDS[letter], TOWARDS[OPPOSITE[letter]]})
            yield _error(own, true, moved, places), f"mirrored, with {names[0]} and {names[1]} exchanged", "mirrored"


def _error(own: np.ndarray, true: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean absolute difference at two lists of places; infinite where too few are left."""
    if len(ours) < 2:
        return float("inf")
    return float(np.mean(np.abs(own[tuple(ours.T)].astype(np.float64) - true[tuple(theirs.T)])))
