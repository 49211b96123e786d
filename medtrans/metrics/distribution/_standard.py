"""Standardised features: minus the mean, over the standard deviation, of reference images."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import InputRefused

CONSTANT = 1e-9
"""Standard deviation below which a feature is constant over the reference images, and is left out."""


def standardised(
    generated: np.ndarray, real: np.ndarray, *, by: np.ndarray, fewest: int
) -> tuple[np.ndarray, np.ndarray]:
    """(image, feature) of both, by the images `by`, without the features that are constant in these.

    Raises InputRefused where all are, and as `refuse_unfit`.
    """
    refuse_unfit(generated, real, fewest=fewest)
    scale = by.std(0)
    kept = scale > CONSTANT
    if not kept.any():
        raise InputRefused("distribution metric", "every feature is the same in all images", "give images that differ")
    generated, real = ((features[:, kept] - by[:, kept].mean(0)) / scale[kept] for features in (generated, real))
    return generated, real


def refuse_unfit(generated: np.ndarray, real: np.ndarray, *, fewest: int) -> None:
    """Raises InputRefused below `fewest` images a set, and where a feature is not finite."""
    if min(len(generated), len(real)) < fewest:
        counts = f"{len(generated)} generated and {len(real)} real images"
        raise InputRefused(
            "distribution metric", f"{counts} are too few: {fewest} of each are needed", "give more images"
        )
    if not (np.isfinite(generated).all() and np.isfinite(real).all()):
        raise InputRefused(
            "distribution metric", "a feature is nan or infinite", "leave out the images that it was computed from"
        )
