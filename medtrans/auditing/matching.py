"""Matching of the candidates that a detector reads with the lesions of the reference, by their overlap.

    IoU = |A ∩ B| / |A ∪ B|    a lesion is found where a candidate has IoU ≥ 0.1 with it (0.5 is reported, too)

A candidate without such a lesion is a false positive, unless half of it lies in lesions: then it is a part of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.auditing.components import Components

MIN_IOU, STRICT_IOU = 0.1, 0.5
PART = 0.5
"""Fraction of a candidate in lesions from which it is a part of them."""


@dataclass(frozen=True, eq=False)
class Match:
    """Overlaps of lesions (rows) with candidates (columns)."""

    iou: np.ndarray
    candidate_in_lesions: np.ndarray
    """Fraction of each candidate that lies in lesions."""

    def found(self, number: int, threshold: float = MIN_IOU) -> bool:
        """Whether the lesion of that index is found."""
        return bool((self.iou[number] >= threshold).any())

    def candidates_of(self, number: int) -> list[int]:
        """Indices of the candidates that match a lesion."""
        return [int(one) for one in np.flatnonzero(self.iou[number] >= MIN_IOU)]

    @property
    def false_positives(self) -> list[int]:
        """Indices of the candidates that are no lesion, nor a part of one."""
        matched = (self.iou >= MIN_IOU).any(axis=0)
        return [int(one) for one in np.flatnonzero(~matched & (self.candidate_in_lesions < PART))]


def match(lesions: Components, candidates: Components) -> Match:
    """Both on one grid."""
    rows, columns = len(lesions), len(candidates)
    pairs = lesions.labels.ravel().astype(np.int64) * (columns + 1) + candidates.labels.ravel()
    shared = np.bincount(pairs, minlength=(rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
    lesion_sizes, candidate_sizes = shared.sum(axis=1), shared.sum(axis=0)
    both = shared[1:, 1:].astype(np.float64)
    union = lesion_sizes[1:, None] + candidate_sizes[None, 1:] - both
    inside = both.sum(axis=0) / np.maximum(candidate_sizes[1:], 1)
    return Match(both / np.maximum(union, 1), inside)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """2 |A ∩ B| / (|A| + |B|) of two masks."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * float(np.count_nonzero(one & other)) / total if total else 0.0
