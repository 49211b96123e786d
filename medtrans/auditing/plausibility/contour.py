"""Body contour of a CT against that of the image it was made from."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medtrans.auditing.gate.coarse import coarsen
from medtrans.auditing.plausibility.head import CTHead, answer, verdict
from medtrans.core.finding import Verdict
from medtrans.core.volume import Volume

MIN_DICE, MAX_MM = 0.93, 6.0
"""Of the two bodies; and the 95th percentile of the distance of the border of one from the other's."""
MOUTH_MM = 130.0
"""Below the vertex: under it an MR is often too dark for its border to be found."""
QUESTION = "Does the body end where that of the source ends?"


def contour(head: CTHead, source: Volume | None) -> Verdict:
    """In blocks of about 4 mm; whether the source is a CT is seen from its values."""
    if source is None:
        return verdict("contour", QUESTION, "not assessable", "the source is not given")
    if not head.volume.shares_grid_with(source):
        return verdict("contour", QUESTION, "not assessable", "the source lies on another grid")
    upper = head.places[2] > -MOUTH_MM
    ours = head.coarse.body & upper
    theirs = coarsen(source, is_ct=bool(source.voxels[0].min() < -500)).body & upper
    both, sizes = np.count_nonzero(ours & theirs), int(ours.sum()) + int(theirs.sum())
    overlap = 2 * int(both) / max(sizes, 1)
    apart = _apart(ours, theirs, head.coarse.spacing)
    fits = overlap >= MIN_DICE and apart <= MAX_MM
    reason = f"Dice {overlap:.3f}, borders {apart:.0f} mm apart at the 95th percentile"
    return answer("contour", QUESTION, fits, reason, dice=overlap, apart_mm=apart)


def _apart(first: np.ndarray, second: np.ndarray, spacing: tuple[float, ...]) -> float:
    """95th percentile of the distances of the outer borders from each other in mm."""
    if not first.any() or not second.any():
        return float("inf")
    borders = [mask & ~ndimage.binary_erosion(mask, border_value=1) for mask in (first, second)]
    distances = [
        ndimage.distance_transform_edt(~other, sampling=spacing)[border] for border, other in (borders, borders[::-1])
    ]
    return float(np.quantile(np.concatenate(distances), 0.95))
