"""Seams: two neighbouring slices that differ far more than those around them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medtrans.auditing.plausibility.head import CTHead, verdict
from medtrans.core.finding import Verdict

NEAR, TIMES, LEAST_HU = 5, 1.8, 8.0
"""Slices to each side; how many times their median a jump must be, and by how many HU more."""
WINDOW_HU = (-200.0, 200.0)
"""Values are clipped to soft tissue, where a shift between slices shows."""
MIN_SHARE = 0.2
"""Of the largest cross-section, which a pair of slices must have in common."""
QUESTION = "Are neighbouring slices alike?"


def seams(head: CTHead) -> Verdict:
    """The strongest jump between neighbouring slices along the three axes, in parts of those around it."""
    image = np.clip(head.hu, *WINDOW_HU).astype(np.float32)
    body = _body(head)
    worst, place, excess = 0.0, "", 0.0
    for axis in range(3):
        differences = _jumps(image, body, axis)
        if len(differences) < 2 * NEAR + 1:
            continue
        around = ndimage.median_filter(differences, 2 * NEAR + 1, mode="nearest")
        ratios = np.where(differences - around > LEAST_HU, differences / np.maximum(around, 1), 0)
        if ratios.max() > worst:
            at = int(ratios.argmax())
            worst, excess, place = float(ratios[at]), float(differences[at] - around[at]), f"slice {at} of axis {axis}"
    if worst > TIMES:
        reason = f"a jump of {worst:.1f} times those around it near {place}"
        return verdict("seams", QUESTION, "doubtful", reason, times=worst, hu=excess)
    return verdict("seams", QUESTION, "plausible", "no jump stands out", times=worst, hu=excess)


def _body(head: CTHead) -> np.ndarray:
    """The coarse body on the grid of the CT."""
    index = np.ix_(
        *(
            np.minimum(np.arange(side) // max(round(side / blocks), 1), blocks - 1)
            for side, blocks in zip(head.hu.shape, head.coarse.body.shape, strict=True)
        )
    )
    return np.asarray(head.coarse.body[index])


def _jumps(image: np.ndarray, body: np.ndarray, axis: int) -> np.ndarray:
    """Mean absolute difference of neighbouring slices within the body; only of the slices that hold much of it."""
    values, inside = np.moveaxis(image, axis, 0), np.moveaxis(body, axis, 0)
    both = inside[1:] & inside[:-1]
    counts = both.sum(axis=(1, 2))
    held = counts >= MIN_SHARE * max(counts.max(), 1)
    total = (np.abs(values[1:] - values[:-1]) * both).sum(axis=(1, 2))
    return np.asarray(total[held] / np.maximum(counts[held], 1))
