"""Reading of inserted lesions: whether a detector, such as a segmenter, reads a lesion where one was put.

read = a component of what it reads has IoU ≥ 0.1 with the ball, as in `matching`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from medtrans.auditing.case_audit import SOURCE, TARGET
from medtrans.auditing.components import Components
from medtrans.auditing.inserted_lesions import Ball, signal
from medtrans.auditing.matching import MIN_IOU
from medtrans.core.insertion import InsertedLesion
from medtrans.core.volume import Volume

Read = Callable[[str, Volume], np.ndarray | None]
"""(image, volume) → where there is a lesion (i, j, k); None where the detector does not read such images."""
FILLED = 0.5
"""Of a voxel, from which it is part of a ball."""


def is_read(ball: Ball, candidates: Components, spacing: Sequence[float]) -> bool:
    """Whether a candidate matches a ball; in voxels of `spacing` mm."""
    box, shown = signal(ball, candidates.labels.shape, spacing)
    inside = shown >= min(FILLED, float(shown.max()))
    voxel, size = float(np.prod(spacing)), int(np.count_nonzero(inside))
    shared = np.bincount(candidates.labels[box][inside], minlength=len(candidates) + 1)[1:]
    union = size + np.array(candidates.volumes) / voxel - shared
    return bool(np.any(shared / np.maximum(union, 1) >= MIN_IOU))


def ceiling_of(lesions: Sequence[InsertedLesion]) -> str | None:
    """The image that shows what the detector can find: the real image, else the source; None where it reads neither."""
    return next((image for image in (TARGET, SOURCE) if any(image in one.read for one in lesions)), None)
