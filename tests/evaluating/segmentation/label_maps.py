"""A label map with three organs, and what a translation may do to it."""

import numpy as np

from medtrans.core.volume import Volume

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
CLASSES = {"liver": (1,), "kidneys": (2, 3), "spleen": (4,)}
DIAGONAL = float(np.linalg.norm([2 * 20, 2 * 18, 3 * 12]))
"""Of the volume, mm."""


def organs() -> np.ndarray:
    labels = np.zeros((20, 18, 12), np.uint8)
    labels[2:9, 2:9, 2:8] = 1
    labels[12:16, 2:5, 2:6] = 2
    labels[12:16, 8:11, 2:6] = 3
    return labels


def without(*numbers: int) -> np.ndarray:
    return np.where(np.isin(organs(), numbers), 0, organs()).astype(np.uint8)


def with_spleen() -> np.ndarray:
    labels = organs()
    labels[3:6, 12:16, 3:7] = 4
    return labels


def volume(labels: np.ndarray) -> Volume:
    return Volume(labels[None], AFFINE)
