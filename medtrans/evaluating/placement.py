"""Placement: a translation that lies some slices off its target, or mirrored, or turned by half a turn.

Scores alone do not show it: a shift by one slice of 4 mm makes an MAE of 16 HU one of 168. The mean absolute error in
the mask is compared with that after every shift by up to three slices along an axis, and after every mirror image.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.evaluating.degenerate import correlation
from medtrans.evaluating.mask_arrays import mask_array

MAX_SHIFT = 3
"""Voxels."""
MAX_RATIO, PER_ROOT_VOXEL = 0.9, 4.0
"""A translation is misplaced where its error falls below this fraction of the error in place; of few voxels, lower by
the second number over the root of theirs, since such ratios vary by chance."""
MAX_VOXELS = 50_000
MIN_VALID = 0.5
"""Smallest fraction of the voxels that a shift leaves within the volume."""
MIRRORED_BELOW = -0.25
"""A translation is also mirrored where it fits better so and its asymmetry has this correlation with the target's:
heads are so nearly symmetric that the error hardly changes. Where the correlation is above 0, it is not mirrored."""
TOWARDS = {"R": "the right", "L": "the left", "A": "the front", "P": "the back", "S": "the top", "I": "the bottom"}
OPPOSITE = dict(zip("RLAPSI", "LRPAIS", strict=True))


def misplaced(translated: Volume, target: Volume, mask: Volume | None, case: str) -> list[Finding]:
    """At most one finding: where the first channel fits the target far better shifted or mirrored than in place."""
    inside = mask_array(mask, target)
    places = np.argwhere(inside)
    places = places[:: max(len(places) // MAX_VOXELS, 1)]
    found = list(_alternatives(translated.voxels[0], target.voxels[0], places, target.orientation))
    most = MAX_RATIO - PER_ROOT_VOXEL / math.sqrt(max(len(places), 1))
    likely = [one for one in found if one.ratio < (1 if one.correlation < MIRRORED_BELOW else most)]
    best = min((one for one in likely if one.correlation <= 0), key=lambda one: one.ratio, default=None)
    if best is None:
        return []
    return [
        Finding(
            code=best.code,
            severity="warn",
            where=case,
            what=f"the translation fits its target better {best.words} ({best.error:.4g} against {best.in_place:.4g})",
            consequence="its scores are those of a misplaced image",
            advice="check how both were converted: the order of slices, their number, and the orientation",
            numbers={"error": best.error, "error_in_place": best.in_place},
        )
    ]


@dataclass(frozen=True)
class _Alternative:
    """Another place of the translation, and the mean absolute errors there and in place, of the same voxels."""

    code: str
    words: str
    error: float
    in_place: float
    correlation: float = 0.0
    """Of a mirror image: of the translation minus its mirror image with the target minus its own."""

    @property
    def ratio(self) -> float:
        """Of the errors; infinite where there is none in place."""
        return self.error / self.in_place if self.in_place > 0 else math.inf


def _alternatives(own: np.ndarray, true: np.ndarray, places: np.ndarray, orientation: str) -> Iterator[_Alternative]:
    """Every shift by whole voxels along an axis, and every mirror image."""
    values = own[tuple(places.T)].astype(np.float64), true[tuple(places.T)].astype(np.float64)
    for axis, letter in enumerate(orientation[:3]):
        side = own.shape[axis]
        for shift in [step for step in range(-MAX_SHIFT, MAX_SHIFT + 1) if step and side > 2 * MAX_SHIFT]:
            moved = places.copy()
            moved[:, axis] += shift
            valid = (moved[:, axis] >= 0) & (moved[:, axis] < side)
            towards = TOWARDS[OPPOSITE[letter] if shift > 0 else letter]
            words = f"{abs(shift)} slice{'s' if abs(shift) > 1 else ''} further to {towards}"
            yield from _compared("misplaced", words, own, moved, values, valid)
    long = [axis for axis in range(3) if own.shape[axis] > 1]
    for axes in (axes for count in (1, 2, 3) for axes in itertools.combinations(long, count)):
        moved = places.copy()
        moved[:, axes] = np.array(own.shape)[list(axes)] - 1 - moved[:, axes]
        ends = [" and ".join(sorted((TOWARDS[letter], TOWARDS[OPPOSITE[letter]]))) for letter in orientation]
        words = f"with {', '.join(ends[axis] for axis in axes)} exchanged"
        words = f"turned by half a turn, {words}" if len(axes) == 2 else f"mirrored, {words}"
        differences = (one - image[tuple(moved.T)] for one, image in zip(values, (own, true), strict=True))
        correlated = correlation(*differences)
        for one in _compared("mirrored", words, own, moved, values, np.ones(len(places), bool)):
            yield replace(one, correlation=correlated)


def _compared(
    code: str,
    words: str,
    own: np.ndarray,
    moved: np.ndarray,
    values: tuple[np.ndarray, np.ndarray],
    valid: np.ndarray,
) -> Iterator[_Alternative]:
    """The errors at the `valid` places, moved and not; nothing where too few are left."""
    if np.count_nonzero(valid) < max(2, MIN_VALID * len(valid)):
        return
    here, true = (each[valid] for each in values)
    there = own[tuple(moved[valid].T)].astype(np.float64)
    yield _Alternative(code, words, float(np.abs(there - true).mean()), float(np.abs(here - true).mean()))
